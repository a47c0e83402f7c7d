"""The former place of the default engine, for deployments whose NST_ENGINE names it."""

from nst.model_process.child import painter

__all__ = ["painter"]
