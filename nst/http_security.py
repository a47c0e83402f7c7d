"""What every HTTP response says about its use, and which hosts are served."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_DEVICES = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
_YEAR = 365 * 24 * 3600  # seconds
_LOCAL = {"localhost", "127.0.0.1", "0.0.0.0", "::1"}  # noqa: S104 -- nothing is bound
_HEALTH = ("/healthz", "/readyz")  # asked by address, not by name
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def is_https(scope: Scope) -> bool:
    """Whether the client uses https. The first of several proxies is the client's."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return forwarded == "https" or scope["scheme"] in ("https", "wss")


class SecurityHeaders:
    """Middleware that adds headers. One that a response has already stays: pictures have a stricter policy than pages.

    Args:
        frames: the sites that may show pages in a frame, besides the studio itself.
        scripts: what pages may run as scripts, in the words of `script-src`; everything when empty.
    """

    def __init__(self, app: ASGIApp, frames: Sequence[str] = (), scripts: Sequence[str] = ()) -> None:
        self._app = app
        policy = {"frame-ancestors": ("'self'", *frames)}
        if scripts:
            policy |= {"script-src": tuple(scripts), "object-src": ("'none'",), "base-uri": ("'self'",)}
        self._page = {
            "Content-Security-Policy": "; ".join(" ".join((name, *sources)) for name, sources in policy.items()),
            "Permissions-Policy": _DEVICES,
            "Referrer-Policy": "same-origin",  # URLs contain job ids
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                if is_https(scope):
                    headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
                if headers.get("content-type", "").startswith("text/html"):
                    for name, value in self._page.items():
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class KnownHosts(TrustedHostMiddleware):
    """Middleware that answers 400 to requests for other hosts than those named, except about the server's health.

    Without it, a name that leads to this machine (DNS rebinding) makes another site's page the same site as the studio.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith(_HEALTH):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class NoMetrics:
    """Middleware that answers 404 for Streamlit's counts of visitors, which are not public. A worker has metrics on a port of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/_stcore/metrics"):
            await Response(status_code=404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class LocalPages:
    """Middleware that closes Streamlit's WebSockets of pages from other servers on the visitor's own machine, which Streamlit accepts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and "/_stcore/" in scope["path"] and _is_other_local_page(Headers(scope=scope), scope["scheme"]):
            await WebSocketClose(1008)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_other_local_page(headers: Headers, scheme: str) -> bool:
    try:
        origin, host = urlsplit(headers.get("origin", "")), urlsplit(f"{scheme}://{headers.get('host', '')}")
        places = [(each.hostname, each.port or _PORTS.get(each.scheme)) for each in (origin, host)]
    except ValueError:
        return True
    return origin.hostname in _LOCAL and places[0] != places[1]
