"""A download that a page has offered goes to the browser that asked for it, and to no other.

Streamlit keeps what a download button hands out under an address that nobody can guess, and gives it to whoever has that address.
A private painting's address might be passed on by mistake, so the first owner to fetch a file is its only one.
"""

from collections import OrderedDict

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.ui import owner

_STORE = "/media/"
_REMEMBERED = 10_000


class OwnDownloads:
    """Middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._fetched_by: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_STORE):
            await self._app(scope, receive, send)
            return
        path, asking = scope["path"], owner.in_headers(Headers(scope=scope))
        if self._fetched_by.get(path, asking) != asking:
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
            return

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start" and "attachment" in Headers(raw=message["headers"]).get("content-disposition", ""):
                self._note(path, asking)
            await send(message)

        await self._app(scope, receive, send_and_note)

    def _note(self, path: str, asking: str) -> None:
        self._fetched_by[path] = asking
        while len(self._fetched_by) > _REMEMBERED:
            self._fetched_by.popitem(last=False)
