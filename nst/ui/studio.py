"""The one service of this process, and the one worker of this machine's studio."""

from functools import cache

from nst.bootstrap import build
from nst.service import Service
from nst.settings import Settings
from worker.own import OwnWorker

__all__ = ["OwnWorker", "service_of"]


@cache
def service_of(settings: Settings) -> Service:
    """Built once for all visitors."""
    return build(settings)
