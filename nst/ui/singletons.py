"""The objects that all visitors of this process share. Each is made when it is first asked for."""

from functools import cache

from nst.bootstrap import build
from nst.preview import Previews
from nst.service import Service
from nst.settings import Settings, read_settings
from nst.ui.picture_budget import PictureBudget


@cache
def settings() -> Settings:
    """The settings, read from the environment once."""
    return read_settings()


@cache
def service() -> Service:
    """The service. A store that cannot be opened now is tried again with every use; until then visitors read an error sentence."""
    return build(settings(), at_once=False)


def close_service() -> None:
    """Closes the service, if there is one."""
    if service.cache_info().currsize:
        service().close()


@cache
def previews() -> Previews:
    """The previews, which limit how many are painted at a time."""
    return Previews(settings())


@cache
def picture_budget() -> PictureBudget:
    """The memory for pictures in drafts. It has room for six of the largest size at least."""
    return PictureBudget(max(settings().incoming_bytes, 6 * settings().max_bytes))
