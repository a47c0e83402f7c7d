"""Pace of the messages that pages send to Streamlit.

Streamlit runs the page's script for nearly every message, in a thread that the event loop starts and waits for. It handles
all messages that have arrived without a pause, and scripts that compute at a time slow down each other and the event loop.
So a message is held back here until it is due, the messages after it stay in the sender's buffers, and what a closed
connection has left behind is dropped.

Not thread-safe: all of it belongs to one event loop.
"""

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Protocol

from starlette.types import Message, Receive

from nst.gateway.guard.rate_limits import TokenBucket

MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 10.0, 30
"""Of a connection. Measured in a browser: held arrow keys send up to 8 a second, a dragged slider 3, a sketch that grows 1.4."""
ADDRESS_MESSAGES_PER_SECOND, ADDRESS_MESSAGES_AT_ONCE = 50.0, 200
"""Of an address. Ten tabs that all show growing sketches send 14 a second, thirty people behind one address 42."""
_PAUSE_FACTOR, _MAX_PAUSE_SECONDS = 3.0, 1.0
"""After a message that took `t` seconds of the event loop, the loop has `_PAUSE_FACTOR * t` for everything else. A message takes 2 to 5 ms
while few scripts run, and ten times as much while many compute: so fewer are started then, on slow machines as on fast ones."""
MAX_COMPUTING = 3
"""Scripts that compute at a time. They share one interpreter: more of them end no sooner, and the event loop waits for each."""
_CROWDED_SECONDS, _CROWD_LOOK_SECONDS = 0.5, 0.02  # the longest that a message waits for others' scripts, and between two looks
_TURN_SECONDS = 1.0  # a turn ends after this time at the latest: nothing that Streamlit awaits may hold up the other pages
_LOOK_SECONDS = 0.25  # between two looks whether the sender of a message that waits has left
_MAX_ADDRESSES = 10_000
MAX_UNREAD = 200  # messages that were read with others, in one piece; a page never sends that many at once
MAX_BYTES = 20_000
"""Of a message without masks. One of a megabyte with names of files takes Streamlit seconds of the event loop; pages send some 2 kB."""
MAX_BYTES_WITH_MASKS = 1_000_000
"""Of a message. The editor of parts sends up to 600 kB of masks: they are long texts in base64, which cost Streamlit next to nothing."""
# Looked for from the first letter of a text alone: shorter texts would be read again from each letter.
_LONG_TEXT = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{2000,}")
CONNECTION = "pastiche.connection"
"""The extension of an ASGI scope that is the `Connection`."""
_WRONG_TYPE, _TOO_MANY, _TOO_LARGE = 1003, 1008, 1009  # RFC 6455
_LEFT: Message = {"type": "websocket.disconnect", "code": 1006}


class Connection(Protocol):
    """A WebSocket, as far as ASGI does not show it."""

    @property
    def unread(self) -> int:
        """Messages that were received and that the application has not taken."""

    @property
    def has_left(self) -> bool:
        """Whether the client has closed the connection, though what it sent before may not be read yet."""

    def close(self, code: int, reason: str) -> None:
        """At once."""


