"""What the server adds to the pages: routes for pictures and readiness, middleware, and a worker that runs as long as the app."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from nst import allocator, logs
from nst.http_responses import readiness
from nst.http_security import KnownHosts, LocalPages, NoMetrics, SecurityHeaders
from nst.preview import Previews
from nst.ui import garbage, index_page, media, singletons, sketch_addresses, urls
from nst.ui.archives import ArchiveRoute
from nst.ui.compression import CompressedScripts
from nst.ui.download_files import DownloadRoute
from nst.ui.downloads import PrivateDownloads
from nst.ui.owner import OwnerCookie
from nst.ui.urls import RootPathMiddleware
from nst.worker.own_worker import OwnWorker

_HEAD_START = 15.0  # seconds that the worker waits at most for previews to be ready; paintings do not depend on them

_SWITCH_SECONDS = 0.001
"""Instead of Python's 0.005: each thread that computes holds up the event loop for as long, and pages have a thread each."""


def configure_logs() -> None:
    """The log in the chosen format. Streamlit reports errors of pages, too, which `frame.show_apology` does with the job's id."""
    logs.configure(singletons.settings().log_format)
    config.set_option("logger.enableRich", False)
    logging.getLogger("streamlit.error_util").addFilter(lambda record: record.msg != "Uncaught app execution")


@asynccontextmanager
async def lifespan(_app: ASGIApp) -> AsyncIterator[None]:
    settings = singletons.settings()
    # Streamlit sets this with the first visit. Until then, a page requested by its URL runs without the entry script: its widgets have
    # other identities than in the next run, and the visitor's first click is lost.
    PagesManager.uses_pages_directory = False
    worker = OwnWorker(settings) if settings.brings_worker else None
    sys.setswitchinterval(_SWITCH_SECONDS)
    allocator.give_back_large_blocks()
    config.set_option("server.maxUploadSize", settings.max_bytes // 2**20 + 1)  # in MiB; the form around a file counts, too
    previews = singletons.previews()
    previews.warm_up()
    garbage.configure()
    starting = asyncio.create_task(_start(worker, previews))
    collecting = asyncio.create_task(_collect_garbage(starting))
    try:
        yield
    finally:
        collecting.cancel()
        previews.close()
        singletons.close_service()
        await starting
        if worker is not None:
            worker.stop()


async def _start(worker: OwnWorker | None, previews: Previews) -> None:
    """Starts the worker after the previews: on two cores, loading both models at once would delay the first preview."""
    await asyncio.to_thread(previews.wait_until_warm, _HEAD_START)
    if worker is not None:
        worker.start()


async def _collect_garbage(starting: asyncio.Task[None]) -> None:
    await asyncio.wait([starting])
    await garbage.collect()


def routes() -> list[BaseRoute]:
    """The routes below the base path. `/readyz` is also served at the root, where a supervisor asks for it."""
    base = urls.configured_base_path()
    pictures = [
        Route(f"{base}/pictures/{{job_id}}/{{kind}}", media.job_picture),
        Route(f"{base}/styles/{{style_id}}", media.style),
        Route(f"{base}/samples/{{name}}", media.sample),
        Route(f"{base}/sketches/{{token}}", sketch_addresses.sketch),
        Route(f"{base}/downloads/{{job_id}}/{{file}}", DownloadRoute(), methods=["GET"]),
        Route(f"{base}/archives/paintings.zip", ArchiveRoute(), methods=["GET"]),
    ]
    # Without these, Streamlit would answer other URLs below these paths with its page.
    kinds = ("pictures", "styles", "samples", "sketches", "downloads", "archives")
    others = [Route(f"{base}/{kind}/{{rest:path}}", media.no_route) for kind in kinds]
    entry = [Route(base, _redirect_to_entry)] if base else []
    return [
        *entry,
        *index_page.routes(base),
        *pictures,
        *others,
        *(Route(f"{place}/readyz", readyz) for place in dict.fromkeys((base, ""))),
        index_page.UnknownPage(f"{base}/{{page:path}}", index_page.not_found),
    ]


def _redirect_to_entry(request: Request) -> Response:
    """Adds the trailing slash. Without a host: the request's may be the name that a proxy uses internally."""
    return RedirectResponse(f"{quote(urls.configured_base_path())}/{f'?{request.url.query}' if request.url.query else ''}", 307)


def middleware() -> list[Middleware]:
    settings = singletons.settings()
    cookie = Middleware(OwnerCookie, embedded=settings.embedded)
    frames = settings.frame_sites if settings.embedded else ()
    headers = Middleware(SecurityHeaders, frames=frames, scripts=index_page.script_sources())
    hosts = [Middleware(KnownHosts, allowed_hosts=settings.hosts, www_redirect=False)] if settings.hosts else []
    return [
        headers,
        *hosts,
        Middleware(LocalPages),
        Middleware(NoMetrics),
        Middleware(RootPathMiddleware),
        cookie,
        Middleware(PrivateDownloads),
        Middleware(CompressedScripts),
    ]


def readyz(_request: Request) -> Response:
    return readiness(singletons.service().status)
