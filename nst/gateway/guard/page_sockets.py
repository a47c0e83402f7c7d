"""Limits on the WebSockets of pages: their number, and the pace of their messages."""

from collections import Counter
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from nst.errors import TooManyConnections
from nst.gateway.error_codes import error_body
from nst.gateway.guard.body_limit import replayed
from nst.gateway.guard.page_messages import CONNECTION, PageMessages
from nst.gateway.guard.rate_limits import client_address, decrement

_STREAM = "/_stcore/stream"
_RETRY_SECONDS = 30


def _is_page(scope: Scope) -> bool:
    return scope["type"] == "websocket" and str(scope["path"]).endswith(_STREAM)


class PageSockets:
    """Middleware: refuses a page beyond the limits before the connection is made, so that its browser tries again after a pause.

    Args:
        max_pages: open at a time.
        max_per_address: open at a time at one address.
        computing: how many of their scripts compute at this moment.
    """

    def __init__(self, app: ASGIApp, max_pages: int, max_per_address: int, computing: Callable[[], int]) -> None:
        self._app, self._max_pages, self._max_per_address = app, max_pages, max_per_address
        self._messages = PageMessages(computing)
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_page(scope) or CONNECTION not in scope.get("extensions", {}):
            await self._app(scope, receive, send)
            return
        address = client_address(scope)
        if refusal := self._refusal(address):
            await refusal(scope, receive, send)
            return
        paced = self._messages.paced(receive, address, scope["extensions"][CONNECTION])
        self._open[address] += 1
        try:
            first = await paced()
            if first["type"] == "websocket.connect":  # or the browser has left before its turn
                await self._app(scope, replayed([first], paced), send)
        finally:
            paced.end_turn()
            decrement(self._open, address)

    def _refusal(self, address: str) -> JSONResponse | None:
        if self._open[address] >= self._max_per_address:
            return _too_many(429, "There are too many pages open at this address. Close some, and try again.")
        if self._open.total() >= self._max_pages:
            return _too_many(503, "There are too many visitors. Try again in a minute.")
        return None


def _too_many(status: int, sentence: str) -> JSONResponse:
    return JSONResponse(error_body(TooManyConnections(sentence)), status, {"Retry-After": str(_RETRY_SECONDS)})