class TurnQueue:
    """One message at a time, of each address in turn, with a pause after each.

    Args:
        computing: how many scripts compute at this moment.
    """

    def __init__(self, computing: Callable[[], int]) -> None:
        self._computing = computing
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._is_taken = False

    async def take(self, address: str) -> "Turn":
        loop = asyncio.get_running_loop()
        mine = loop.create_future()
        self._waiting.setdefault(address, deque()).append(mine)
        if not self._is_taken:
            self._is_taken = True
            self._next(loop.time() + _CROWDED_SECONDS)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._next()
            raise
        return Turn(self._end)

    def _end(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(min(_PAUSE_FACTOR * seconds, _MAX_PAUSE_SECONDS), self._next, loop.time() + _CROWDED_SECONDS)

    def _next(self, latest: float = 0.0) -> None:
        """The next message's turn, as soon as few scripts compute, or at `latest`."""
        loop = asyncio.get_running_loop()
        if self._waiting and loop.time() < latest and self._computing() >= MAX_COMPUTING:
            loop.call_later(_CROWD_LOOK_SECONDS, self._next, latest)
            return
        while self._waiting:
            address, futures = self._waiting.popitem(last=False)
            future = futures.popleft()
            if futures:
                self._waiting[address] = futures
            if not future.done():
                future.set_result(None)
                return
        self._is_taken = False


class Turn:
    """The time in which one message is handled."""

    def __init__(self, on_end: Callable[[float], None]) -> None:
        loop = asyncio.get_running_loop()
        self._on_end, self._began = on_end, loop.time()
        self._timer = loop.call_later(_TURN_SECONDS, self.end)
        self._has_ended = False

    def end(self) -> None:
        """A second call changes nothing."""
        if not self._has_ended:
            self._has_ended = True
            self._timer.cancel()
            self._on_end(asyncio.get_running_loop().time() - self._began)


class PageMessages:
    """The rates of all pages of this process."""

    def __init__(self, computing: Callable[[], int]) -> None:
        self._turns = TurnQueue(computing)
        self._by_address: dict[str, TokenBucket] = {}

    def paced(self, receive: Receive, address: str, connection: Connection) -> "PacedReceive":
        """`receive` of a connection that is about to be accepted."""
        return PacedReceive(receive, address, connection, self._turns, self._bucket_of(address))

    def _bucket_of(self, address: str) -> TokenBucket:
        if len(self._by_address) > _MAX_ADDRESSES:
            self._by_address = {known: bucket for known, bucket in self._by_address.items() if not bucket.is_full}
        clock = asyncio.get_running_loop().time
        return self._by_address.setdefault(address, TokenBucket(ADDRESS_MESSAGES_PER_SECOND, ADDRESS_MESSAGES_AT_ONCE, clock))


def _is_too_large(data: bytes) -> bool:
    if len(data) <= MAX_BYTES:
        return False
    return len(data) > MAX_BYTES_WITH_MASKS or len(_LONG_TEXT.sub(b"", data)) > MAX_BYTES


class PacedReceive:
    """A connection's `receive`. When the application asks for the next message, it has handled the ones before."""

    def __init__(self, receive: Receive, address: str, connection: Connection, turns: TurnQueue, of_address: TokenBucket) -> None:
        self._receive, self._address, self._connection, self._turns = receive, address, connection, turns
        clock = asyncio.get_running_loop().time
        self._buckets = (TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE, clock), of_address)
        self._turn: Turn | None = None

    async def __call__(self) -> Message:
        self.end_turn()
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return message
        self._close_if_wrong(message)
        return message if await self._has_turn() else _LEFT

    def _close_if_wrong(self, message: Message) -> None:
        if self._connection.unread > MAX_UNREAD:
            self._connection.close(_TOO_MANY, "too many messages at once")
        elif message.get("text") is not None:  # Streamlit would log a traceback for each
            self._connection.close(_WRONG_TYPE, "messages are binary")
        elif _is_too_large(message.get("bytes") or b""):
            self._connection.close(_TOO_LARGE, "the message is too large")

    async def _has_turn(self) -> bool:
        """Wait for it. False when the client has left meanwhile."""
        due = asyncio.get_running_loop().time() + max(bucket.reserve() for bucket in self._buckets)
        while (seconds := due - asyncio.get_running_loop().time()) > 0 and not self._connection.has_left:
            await asyncio.sleep(min(seconds, _LOOK_SECONDS))
        self._turn = await self._turns.take(self._address)
        if self._connection.has_left:
            self.end_turn()
        return self._turn is not None

    def end_turn(self) -> None:
        if self._turn is not None:
            self._turn.end()
            self._turn = None
