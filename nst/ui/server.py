"""What the server adds to the pages: the owner's cookie, pictures by address, readiness, and a worker for as long as the app lives."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp
from streamlit.runtime.pages_manager import PagesManager

from nst.preview import Previews
from nst.settings import Settings
from nst.ui import media, tries
from nst.ui.downloads import OwnDownloads
from nst.ui.owner import OwnerCookie
from nst.ui.studio import OwnWorker, previews_of, service_of

_HEAD_START = 15.0
"""Seconds that previews have to themselves at most: paintings do not hang on them."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: ASGIApp) -> AsyncIterator[None]:
    settings = Settings()
    # Streamlit itself notes so with the first visit: before, a page asked for by its address runs without the entry script, its widgets
    # have other identities than a moment later, and the first click is lost.
    PagesManager.uses_pages_directory = False
    worker = OwnWorker(settings) if settings.own_worker and settings.backend != "redis" else None  # a fleet's workers run elsewhere
    previews = previews_of(settings)
    previews.warm_up()
    starting = asyncio.create_task(_start(worker, previews)) if worker is not None else None
    try:
        yield
    finally:
        previews.close()
        if worker is not None and starting is not None:
            await starting
            worker.stop()


async def _start(worker: OwnWorker, previews: Previews) -> None:
    """Once previews are ready: on two cores, loading both models at a time takes twice as long, and a visitor's first wish is a preview."""
    await asyncio.to_thread(previews.wait_until_warm, _HEAD_START)
    try:
        worker.start()
    except OSError:
        log.exception("the worker could not be started; what is submitted waits")


def routes() -> list[BaseRoute]:
    return [
        Route("/pictures/{job_id}/{kind}", media.picture),
        Route("/styles/{style_id}", media.style),
        Route("/samples/{name}", media.sample),
        Route("/tries/{token}", tries.sketch),
        Route("/readyz", readyz),
    ]


def middleware() -> list[Middleware]:
    return [Middleware(OwnerCookie, embedded=Settings().embedded), Middleware(OwnDownloads)]


def readyz(_request: Request) -> Response:
    """Whether visitors can be served: the stores answer. That a worker is there is shown, and not asked for: jobs wait."""
    try:
        status = service_of(Settings()).status()
    except Exception:  # whatever a store raises when it is away
        log.exception("not ready")
        return JSONResponse({"ready": False}, 503)
    return JSONResponse({"ready": True, "workers": len(status.workers)})
