"""WebSockets, measured before ASGI sees a message: what lies in the server of messages that are not complete, or not dealt with.

uvicorn keeps a message until it is complete, and tells an application nothing of it meanwhile. So a line stands between a connection's
transport and uvicorn's protocol, where asyncio lets anybody stand, and looks at what the latter has gathered. It does not read while there
is no room, and it closes what has to be closed. It takes its place when the connection reaches the application, so it is there whatever
uvicorn was started by: `python -m nst.gateway`, `streamlit run`, or itself.

This is the one place that knows uvicorn's insides; tests say so when they have changed.
"""

import asyncio
import logging
import sys
from contextlib import suppress
from types import GeneratorType
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame

from nst.gateway.limits import address_of
from nst.gateway.room import SMALL, Hold, Room

TOO_SLOW, TOO_LARGE, TRY_AGAIN = 1008, 1009, 1013
PIECE, MESSAGE = 100, 400
"""What a piece of a message, or a small message, takes besides its bytes."""
ANNOUNCEMENTS = ("45", "46")
"""How a packet of socket.io begins that is kept until the bytes have come that belong to it."""

log = logging.getLogger(__name__)


class Lines:
    """All WebSockets of this process.

    Args:
        most: bytes of a message, beyond which it is not even told that it is too large.
    """

    def __init__(self, room: Room, most: int) -> None:
        self._room, self._most = room, most
        self._open: set[_Line] = set()

    def around(self, app: ASGIApp) -> ASGIApp:
        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            protocol = _protocol_of(scope, receive)
            if protocol is None:
                await app(scope, receive, send)
                return
            line = _Line(protocol, self._room.hold(address_of(scope)), self._most)
            self._open.add(line)
            try:
                await app(scope, line.receive, send)
            finally:
                self._open.discard(line)
                line.leave()

        return measured

    def look_after(self) -> None:
        """Closes those whose message does not come, or has waited for room too long."""
        for line in list(self._open):
            line.look_after()


