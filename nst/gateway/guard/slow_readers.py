"""Back-pressure on responses: a client that reads slowly keeps what it has not read in memory, here or in the server's buffer.

Bodies are sent in pieces, so that the server's buffer holds one or two, and what is left of them is counted. A response that falls too
far behind is broken off. So is, when all of them hold too much, the oldest one of the address that holds most: a flood from one address
ends its own downloads.
"""

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.gateway.guard.memory_budget import Deadline, Timeouts
from nst.gateway.guard.rate_limits import client_address

PIECE = 65_536
"""Bytes: what uvicorn's transport holds before it makes senders wait."""
_PACED = "pastiche.paced"

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Response:
    """
    Attributes:
        held: bytes of its body that are not handed over to the transport.
    """

    address: str
    transport: asyncio.Transport
    deadline: Deadline
    held: int = 0

    def break_off(self) -> None:
        log.info("a response is broken off: its client reads too slowly")
        self.held = 0
        self.transport.abort()


class SlowReaders:
    """All responses of this process. It belongs to one event loop.

    Args:
        capacity: bytes that all responses together may hold. One alone may hold more.
    """

    def __init__(self, capacity: int, timeouts: Timeouts) -> None:
        self._capacity, self._timeouts = capacity, timeouts
        self._sending: dict[_Response, None] = {}  # the oldest first
        self._flushing: dict[asyncio.Transport, tuple[int, Deadline]] = {}  # bytes in the buffers of those that have ended

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The application with bounded responses. Wrapped twice, they are counted once."""

        async def paced(scope: Scope, receive: Receive, send: Send) -> None:
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            if scope["type"] != "http" or transport is None or _PACED in scope.get("extensions", {}):
                await app(scope, receive, send)
                return
            response = _Response(client_address(scope), transport, self._deadline())
            self._flushing.pop(transport, None)
            self._sending[response] = None
            try:
                await app(
                    {**scope, "extensions": {**scope.get("extensions", {}), _PACED: {}}},
                    receive,
                    lambda message: self._send(response, message, send),
                )
            finally:
                del self._sending[response]
                self._flush(transport)

        return paced

    def close_overdue(self) -> None:
        """Break off responses whose ends stay in the server's buffer. To be called every few seconds."""
        for transport, (size, deadline) in list(self._flushing.items()):
            left = transport.get_write_buffer_size()
            if not left:
                del self._flushing[transport]
            elif left < size:
                deadline.extend(size - left)
                self._flushing[transport] = left, deadline
            elif deadline.has_passed:
                log.info("a connection is closed: its client does not read")
                transport.abort()

    async def _send(self, response: _Response, message: Message, send: Send) -> None:
        body = message.get("body", b"")
        response.deadline.start()
        if len(body) <= PIECE:
            await self._hand_over(response, message, send)
            return
        self._hold(response, len(body))
        view = memoryview(body)
        for start in range(0, len(body), PIECE):
            piece, has_more = view[start : start + PIECE], start + PIECE < len(body) or message.get("more_body", False)
            await self._hand_over(response, {**message, "body": piece, "more_body": has_more}, send)
            response.held = max(0, response.held - PIECE)
            if response.transport.is_closing():
                return

    async def _hand_over(self, response: _Response, message: Message, send: Send) -> None:
        """The server lets it wait while its buffer is full."""
        response.deadline.extend(len(message.get("body", b"")))
        try:
            async with asyncio.timeout(response.deadline.seconds_left):
                await send(message)
        except TimeoutError:
            response.break_off()
            await asyncio.sleep(0)  # the server notices, and reports no error of ours

    def _hold(self, response: _Response, size: int) -> None:
        response.held = size
        while sum(each.held for each in self._sending) > self._capacity:
            holding = [each for each in self._sending if each.held]
            if len(holding) == 1:
                return
            by_address = Counter[str]()
            for each in holding:
                by_address[each.address] += each.held
            most = max(by_address, key=by_address.__getitem__)
            next(each for each in holding if each.address == most).break_off()

    def _flush(self, transport: asyncio.Transport) -> None:
        if left := transport.get_write_buffer_size():
            deadline = self._deadline()
            deadline.start()
            self._flushing[transport] = left, deadline

    def _deadline(self) -> Deadline:
        return Deadline(self._timeouts.unread, self._timeouts.unread_bytes_per_second, time.monotonic)


class SlowReadersMiddleware:
    """Bounds the responses of a whole application."""

    def __init__(self, app: ASGIApp, readers: SlowReaders) -> None:
        self._app = readers.wrap(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
