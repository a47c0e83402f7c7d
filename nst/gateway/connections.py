"""The socket.io connections of this process: how many there may be, what is sent to them, and which are closed."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import socketio

from nst.errors import TooManyConnections
from nst.gateway.auth import Principal
from nst.gateway.guard.rate_limits import TokenBucket, client_address, decrement
from nst.settings import Settings

NAMESPACE = "/"
MAX_UNREAD = 500
"""Messages that are queued for a connection that does not read them."""
MAX_PENDING_HANDSHAKES = 20
"""Engine.IO connections per address without a Socket.IO handshake, in addition to the limit for completed ones."""
HANDSHAKE_SECONDS = 45.0
"""Until an Engine.IO connection must have completed the Socket.IO handshake: the limit of the JavaScript server."""


@dataclass
class Connection:
    """
    Attributes:
        base: what URLs begin with for a program that has connected this way.
        last_event: when it has sent one.
        refused: how many more events were refused than accepted.
    """

    principal: Principal
    base: str
    rate: TokenBucket
    engine_id: str
    last_event: float = field(default_factory=time.monotonic)
    refused: int = 0


class ConnectionRegistry:
    """All connections by Socket.IO session id."""

    def __init__(self, server: socketio.AsyncServer, settings: Settings) -> None:
        self._server, self._engine, self._settings = server, server.eio, settings
        self._connections: dict[str, Connection] = {}
        self._addresses: Counter[str] = Counter()
        self._bases: Counter[str] = Counter()
        self._pending_since: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def get(self, sid: str) -> Connection | None:
        return self._connections.get(sid)

    def is_full(self, address: str) -> bool:
        """Whether no more Engine.IO connections are accepted, at all or from this address."""
        if len(self._engine.sockets) >= self._settings.connections:
            return True
        environs = [self._server.environ.get(one) for one in list(self._engine.sockets)]
        count = sum(client_address(environ["asgi.scope"]) == address for environ in environs if environ)
        return count >= max_per_address(self._settings)

    def check(self, address: str) -> None:
        """
        Raises:
            TooManyConnections: when the address has used up its share.
        """
        if self._addresses[address] >= self._settings.connections_per_address:
            raise TooManyConnections("There are too many connections from this address. Close some, and try again.")

    async def add(self, sid: str, connection: Connection) -> None:
        self._connections[sid] = connection
        self._addresses[connection.principal.address] += 1
        self._bases[connection.base] += 1
        await self._server.enter_room(sid, _room(connection.base), NAMESPACE)

    def remove(self, sid: str) -> None:
        connection = self._connections.pop(sid, None)
        if connection is not None:
            decrement(self._addresses, connection.principal.address)
            decrement(self._bases, connection.base)

    def base_of(self, connection: str) -> str | None:
        """What URLs for this connection begin with; None when it is closed."""
        known = self._connections.get(connection)
        return known.base if known else None

    def bases(self) -> Iterable[str]:
        return list(self._bases)

    async def send(self, connection: str, event: str, body: dict[str, Any]) -> None:
        await self._server.emit(event, body, to=connection, namespace=NAMESPACE)

    async def broadcast(self, base: str, event: str, body: dict[str, Any]) -> None:
        await self._server.emit(event, body, room=_room(base), namespace=NAMESPACE)

    async def close_idle(self, is_watching: Callable[[str], bool]) -> None:
        """Close connections that do not read, send nothing and watch nothing, or never completed the handshake."""
        now = time.monotonic()
        idle = self._settings.idle_seconds
        for sid, known in list(self._connections.items()):
            if idle is not None and now - known.last_event > idle and not is_watching(sid):
                await self._server.disconnect(sid, NAMESPACE)
        completed = {known.engine_id for known in self._connections.values()}
        self._pending_since = {one: self._pending_since.get(one, now) for one in self._engine.sockets if one not in completed}
        overdue = {one for one, since in self._pending_since.items() if now - since > HANDSHAKE_SECONDS}
        unread = {one for one, socket in self._engine.sockets.items() if socket.queue.qsize() > MAX_UNREAD}
        for one in overdue | unread:
            await self.abort(one)

    async def abort(self, engine_id: str) -> None:
        """Close at once. The library's own way waits until the client has read everything."""
        socket = self._engine.sockets.get(engine_id)
        if socket is not None:
            await socket.close(wait=False, abort=True)
            while not socket.queue.empty():
                socket.queue.get_nowait()
            socket.queue.put_nowait(None)  # ends the task that writes


def max_per_address(settings: Settings) -> int:
    """Engine.IO connections, before and after the handshake."""
    return settings.connections_per_address + MAX_PENDING_HANDSHAKES


def _room(base: str) -> str:
    """The room of socket.io for everybody whose URLs begin with `base`."""
    return f"everybody at {base}"