class Measured:
    """Middleware: an application whose WebSockets are measured, too."""

    def __init__(self, app: ASGIApp, lines: Lines) -> None:
        self._app = lines.around(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _protocol_of(scope: Scope, receive: Receive) -> WebSocketsSansIOProtocol | None:
    """None for what is no WebSocket, or is measured already."""
    if scope["type"] != "websocket":
        return None
    protocol = getattr(receive, "__self__", None)
    if isinstance(protocol, WebSocketsSansIOProtocol):
        return protocol
    if not isinstance(protocol, _Line):
        log.warning("a WebSocket cannot be measured: its server is not uvicorn with websockets-sansio, or something stands between")
    return None


class _Line(asyncio.Protocol):
    """Between a transport and uvicorn's protocol.

    Attributes:
        _come: bytes of the message that is not complete.
        _ready: of complete ones that the application has not dealt with.
        _kept: of one that waits for the next.
    """

    def __init__(self, protocol: WebSocketsSansIOProtocol, hold: Hold, most: int) -> None:
        self._inner, self._transport, self._hold, self._most = protocol, protocol.transport, hold, most
        self._pace, self._waiting = hold.room.pace(), hold.room.wait()
        self._come = self._ready = self._kept = 0
        self._last: Message = {"type": "websocket.connect"}
        self._is_closed = False
        self._transport.set_protocol(self)
        self._measure(0, 0)

    def data_received(self, data: bytes) -> None:
        queued = self._inner.queue.qsize()
        self._inner.data_received(data)
        self._measure(len(data), self._inner.queue.qsize() - queued)

    def eof_received(self) -> None:
        self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        self._forget()
        self._inner.connection_lost(exc)

    async def receive(self) -> Message:
        """What the application calls. Whoever asks for the next message has dealt with those before."""
        if self._inner.queue.empty():
            self._settle()
        self._last = cast(Message, await self._inner.receive())
        self._ready = max(self._ready, _size(self._last))
        self._measure(0, 0)
        return self._last

    def leave(self) -> None:
        """The application has ended."""
        self._ready = self._kept = 0
        self._last = {"type": "websocket.disconnect"}
        if self._is_closed:
            self._hold.release()
        else:
            self._measure(0, 0)

    def look_after(self) -> None:
        if self._pace.is_overdue:
            self._close(TOO_SLOW, "the message does not come to its end")
        elif self._waiting.is_overdue:
            self._close(TRY_AGAIN, "more is being sent than can be dealt with")

    def _settle(self) -> None:
        if _is_announcement(self._last):
            self._kept = _size(self._last)
        elif _is_attachment(self._last):
            self._kept = 0
        self._ready, self._last = 0, {"type": "websocket.receive"}
        self._measure(0, 0)

    def _measure(self, came: int, completed: int) -> None:
        if self._is_closed:
            return
        self._count(came, completed)
        is_coming = bool(self._come or self._kept) and not self._inner.read_paused
        self._keep_pace(came, completed, is_coming)
        self._hold.resize(self._come + PIECE * len(self._inner.frames) + self._ready + self._kept, is_coming)
        if self._come > self._most:
            self._close(TOO_LARGE, "the message is too large")
        elif is_coming and not self._hold.may_go_on:
            self._wait()

    def _count(self, came: int, completed: int) -> None:
        begun = len(self._inner.conn.reader.buffer)
        if completed > 0:
            self._ready += self._come + came - begun + MESSAGE * completed
            self._come = 0
            _empty_last_frame(self._inner.conn.parser)
        self._come = self._come + came if self._inner.frames else begun

    def _keep_pace(self, came: int, completed: int, is_coming: bool) -> None:
        if not is_coming:
            self._pace.rest()
        elif completed > 0:
            self._pace.begin()
        else:
            self._pace.came(came)

    def _wait(self) -> None:
        """Not reading. uvicorn may have begun to read again meanwhile."""
        self._transport.pause_reading()
        self._pace.rest()
        if self._waiting.seconds_left is not None:
            return
        if self._hold.room.is_overfull:
            self._close(TRY_AGAIN, "more is being sent than can be dealt with")
            return
        self._waiting.begin()
        self._hold.room.call_when_admitted(self._hold, self._go_on)

    def _go_on(self) -> None:
        self._waiting.rest()
        if not self._inner.read_paused:
            self._transport.resume_reading()
        self._measure(0, 0)

    def _close(self, code: int, reason: str) -> None:
        """At once: who does not read what is sent to him keeps nothing here."""
        self._is_closed = True
        with suppress(InvalidState):
            self._inner.conn.send_close(code, reason)
            self._transport.write(b"".join(self._inner.conn.data_to_send()))
        self._transport.abort()
        self._forget()

    def _forget(self) -> None:
        self._inner.frames = []
        self._inner.conn.reader.discard()
        self._come = 0
        self._pace.rest()
        self._waiting.rest()
        self._hold.room.wait_no_more(self._hold)
        self._hold.resize(self._ready + self._kept, False)


def _empty_last_frame(parser: object) -> None:
    """The parser of websockets keeps a frame until the next one has come, long after everybody has dealt with it."""
    while isinstance(parser, GeneratorType) and parser.gi_frame is not None:
        frame = parser.gi_frame.f_locals.get("frame")
        if isinstance(frame, Frame):
            frame.data = b""
        parser = parser.gi_yieldfrom


def _size(message: Message) -> int:
    """In memory: a text with a single emoji in it takes four bytes a character."""
    payload = message.get("bytes") or message.get("text")
    return sys.getsizeof(payload) if payload else 0


def _is_announcement(message: Message) -> bool:
    return (message.get("text") or "").startswith(ANNOUNCEMENTS) and _size(message) > SMALL


def _is_attachment(message: Message) -> bool:
    return bool(message.get("bytes")) or (message.get("text") or "").startswith("4")
