"""The process that owns the model, and its parent's side: used by the worker, the agent on AWS Batch and the previews."""
