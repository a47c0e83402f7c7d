"""Downloads that only one browser can fetch.

Streamlit serves the file behind a download button at an unguessable URL, to anyone who has that URL. A visitor might pass on the URL of a
private painting by mistake, so the first owner who fetches a file is the only one who can.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.lru import LRUCache
from nst.ui import owner, urls

_STREAMLIT_FILES = "/media/"
_REMEMBERED = 10_000  # files


class PrivateDownloads:
    """Middleware that answers 404 to every owner but the first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._owners: LRUCache[str, str] = LRUCache(_REMEMBERED)  # by path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not urls.route_path(scope).startswith(_STREAMLIT_FILES):
            await self._app(scope, receive, send)
            return
        path, asking = scope["path"], owner.cookie_in(Headers(scope=scope))
        if self._owners.get(path) not in (None, asking):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
            return

        async def send_and_remember(message: Message) -> None:
            if message["type"] == "http.response.start" and "attachment" in Headers(raw=message["headers"]).get("content-disposition", ""):
                self._owners.put(path, asking)
            await send(message)

        await self._app(scope, receive, send_and_remember)
