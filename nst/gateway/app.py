"""Builds the gateway: handlers, transports (socket.io and REST), job notifier and webhook sender, as routes of an ASGI application."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nst.gateway import rest
from nst.gateway.connections import ConnectionRegistry, max_per_address
from nst.gateway.guard import open_files
from nst.gateway.guard.memory_budget import InboundBudget, Timeouts
from nst.gateway.guard.packet_filter import PacketFilter
from nst.gateway.guard.page_sockets import PageSockets
from nst.gateway.guard.slow_readers import SlowReaders, SlowReadersMiddleware
from nst.gateway.guard.uploads import UploadBudget, UploadLimit, UploadStore
from nst.gateway.guard.websocket_backpressure import GuardMiddleware, WebSocketGuard
from nst.gateway.handlers import Handlers
from nst.gateway.notifier import JobNotifier
from nst.gateway.pools import ThreadPools
from nst.gateway.requests import message_limit
from nst.gateway.socketio_server import EventNamespace, create_server
from nst.gateway.urls import API_PATH, SOCKETIO_PATH
from nst.gateway.webhooks.delivery import WebhookSender
from nst.gateway.webhooks.safe_http import PublicHttpClient
from nst.http_responses import readiness
from nst.http_security import KnownHosts, SecurityHeaders
from nst.service import Service
from nst.settings import Settings

MAX_MESSAGE_FACTOR = 3  # times the limit: WebSocket messages up to this size are read, and answered with an error
_CONNECTION_CHECK_SECONDS = 2.0

log = logging.getLogger(__name__)


class Gateway:
    """One for a process. It starts with the first request, or with `running` where a server has a lifespan."""

    def __init__(self, service: Service, settings: Settings, timeouts: Timeouts | None = None) -> None:
        self._settings = settings
        limit = message_limit(settings.max_bytes)
        self._budget = budget = InboundBudget(settings.incoming_bytes, limit, timeouts)
        self._uploads: UploadBudget | None = None
        client, server = PublicHttpClient(settings.webhooks_inside), create_server(settings)
        self._service, self._pools = service, ThreadPools()
        self._guard = WebSocketGuard(budget, MAX_MESSAGE_FACTOR * limit)
        self._slow_readers = SlowReaders(settings.incoming_bytes // 2, budget.timeouts)
        self._connections = ConnectionRegistry(server, settings)
        self._webhooks = WebhookSender(service, self._pools, client)
        self._notifier = JobNotifier(service, self._pools, self._connections, self._webhooks.wake)
        handlers = Handlers(service, settings, self._pools, client)
        EventNamespace(server, handlers, self._connections, self._notifier.watch)
        self._socketio = PacketFilter(server.eio.handle_request, budget, limit, self._connections.is_full, max_per_address(settings))
        self._rest = rest.create_app(handlers, budget)
        self._tasks: list[asyncio.Task[None]] = []

    def routes(self, base: str = "") -> list[BaseRoute]:
        """/socket.io, /api and /healthz.

        Args:
            base: a path that all of them begin with: "/studio".
        """
        api = Mount(f"{base}{API_PATH}", app=self._slow_readers.wrap(self._starting(self._rest)))
        api.path_regex = re.compile(api.path_regex.pattern, re.DOTALL)  # so that the API itself answers paths with a newline
        return [
            Mount(f"{base}{SOCKETIO_PATH}", app=self._guard.wrap(self._starting(self._socketio))),
            api,
            Route(f"{base}/healthz", _healthz),
        ]

    def readiness(self) -> BaseRoute:
        """/readyz, for an application that has none of its own."""
        return Route("/readyz", self._readyz)

    def middleware(self, computing_scripts: Callable[[], int], files: UploadStore) -> list[Middleware]:
        """For an application with Streamlit's pages, which then share the memory budget and have the same limits, counted apart.

        Args:
            computing_scripts: how many scripts of pages compute at this moment.
            files: what pages have uploaded.
        """
        most = {"max_pages": self._settings.connections, "max_per_address": self._settings.connections_per_address}
        self._uploads = UploadBudget(files, self._settings.max_bytes, self._settings.incoming_bytes)
        return [
            Middleware(SlowReadersMiddleware, readers=self._slow_readers),
            Middleware(GuardMiddleware, guard=self._guard),
            Middleware(PageSockets, computing=computing_scripts, **most),
            Middleware(UploadLimit, budget=self._budget, uploads=self._uploads, max_bytes=self._settings.max_bytes),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.start()
        try:
            yield
        finally:
            await self.stop()

    def start(self) -> None:
        """Call it within the server's event loop. A second call has no effect."""
        if not self._tasks:
            open_files.allow_connections(self._settings.connections)
            loops = (self._notifier.run, self._webhooks.run, self._close_overdue_connections)
            self._tasks = [asyncio.create_task(loop()) for loop in loops]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pools.close()

    async def _close_overdue_connections(self) -> None:
        while True:
            await asyncio.sleep(_CONNECTION_CHECK_SECONDS)
            try:
                self._guard.close_overdue()
                self._slow_readers.close_overdue()
                if self._uploads is not None:
                    self._uploads.release()
                await self._connections.close_idle(self._notifier.is_watching)
            except Exception:
                log.exception("overdue connections could not be closed")

    def _starting(self, app: ASGIApp) -> ASGIApp:
        async def start_and_call(scope: Scope, receive: Receive, send: Send) -> None:
            self.start()
            await app(scope, receive, send)

        return start_and_call

    async def _readyz(self, _request: Request) -> Response:
        return await self._pools.read(lambda: readiness(self._service.status, connections=len(self._connections)))


def routes(service: Service, settings: Settings) -> list[BaseRoute]:
    """For an application that has other routes, and possibly no lifespan."""
    gateway = Gateway(service, settings)
    return [*gateway.routes(), gateway.readiness()]


def standalone(gateway: Gateway, hosts: Sequence[str] = ()) -> Starlette:
    """An application that is only the gateway.

    Args:
        hosts: NST_HOSTS.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with gateway.running():
            yield

    known = [Middleware(KnownHosts, allowed_hosts=hosts, www_redirect=False)] if hosts else []
    return Starlette(routes=[*gateway.routes(), gateway.readiness()], lifespan=lifespan, middleware=[Middleware(SecurityHeaders), *known])


def _healthz(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"healthy": True})
