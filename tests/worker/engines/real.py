"""The real engine, under a name as those of tests have."""

from nst.model_process.child import painter as engine

__all__ = ["engine"]
