"""The worker: takes jobs from the queue, has them painted by a process of its own, and sees to it that each comes to an end."""
