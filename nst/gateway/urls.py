"""URLs that programs receive: of pictures, at the host and path where the program has reached the gateway."""

import re
from collections.abc import Callable
from urllib.parse import quote, urlencode

from nst.domain import FeedEntry
from nst.errors import InvalidRequest
from nst.service import JobView
from nst.settings import Settings
from nst.styles import StyleEntry

PublicUrl = Callable[[str], str | None]
"""`Service.public_url`."""
API_PATH, SOCKETIO_PATH = "/api", "/socket.io"
_HOST = re.compile(r"[\w.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?", re.ASCII)


def base_url(settings: Settings, scheme: str, host: str, root_path: str) -> str:
    """What URLs begin with, without a slash at the end: NST_PUBLIC_URL, else as the program has called this host.

    Args:
        root_path: of ASGI, where the request was mounted: "/studio/api".

    Raises:
        InvalidRequest: when the host is not a host name or an address.
    """
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    if not _HOST.fullmatch(host):
        raise InvalidRequest("The Host header is missing or not valid.")
    path = root_path.removesuffix(API_PATH).removesuffix(SOCKETIO_PATH)
    return f"{'https' if scheme in ('https', 'wss') else 'http'}://{host}{quote(path)}"


def picture_url(key: str, base: str) -> str:
    return f"{base}{API_PATH}/media/{key}"


def entry_url(entry: FeedEntry, base: str, public_url: PublicUrl) -> str:
    """The URL of a painting in the gallery: the CDN's only if the photo is there, too, since programs derive its URL from this one."""
    return (public_url(entry.output_key) if entry.input_key else None) or picture_url(entry.output_key, base)


def style_url(entry: StyleEntry, base: str) -> str:
    return picture_url(f"style/{entry.id}.jpg", base)


def result_url(view: JobView, base: str) -> str | None:
    """The painting's URL: valid for minutes, unless the gallery shows it. None while there is no painting.

    It is that of the object store where browsers can reach that, and else the gateway's. No link opens a painting that is hidden from the
    gallery: its URL is the one that needs the owner's key.
    """
    if view.job.output_key is None:
        return None
    if view.job.hidden:
        return f"{base}{API_PATH}/jobs/{view.job.id}/result"
    if link := view.link():
        return link
    url = picture_url(view.job.output_key, base)
    if view.job.is_in_feed:
        return url
    until, signature = view.sign()
    return f"{url}?{urlencode({'until': until, 'signature': signature})}"
