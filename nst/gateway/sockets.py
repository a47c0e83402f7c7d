"""The socket.io door: connections, events in, acknowledgements out. What an event does is the desk's business."""

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import socketio

from nst.errors import InvalidRequest, PasticheError, TooManyConnections, TooManyEvents
from nst.gateway import contract, views
from nst.gateway.callers import Caller, recognise
from nst.gateway.codes import refusal
from nst.gateway.contract import JobRequest, PageRequest, SocketSubmission, parse
from nst.gateway.desk import Desk
from nst.gateway.limits import Bucket, address_of
from nst.gateway.room import Room
from nst.gateway.sieve import OVERSIZED, TANGLED, TOO_LARGE, Sieve, count_down
from nst.settings import Settings

# A connection is one line: the answer to a ping lies behind the photo that is being sent, and is not read while one is being dealt with.
PING_SECONDS, PING_PATIENCE = 25, 60
MOST_REFUSED = 100  # more events beyond the budget than within it, that are answered; then the connection is closed
MOST_UNREAD = 500  # messages that lie ready for a connection that does not read them
MOST_UNGREETED = 20  # connections of one address that have not said yet what they are for, beside as many as it may have of those that have
GREETING_SECONDS = 45.0  # for which an engine.io connection may be silent before it says what it is for, as the JavaScript server has it

# What goes there is what strangers send that no library understands; our own failures are logged where they happen.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.CRITICAL)

Ack = tuple[Any, ...]


@dataclass
class Connection:
    """
    Attributes:
        base: what addresses begin with for a program that has come this way.
    """

    caller: Caller
    base: str
    budget: Bucket
    engine_id: str
    spoke: float = field(default_factory=time.monotonic)
    refused: int = 0


