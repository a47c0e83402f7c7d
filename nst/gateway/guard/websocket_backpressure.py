"""Back-pressure on WebSockets: counts incomplete and unhandled messages, and pauses reading beyond the memory budget.

uvicorn keeps a message until it is complete, and an ASGI application learns nothing of it meanwhile. So a protocol of
our own goes between a connection's asyncio transport and uvicorn's protocol, reads how much the latter has buffered,
pauses the transport while the budget has no room, and closes connections that are too slow. It is put there when the
connection reaches the application, so it works however uvicorn was started: by `python -m nst.gateway`, by
`streamlit run` or by itself.

Only this module depends on private fields of uvicorn and websockets; tests fail when they have changed.
"""

import asyncio
import logging
import select
import sys
from contextlib import suppress
from types import GeneratorType
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame

from nst.gateway.guard.memory_budget import FREE_BYTES, InboundBudget, Reservation
from nst.gateway.guard.page_messages import CONNECTION
from nst.gateway.guard.rate_limits import client_address

TOO_SLOW, TOO_LARGE, TRY_AGAIN = 1008, 1009, 1013
FRAGMENT_OVERHEAD, MESSAGE_OVERHEAD = 100, 400
"""Bytes of memory that a fragment, or a small message, takes in addition to its content."""
BINARY_PACKETS = ("45", "46")
"""How a socket.io packet begins that is kept until its binary attachments have arrived."""

_HANG_UP = getattr(select, "POLLRDHUP", 0)  # elsewhere than on Linux, a connection that was closed is noticed when it is read

log = logging.getLogger(__name__)


class WebSocketGuard:
    """All guarded WebSockets of this process.

    Args:
        max_message: bytes. Above this size the connection is closed without an error event.
    """

    def __init__(self, budget: InboundBudget, max_message: int) -> None:
        self._budget, self._max_message = budget, max_message
        self._open: set[_GuardedProtocol] = set()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            inner = _protocol_of(scope, receive)
            if inner is None:
                await app(scope, receive, send)
                return
            protocol = _GuardedProtocol(inner, self._budget.reserve(client_address(scope)), self._max_message)
            self._open.add(protocol)
            scope = {**scope, "extensions": {**scope.get("extensions", {}), CONNECTION: protocol}}
            try:
                await app(scope, protocol.receive, send)
            finally:
                self._open.discard(protocol)
                protocol.application_ended()

        return guarded

    def close_overdue(self) -> None:
        """Close connections whose message does not arrive, or has waited too long for the budget."""
        for protocol in list(self._open):
            protocol.close_if_overdue()


