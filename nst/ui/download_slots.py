"""How many downloads are under way at a time: each keeps a file in memory while its receiver is slow."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Send

from nst.client_network import client_network

_SECONDS = 900.0  # that a download may take


class DownloadSlots:
    """Sends files, so many at a time.

    Args:
        at_a_time: of all visitors.
        of_network: of the visitors of one network.
    """

    def __init__(self, at_a_time: int, of_network: int) -> None:
        self._at_a_time, self._of_network = at_a_time, of_network
        self.under_way: Counter[str] = Counter()
        """Downloads by network; changed by the event loop's thread alone."""

    async def send(self, request: Request, make: Callable[[], Awaitable[Response]], send: Send) -> None:
        """Makes a response and sends it, or one that says that there are too many."""
        network = client_network(request.client.host if request.client else "") or ""
        if self.under_way.total() >= self._at_a_time or (network and self.under_way[network] >= self._of_network):
            busy = "Too many downloads are under way. Try again in a minute."
            response = PlainTextResponse(busy, 503, {"Retry-After": "60", "Cache-Control": "no-store"})
            await response(request.scope, request.receive, send)
            return
        self.under_way[network] += 1
        try:
            async with asyncio.timeout(_SECONDS):
                await (await make())(request.scope, request.receive, send)
        except TimeoutError:  # the connection is closed, and the browser says that the file is incomplete
            pass
        finally:
            self.under_way[network] -= 1
            if not self.under_way[network]:
                del self.under_way[network]