class Sockets(socketio.AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """All events of all connections. Also the herald's audience.

    Args:
        watch: begins to tell a connection of a job; called when its acknowledgement is on its way.
    """

    def __init__(self, desk: Desk, server: socketio.AsyncServer, watch: Callable[[str, str, str], None]) -> None:
        super().__init__("/")
        self._desk, self._settings, self._watch = desk, desk.settings, watch
        self._engine = server.eio
        self._connections: dict[str, Connection] = {}
        self._addresses: Counter[str] = Counter()
        self._bases: Counter[str] = Counter()
        self._silent_since: dict[str, float] = {}
        self._events: dict[str, Callable[[str, Connection, Any], Awaitable[Ack]]] = {
            contract.TRANSFER_STYLE: self._transfer_style,
            contract.LIST_STYLES: self._list_styles,
            contract.LIST_IMAGES: self._list_images,
            contract.WATCH_JOB: self._watch_job,
            contract.CANCEL_TRANSFER: self._cancel_transfer,
        }
        server.register_namespace(self)

    def is_full(self, address: str) -> bool:
        """Whether no more engine.io connections are taken, at all or from this address, whatever they may say they are for."""
        if len(self._engine.sockets) >= self._settings.connections:
            return True
        environs = [self.server.environ.get(one) for one in list(self._engine.sockets)]
        there = sum(address_of(environ["asgi.scope"]) == address for environ in environs if environ)
        return there >= most_at_an_address(self._settings)

    @property
    def count(self) -> int:
        return len(self._connections)

    def base_of(self, connection: str) -> str | None:
        known = self._connections.get(connection)
        return known.base if known else None

    def bases(self) -> Iterable[str]:
        return list(self._bases)

    async def tell(self, connection: str, event: str, body: dict[str, Any]) -> None:
        await self.emit(event, body, to=connection)

    async def tell_all(self, base: str, event: str, body: dict[str, Any]) -> None:
        await self.emit(event, body, room=_everybody_at(base))

    async def trigger_event(self, event: Any, *args: Any) -> Any:
        """Everything comes by here. A client may call its event `connect` or `disconnect`: it is told by what only the library has."""
        sid = args[0]
        if event == "connect" and sid not in self._connections and len(args) > 1 and args[1] is self.server.get_environ(sid):
            return await self._connect(sid, args[1], args[2] if len(args) > 2 else None)
        if event == "disconnect" and not self.server.manager.is_connected(sid, self.namespace):
            return self._disconnect(sid)
        return await self._answer(sid, event, args[1:])

    async def look_after(self, is_watching: Callable[[str], bool]) -> None:
        """Closes connections that do not read, do not speak, or never said what they are for."""
        now = time.monotonic()
        idle = self._settings.idle_seconds
        for sid, known in list(self._connections.items()):
            if idle is not None and now - known.spoke > idle and not is_watching(sid):
                await self.disconnect(sid)
        greeted = {known.engine_id for known in self._connections.values()}
        self._silent_since = {one: self._silent_since.get(one, now) for one in self._engine.sockets if one not in greeted}
        overdue = {one for one, since in self._silent_since.items() if now - since > GREETING_SECONDS}
        unread = {one for one, socket in self._engine.sockets.items() if socket.queue.qsize() > MOST_UNREAD}
        for one in overdue | unread:
            await self._hang_up(one)

    async def _hang_up(self, engine_id: str) -> None:
        """Not the library's way, which waits until everything is read."""
        socket = self._engine.sockets.get(engine_id)
        if socket is not None:
            await socket.close(wait=False, abort=True)
            while not socket.queue.empty():
                socket.queue.get_nowait()
            socket.queue.put_nowait(None)  # its writer leaves

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        try:
            connection = self._recognised(sid, environ, auth)
        except PasticheError as error:
            answer = refusal(error)
            raise socketio.exceptions.ConnectionRefusedError(answer["error"], answer) from None
        self._connections[sid] = connection
        self._addresses[connection.caller.address] += 1
        self._bases[connection.base] += 1
        await self.enter_room(sid, _everybody_at(connection.base))

    def _recognised(self, sid: str, environ: dict[str, Any], auth: Any) -> Connection:
        scope = environ["asgi.scope"]
        address = address_of(scope)
        if self._addresses[address] >= self._settings.connections_per_address:
            raise TooManyConnections("There are too many connections from this address. Close some, and try again.")
        caller = recognise(_key(environ, auth), address, self._settings)
        base = views.base(self._settings, scope["scheme"], environ.get("HTTP_HOST", ""))
        engine_id = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        return Connection(caller, base, Bucket(self._settings.events_per_second), engine_id)

    def _disconnect(self, sid: str) -> None:
        connection = self._connections.pop(sid, None)
        if connection is not None:
            count_down(self._addresses, connection.caller.address)
            count_down(self._bases, connection.base)

    async def _answer(self, sid: str, event: Any, arguments: tuple[Any, ...]) -> Ack:
        """(error, data), whatever has come and whatever happens."""
        connection = self._connections.get(sid)
        if connection is None:  # it has left meanwhile
            return (refusal(InvalidRequest("This connection is closed.")),)
        connection.spoke = time.monotonic()
        try:
            await self._charge(connection)
            return await self._handler(event)(sid, connection, arguments[0] if arguments else None)
        except Exception as error:
            return (refusal(error),)

    async def _charge(self, connection: Connection) -> None:
        if connection.budget.take():
            connection.refused = max(0, connection.refused - 1)
            return
        connection.refused += 1
        if connection.refused > MOST_REFUSED:
            await self._hang_up(connection.engine_id)
        raise TooManyEvents(f"At most {self._settings.events_per_second:g} events a second are taken on a connection. Slow down.")

    def _handler(self, event: Any) -> Callable[[str, Connection, Any], Awaitable[Ack]]:
        if event == OVERSIZED:
            raise contract.too_large(self._settings.max_bytes)
        if event == TANGLED:
            raise contract.too_tangled()
        known = self._events.get(event) if isinstance(event, str) else None
        if known is None:
            raise InvalidRequest(f"There is no such event. There are {', '.join(self._events)}.")
        return known

    async def _transfer_style(self, sid: str, connection: Connection, body: Any) -> Ack:
        submission = parse(SocketSubmission, body)
        if submission.image == TOO_LARGE:
            raise contract.too_large(self._settings.max_bytes)
        view = await self._desk.submit(connection.caller, submission, connection.base)
        job_id = view["requestId"]
        self._watch(sid, job_id, connection.caller.owner_of(job_id))
        return None, {"requestId": job_id}

    async def _list_styles(self, _sid: str, connection: Connection, _body: Any) -> Ack:
        return None, [style["url"] for style in await self._desk.styles(connection.base)]

    async def _list_images(self, _sid: str, connection: Connection, body: Any) -> Ack:
        """A third value of the acknowledgement says where the next page begins."""
        page = await self._desk.images(parse(PageRequest, {} if body is None else body), connection.base)
        return None, [entry["result"] for entry in page["images"]], {"cursor": page["cursor"]}

    async def _watch_job(self, sid: str, connection: Connection, body: Any) -> Ack:
        job_id = parse(JobRequest, body).requestId
        view = await self._desk.look(connection.caller, job_id, connection.base)
        self._watch(sid, job_id, await self._desk.viewer(connection.caller, job_id))
        return None, view

    async def _cancel_transfer(self, _sid: str, connection: Connection, body: Any) -> Ack:
        return None, await self._desk.cancel(connection.caller, parse(JobRequest, body).requestId, connection.base)


def most_at_an_address(settings: Settings) -> int:
    return settings.connections_per_address + MOST_UNGREETED


def open_sockets(desk: Desk, room: Room, watch: Callable[[str, str, str], None]) -> tuple[Sockets, Sieve]:
    """The connections, and the ASGI application that they come in by."""
    limit = contract.message_limit(desk.settings.max_bytes)
    server = socketio.AsyncServer(
        async_mode="asgi",
        async_handlers=False,  # one event of a connection after the other; what is sent meanwhile waits at its sender
        cors_allowed_origins=partial(_is_welcome, desk.settings.origins),
        cors_credentials=False,
        max_http_buffer_size=limit,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_PATIENCE,
        http_compression=False,
        logger=_wire_log,
        engineio_logger=_wire_log,
    )
    sockets = Sockets(desk, server, watch)
    return sockets, Sieve(server.eio.handle_request, room, limit, sockets.is_full, most_at_an_address(desk.settings))


def _is_welcome(allowed: tuple[str, ...], origin: str, environ: dict[str, Any]) -> bool:
    """Pages of the server's own origin are, and of those that are named. Programs that are no pages send none."""
    scheme = environ["asgi.scope"]["scheme"].replace("ws", "http")
    return origin in allowed or "*" in allowed or origin == f"{scheme}://{environ.get('HTTP_HOST', '')}"


def _key(environ: dict[str, Any], auth: Any) -> str | None:
    """
    Raises:
        InvalidRequest: when what the client sent along is something else.
    """
    kind, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "bearer" and value:
        return str(value).strip()
    if auth is None:
        return None
    if not isinstance(auth, dict) or not isinstance(auth.get("key", ""), str):
        raise InvalidRequest("auth may be {key: an API key}, or be left out.")
    return auth.get("key")


def _everybody_at(base: str) -> str:
    return f"everybody at {base}"
