"""Entry points: `python -m worker` and `python -m worker.batch`. The worker itself is `nst.worker`."""