class GuardMiddleware:
    """Middleware: guards the WebSockets of a whole application."""

    def __init__(self, app: ASGIApp, guard: WebSocketGuard) -> None:
        self._app = guard.wrap(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _protocol_of(scope: Scope, receive: Receive) -> WebSocketsSansIOProtocol | None:
    """uvicorn's protocol of a WebSocket; None for other requests, and for a WebSocket that is guarded already."""
    if scope["type"] != "websocket":
        return None
    protocol = getattr(receive, "__self__", None)
    if isinstance(protocol, WebSocketsSansIOProtocol):
        return protocol
    if not isinstance(protocol, _GuardedProtocol):
        log.warning("a WebSocket is not guarded: its server is not uvicorn with websockets-sansio, or a middleware wraps `receive`")
    return None


class _GuardedProtocol(asyncio.Protocol):
    """Between a transport and uvicorn's protocol.

    Attributes:
        _incomplete: bytes of the message that is not complete.
        _unhandled: bytes of complete messages that the application has not handled.
        _kept: bytes of a packet that waits for its attachment.
    """

    def __init__(self, inner: WebSocketsSansIOProtocol, reservation: Reservation, max_message: int) -> None:
        self._inner, self._transport = inner, inner.transport
        self._reservation, self._max_message = reservation, max_message
        self._read_deadline = reservation.budget.read_deadline()
        self._admission_deadline = reservation.budget.admission_deadline()
        self._incomplete = self._unhandled = self._kept = 0
        self._last: Message = {"type": "websocket.connect"}
        self._is_closed = False
        self._transport.set_protocol(self)
        self._update()

    def data_received(self, data: bytes) -> None:
        queued = self._inner.queue.qsize()
        self._inner.data_received(data)
        self._update(len(data), self._inner.queue.qsize() - queued)

    def eof_received(self) -> None:
        self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        self._discard()
        self._inner.connection_lost(exc)

    async def receive(self) -> Message:
        """What the application awaits. When it asks for the next message, it has handled the ones before."""
        if self._inner.queue.empty():
            self._mark_handled()
        self._last = cast(Message, await self._inner.receive())
        self._unhandled = max(self._unhandled, _size(self._last))
        self._update()
        return self._last

    @property
    def unread(self) -> int:
        return self._inner.queue.qsize()

    @property
    def has_left(self) -> bool:
        return self._is_closed or self._transport.is_closing() or _has_hung_up(self._transport)

    def application_ended(self) -> None:
        if self._inner.initial_response is not None or self.has_left:  # refused, or gone; uvicorn would log an error for each
            self._inner.handshake_complete = True
        self._unhandled = self._kept = 0
        self._last = {"type": "websocket.disconnect"}
        if self._is_closed:
            self._reservation.release()
        else:
            self._update()

    def close_if_overdue(self) -> None:
        if self._read_deadline.has_passed:
            self.close(TOO_SLOW, "the message took too long to arrive")
        elif self._admission_deadline.has_passed:
            self.close(TRY_AGAIN, "the server is busy")

    def _mark_handled(self) -> None:
        if _waits_for_attachment(self._last):
            self._kept = _size(self._last)
        elif _completes_packet(self._last):
            self._kept = 0
        self._unhandled, self._last = 0, {"type": "websocket.receive"}
        self._update()

    def _update(self, received: int = 0, completed: int = 0) -> None:
        """Count, then pause or close the connection if it has to be.

        Args:
            received: bytes since the last call.
            completed: messages that they have completed.
        """
        if self._is_closed:
            return
        self._count(received, completed)
        is_incomplete = bool(self._incomplete or self._kept) and not self._inner.read_paused
        self._update_read_deadline(received, completed, is_incomplete)
        fragments = FRAGMENT_OVERHEAD * len(self._inner.frames)
        self._reservation.resize(self._incomplete + fragments + self._unhandled + self._kept, is_incomplete)
        if self._incomplete > self._max_message:
            self.close(TOO_LARGE, "the message is too large")
        elif is_incomplete and not self._reservation.is_admitted:
            self._pause()

    def _count(self, received: int, completed: int) -> None:
        buffered = len(self._inner.conn.reader.buffer)
        if completed > 0:
            self._unhandled += self._incomplete + received - buffered + MESSAGE_OVERHEAD * completed
            self._incomplete = 0
            _clear_last_frame(self._inner.conn.parser)
        self._incomplete = self._incomplete + received if self._inner.frames else buffered

    def _update_read_deadline(self, received: int, completed: int, is_incomplete: bool) -> None:
        if not is_incomplete:
            self._read_deadline.stop()
        elif completed > 0:
            self._read_deadline.start()
        else:
            self._read_deadline.extend(received)

    def _pause(self) -> None:
        """Stop reading until the budget has room. uvicorn may have resumed reading meanwhile."""
        self._transport.pause_reading()
        self._read_deadline.stop()
        if self._admission_deadline.seconds_left is not None:
            return
        if self._reservation.budget.is_exceeded:
            self.close(TRY_AGAIN, "the server is busy")
            return
        self._admission_deadline.start()
        self._reservation.budget.call_when_admitted(self._reservation, self._resume)

    def _resume(self) -> None:
        self._admission_deadline.stop()
        if not self._inner.read_paused:
            self._transport.resume_reading()
        self._update()

    def close(self, code: int, reason: str) -> None:
        """Close at once: a client that does not read must not keep memory here."""
        self._is_closed = True
        with suppress(InvalidState):
            self._inner.conn.send_close(code, reason)
            self._transport.write(b"".join(self._inner.conn.data_to_send()))
        self._transport.abort()
        self._discard()

    def _discard(self) -> None:
        self._inner.frames = []
        self._inner.conn.reader.discard()
        self._incomplete = 0
        self._read_deadline.stop()
        self._admission_deadline.stop()
        self._reservation.budget.stop_waiting(self._reservation)
        self._reservation.resize(self._unhandled + self._kept, False)


def _has_hung_up(transport: asyncio.Transport) -> bool:
    """Ask the system: asyncio does not notice while reading is paused."""
    if not _HANG_UP:
        return False
    connection, poll = transport.get_extra_info("socket"), select.poll()
    poll.register(connection.fileno(), _HANG_UP)
    return bool(poll.poll(0))


def _clear_last_frame(parser: object) -> None:
    """Empty the frame that the parser of websockets keeps until the next one has arrived, long after it was handled."""
    while isinstance(parser, GeneratorType) and parser.gi_frame is not None:
        frame = parser.gi_frame.f_locals.get("frame")
        if isinstance(frame, Frame):
            frame.data = b""
        parser = parser.gi_yieldfrom


def _size(message: Message) -> int:
    """Bytes in memory: a text with a single emoji takes four bytes a character."""
    payload = message.get("bytes") or message.get("text")
    return sys.getsizeof(payload) if payload else 0


def _waits_for_attachment(message: Message) -> bool:
    return (message.get("text") or "").startswith(BINARY_PACKETS) and _size(message) > FREE_BYTES


def _completes_packet(message: Message) -> bool:
    return bool(message.get("bytes")) or (message.get("text") or "").startswith("4")
