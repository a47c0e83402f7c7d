"""The gateway put together: two doors, a desk, a herald and a courier, as routes for a server of its own or beside others' routes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nst.gateway.contract import message_limit
from nst.gateway.courier import Courier
from nst.gateway.desk import Desk
from nst.gateway.herald import Herald
from nst.gateway.lines import Lines, Measured
from nst.gateway.rest import rest
from nst.gateway.room import Patience, Room
from nst.gateway.sockets import open_sockets
from nst.gateway.views import PREFIX
from nst.service import Service
from nst.settings import Settings

LARGEST = 3  # times what is taken: so large may a message over a WebSocket be, so that its sender can be told that it is too large
_LOOK_AFTER_SECONDS = 2.0

log = logging.getLogger(__name__)


class Gateway:
    """One for a process. It works from the first request on, or from `running` on, where a server has a lifespan for it.

    Its routes lie at /socket.io, /api, /healthz and /readyz.
    """

    def __init__(self, service: Service, settings: Settings, patience: Patience | None = None) -> None:
        limit = message_limit(settings.max_bytes)
        room = Room(settings.incoming_bytes, limit, patience)
        self._lines = Lines(room, LARGEST * limit)
        self._desk = Desk(service, settings)
        self._sockets, self._door = open_sockets(self._desk, room, self._watch)
        self._rest = rest(self._desk, room)
        self._courier: Courier | None = None
        self._herald: Herald | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def routes(self) -> list[BaseRoute]:
        return [
            Mount("/socket.io", app=self._lines.around(self._awake(self._door))),
            Mount(PREFIX, app=self._awake(self._rest)),
            Route("/healthz", _healthz),
            Route("/readyz", self._readyz),
        ]

    def middleware(self) -> list[Middleware]:
        """For an application whose other WebSockets should find no more room than programs do."""
        return [Middleware(Measured, lines=self._lines)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Within the server's event loop. A second call changes nothing."""
        if self._tasks:
            return
        self._courier = Courier(self._desk)
        self._herald = Herald(self._desk, self._sockets, self._courier.wake)
        works = (self._herald.run, self._courier.run, self._look_after_connections)
        self._tasks = [asyncio.create_task(work()) for work in works]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._desk.close()

    def _watch(self, connection: str, job_id: str, viewer: str) -> None:
        if self._herald is not None:
            self._herald.watch(connection, job_id, viewer)

    async def _look_after_connections(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AFTER_SECONDS)
            try:
                self._lines.look_after()
                await self._sockets.look_after(self._is_watching)
            except Exception:
                log.exception("connections could not be looked after")

    def _is_watching(self, connection: str) -> bool:
        return self._herald is not None and self._herald.is_watching(connection)

    def _awake(self, app: ASGIApp) -> ASGIApp:
        async def awake(scope: Scope, receive: Receive, send: Send) -> None:
            self.start()
            await app(scope, receive, send)

        return awake

    async def _readyz(self, _request: Request) -> Response:
        """Whether programs can be served: the stores answer. That a worker is there is shown, and not asked for: jobs wait."""
        try:
            status = await self._desk.read(self._desk.service.status)
        except Exception:  # whatever a store raises when it is away
            log.exception("not ready")
            return JSONResponse({"ready": False}, 503)
        return JSONResponse({"ready": True, "workers": len(status.workers), "connections": self._sockets.count})


def routes(service: Service, settings: Settings) -> list[BaseRoute]:
    """For an application that has other routes as well, and perhaps no lifespan to spare."""
    return Gateway(service, settings).routes()


def alone(gateway: Gateway) -> Starlette:
    """An application that is nothing else."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with gateway.running():
            yield

    return Starlette(routes=gateway.routes(), lifespan=lifespan)


def _healthz(_request: Request) -> Response:
    """That the process answers is the answer."""
    return JSONResponse({"healthy": True})
