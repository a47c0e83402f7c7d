"""What there is one of in this process, for all visitors: the service, the previews; and the one worker of this machine's studio."""

from functools import cache

from nst.bootstrap import build, open_previews
from nst.preview import Previews
from nst.service import Service
from nst.settings import Settings
from worker.own import OwnWorker

__all__ = ["OwnWorker", "previews_of", "service_of"]


@cache
def service_of(settings: Settings) -> Service:
    """Built once for all visitors."""
    return build(settings)


@cache
def previews_of(settings: Settings) -> Previews:
    """Bounds what is painted at a time for all of them."""
    return open_previews(settings)
