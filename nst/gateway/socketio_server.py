"""The socket.io transport: events in, acknowledgements out. `Handlers` does what an event asks for."""

import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import socketio

from nst.errors import InvalidRequest, PasticheError, TooManyEvents
from nst.gateway import requests
from nst.gateway.auth import authenticate
from nst.gateway.connections import NAMESPACE, Connection, ConnectionRegistry
from nst.gateway.error_codes import error_body
from nst.gateway.guard.packet_filter import OVERSIZED, OVERSIZED_ATTACHMENT, TOO_MANY_PARTS
from nst.gateway.guard.rate_limits import TokenBucket, client_address
from nst.gateway.handlers import Handlers
from nst.gateway.requests import JobRequest, PageRequest, SocketSubmission, parse
from nst.gateway.urls import base_url, style_url
from nst.settings import Settings

# Messages of a connection are read one after the other: the answer to a ping waits behind a photo that is being sent or handled.
PING_SECONDS, PING_TIMEOUT = 25, 60
MAX_REFUSED = 100
"""Events beyond the rate that are answered with an error; then the connection is closed."""

# The library logs malformed packets here; our own errors are logged where they happen.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.CRITICAL)

Ack = tuple[Any, ...]
"""The arguments of an acknowledgement: (error, data)."""


class EventNamespace(socketio.AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """All events of all connections.

    Args:
        watch: sends events of a job (id, viewer) to a connection from now on.
    """

    def __init__(
        self,
        server: socketio.AsyncServer,
        handlers: Handlers,
        connections: ConnectionRegistry,
        watch: Callable[[str, str, str], None],
    ) -> None:
        super().__init__(NAMESPACE)
        self._handlers, self._connections, self._watch = handlers, connections, watch
        self._settings = handlers.settings
        self._events: dict[str, Callable[[str, Connection, Any], Awaitable[Ack]]] = {
            requests.TRANSFER_STYLE: self._transfer_style,
            requests.LIST_STYLES: self._list_styles,
            requests.LIST_IMAGES: self._list_images,
            requests.WATCH_JOB: self._watch_job,
            requests.CANCEL_TRANSFER: self._cancel_transfer,
        }
        server.register_namespace(self)

    async def trigger_event(self, event: Any, *args: Any) -> Any:
        """Called for everything. A client may name its event `connect` or `disconnect`: only the library has the environ."""
        sid = args[0]
        is_new = event == "connect" and self._connections.get(sid) is None
        if is_new and len(args) > 1 and args[1] is self.server.get_environ(sid):
            return await self._connect(sid, args[1], args[2] if len(args) > 2 else None)
        if event == "disconnect" and not self.server.manager.is_connected(sid, self.namespace):
            return self._connections.remove(sid)
        return await self._acknowledgement(sid, event, args[1:])

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        try:
            connection = self._authenticated(sid, environ, auth)
        except PasticheError as error:
            body = error_body(error)
            raise socketio.exceptions.ConnectionRefusedError(body["error"], body) from None
        await self._connections.add(sid, connection)

    def _authenticated(self, sid: str, environ: dict[str, Any], auth: Any) -> Connection:
        scope = environ["asgi.scope"]
        address = client_address(scope)
        self._connections.check(address)
        principal = authenticate(_key(environ, auth), address, self._settings)
        base = base_url(self._settings, scope["scheme"], environ.get("HTTP_HOST", ""), scope.get("root_path", ""))
        engine_id = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        return Connection(principal, base, TokenBucket(self._settings.events_per_second), engine_id)

    async def _acknowledgement(self, sid: str, event: Any, arguments: tuple[Any, ...]) -> Ack:
        """(error, data), whatever was sent and whatever happens."""
        connection = self._connections.get(sid)
        if connection is None:  # it was closed meanwhile
            return (error_body(InvalidRequest("This connection is closed.")),)
        connection.last_event = time.monotonic()
        try:
            await self._check_rate(connection)
            return await self._handler(event)(sid, connection, arguments[0] if arguments else None)
        except Exception as error:
            return (error_body(error),)

    async def _check_rate(self, connection: Connection) -> None:
        if connection.rate.take():
            connection.refused = max(0, connection.refused - 1)
            return
        connection.refused += 1
        if connection.refused > MAX_REFUSED:
            await self._connections.abort(connection.engine_id)
        raise TooManyEvents(f"At most {self._settings.events_per_second:g} events a second are accepted on a connection. Slow down.")

    def _handler(self, event: Any) -> Callable[[str, Connection, Any], Awaitable[Ack]]:
        if event == OVERSIZED:
            raise requests.too_large(self._settings.max_bytes)
        if event == TOO_MANY_PARTS:
            raise requests.too_many_parts()
        known = self._events.get(event) if isinstance(event, str) else None
        if known is None:
            raise InvalidRequest(f"There is no such event. Events are {', '.join(self._events)}.")
        return known

    async def _transfer_style(self, sid: str, connection: Connection, body: Any) -> Ack:
        submission = parse(SocketSubmission, body)
        if submission.image == OVERSIZED_ATTACHMENT:
            raise requests.too_large(self._settings.max_bytes)
        job = await self._handlers.submit(connection.principal, submission, connection.base)
        self._watch(sid, job.id, job.owner)
        return None, {"requestId": job.id}

    async def _list_styles(self, _sid: str, connection: Connection, _body: Any) -> Ack:
        return None, [style_url(entry, connection.base) for entry in await self._handlers.styles()]

    async def _list_images(self, _sid: str, connection: Connection, body: Any) -> Ack:
        """The acknowledgement has a third value: where the next page begins."""
        answer = await self._handlers.images(parse(PageRequest, {} if body is None else body), connection.base)
        return None, [image.result for image in answer.images], {"cursor": answer.cursor}

    async def _watch_job(self, sid: str, connection: Connection, body: Any) -> Ack:
        job = await self._handlers.look(connection.principal, parse(JobRequest, body).requestId)
        answer = await self._handlers.describe(job, connection.base)
        self._watch(sid, job.id, job.owner)
        return None, answer.as_json()

    async def _cancel_transfer(self, _sid: str, connection: Connection, body: Any) -> Ack:
        job = await self._handlers.cancel(connection.principal, parse(JobRequest, body).requestId)
        return None, (await self._handlers.describe(job, connection.base)).as_json()


def create_server(settings: Settings) -> socketio.AsyncServer:
    return socketio.AsyncServer(
        async_mode="asgi",
        async_handlers=False,  # a connection's events are handled one after the other; the next is not read before
        cors_allowed_origins=partial(_is_allowed_origin, _origins(settings)),
        cors_credentials=False,
        max_http_buffer_size=requests.message_limit(settings.max_bytes),
        ping_interval=PING_SECONDS,
        ping_timeout=PING_TIMEOUT,
        http_compression=False,
        logger=_wire_log,
        engineio_logger=_wire_log,
    )


def _origins(settings: Settings) -> tuple[str, ...]:
    """NST_ORIGINS, and our own public one: a proxy may call us by another name."""
    own = urlsplit(settings.public_url or "")
    return (*settings.origins, f"{own.scheme}://{own.netloc}") if own.netloc else settings.origins


def _is_allowed_origin(allowed: tuple[str, ...], origin: str, environ: dict[str, Any]) -> bool:
    """Pages of this server and of the origins in the settings. Programs that are not pages send no origin."""
    scheme = environ["asgi.scope"]["scheme"].replace("ws", "http")
    return origin in allowed or "*" in allowed or origin == f"{scheme}://{environ.get('HTTP_HOST', '')}"


def _key(environ: dict[str, Any], auth: Any) -> str | None:
    """The API key of the Authorization header, or of socket.io's `auth`.

    Raises:
        InvalidRequest: when `auth` has another form.
    """
    kind, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "bearer" and value:
        return str(value).strip()
    if auth is None:
        return None
    if not isinstance(auth, dict) or not isinstance(auth.get("key", ""), str):
        raise InvalidRequest("auth must be {key: an API key}, or be left out.")
    return auth.get("key")
