"""Compression of Streamlit's scripts and style sheets, which Streamlit itself leaves to a proxy. Each file is compressed once."""

import gzip

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.lru import LRUCache
from nst.ui import urls

_KINDS = (".js", ".css")
_FILES = 512  # of about 150; their names change with Streamlit's version


class CompressedScripts:
    """Middleware that compresses files below /static/, whose names contain a hash of their content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed: LRUCache[str, bytes] = LRUCache(_FILES)  # by path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_script(scope):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def send_compressed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
            elif not start:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await self._send(scope["path"], start, body, send)

        await self._app(scope, receive, send_compressed)

    async def _send(self, path: str, start: Message, body: bytes, send: Send) -> None:
        compressed = await run_in_threadpool(self._compressed.get_or_make, path, lambda: gzip.compress(body, 9))
        headers = MutableHeaders(scope=start)
        headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(len(compressed))
        headers.add_vary_header("Accept-Encoding")
        await send(start)
        await send({"type": "http.response.body", "body": compressed})


def _is_script(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    path = urls.route_path(scope)
    return path.startswith("/static/") and path.endswith(_KINDS) and "gzip" in headers.get("accept-encoding", "") and "range" not in headers
