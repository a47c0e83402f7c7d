"""HTTP responses that the studio's pages and the gateway share: pictures, entity tags, readiness."""

import hashlib
import logging
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from nst.errors import StoreUnavailable
from nst.service.status import Status

PRIVATE = "private, no-store"
REVALIDATED = "public, no-cache"  # cached, and checked each time: a picture that was made private must disappear

log = logging.getLogger(__name__)


def entity_tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has this version. Weak tags count too: proxies that compress responses make them weak."""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return tag in known or "*" in known


def tagged(request: Request, tag: str, headers: Mapping[str, str], respond: Callable[[], Response]) -> Response:
    """The response with an entity tag and further headers. 304 without calling `respond` when the client has this version."""
    response = Response(status_code=304) if is_known(request, tag) else respond()
    response.headers.update({**headers, "ETag": tag})
    return response


def picture(
    request: Request, read: Callable[[], tuple[bytes, str]], caching: str, tag: str | None = None, readers: str = "same-origin"
) -> Response:
    """A picture that a browser shows and never runs.

    Args:
        read: returns the file and its media type; it is not called when the client has this version.
        caching: the Cache-Control header.
        tag: an entity tag that changes with the picture; None for a picture that is not revalidated.
        readers: the sites that may show it: "same-origin" or "cross-origin".
    """
    headers = {
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": readers,
    }

    def respond() -> Response:
        data, media_type = read()
        return Response(data, media_type=media_type, headers=headers)

    return respond() if tag is None else tagged(request, tag, headers, respond)


def may_redirect(request: Request) -> bool:
    """Whether a picture may come from another site. A page's script may not read that, so it gets the picture from here."""
    return request.headers.get("sec-fetch-mode") not in ("cors", "same-origin")


def redirect(url: str, *, is_public: bool, readers: str = "same-origin") -> Response:
    """302 to a picture in the object store. It is asked for each time: a picture that changes its visibility changes its URL.

    Args:
        readers: the sites that may show it, as for `picture`.
    """
    caching = REVALIDATED if is_public else PRIVATE
    headers = {"Cache-Control": caching, "Vary": "Sec-Fetch-Mode", "Cross-Origin-Resource-Policy": readers}
    return RedirectResponse(url, 302, headers)


def readiness(read_status: Callable[[], Status], **details: int) -> Response:
    """Ready when the stores answer. The number of workers is reported but not required: without one, jobs wait."""
    try:
        return JSONResponse({"ready": True, "workers": len(read_status().workers), **details})
    except StoreUnavailable as error:
        log.warning("not ready: %s", error.reason)
    except Exception:
        log.exception("not ready")
    return JSONResponse({"ready": False}, 503)
