"""The worker: claims jobs from the queue, has them painted by a model's process, and ends each of them."""
