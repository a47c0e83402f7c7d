"""URLs within the studio. Each begins with the base path: the path that the studio is served under, by default none.

The base path is Streamlit's `server.baseUrlPath`. Without one, it is the prefix that a proxy or a server strips from request paths, as
stated in the X-Forwarded-Prefix header (`RootPathMiddleware` sets that header from an ASGI server's `root_path`).
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from nst.http_security import is_https
from nst.images import Format
from nst.styles import StyleEntry

PREFIX_HEADER = "x-forwarded-prefix"
_PREFIX = re.compile(r"(/[\w.~%-]+)+", re.ASCII)  # nothing that could end an HTML attribute or name another host


def configured_base_path() -> str:
    """Streamlit's `server.baseUrlPath` as "/studio", or an empty string."""
    path = str(st.config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def base_path(headers: Mapping[str, str]) -> str:
    """The base path for the browser that sent these headers."""
    return quote(configured_base_path()) or _checked(headers.get(PREFIX_HEADER, ""))


def public_base(request: Request, public_url: str | None) -> str:
    """What absolute URLs begin with: `public_url` (NST_PUBLIC_URL), else the host and base path that the browser has asked for."""
    if public_url is not None:
        return public_url.rstrip("/")
    return f"{'https' if is_https(request.scope) else 'http'}://{request.url.netloc}{base_path(request.headers)}"


def archive_url(job_ids: Iterable[str]) -> str:
    """A ZIP file of the visitor's own paintings (`nst.ui.archives`)."""
    return f"{url('archives', 'paintings.zip')}?{urlencode([('job', job_id) for job_id in job_ids])}"


def url(*parts: str, **query: str) -> str:
    """The URL of something on this server, for the browser that the page is drawn for: `url("styles", style_id)`."""
    path = "/".join(quote(part, safe="") for part in parts)
    return f"{base_path(st.context.headers)}/{path}" + (f"?{urlencode(query)}" if query else "")


def job_url(job_id: str) -> str:
    """The page of one painting."""
    return url(job=job_id)


def picture_url(job_id: str, kind: str, version: str = "") -> str:
    """One of a job's pictures (`nst.ui.media.job_picture`). A new `version` makes browsers fetch it again."""
    return url("pictures", job_id, kind, **({"v": version} if version else {}))


def style_url(entry: StyleEntry) -> str:
    """A style's thumbnail. When its picture is replaced, the URL changes."""
    return url("styles", entry.id, v=entry.digest[:12])


def data_url(data: bytes, format: Format) -> str:
    """A picture embedded in the page itself."""
    return f"data:{format.media_type};base64,{b64encode(data).decode()}"


def route_path(scope: Scope) -> str:
    """A request's path below the base path."""
    path: str = scope["path"]
    for prefix in (scope.get("root_path", ""), configured_base_path()):
        if prefix and path.startswith(f"{prefix}/"):
            path = path[len(prefix) :]
    return path


class RootPathMiddleware:
    """Passes on, as X-Forwarded-Prefix, the path stripped by a server (`uvicorn --root-path`) or by an app that mounts this one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope.get("root_path"):
            scope = {**scope, "headers": list(scope["headers"])}
            MutableHeaders(scope=scope)[PREFIX_HEADER] = scope["root_path"]
        await self._app(scope, receive, send)


def _checked(prefix: str) -> str:
    prefix = prefix.strip().rstrip("/")
    return prefix if _PREFIX.fullmatch(prefix) else ""
