"""The files behind download links. As for pictures, the service checks each request with the owner from its cookie."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from nst import images
from nst.domain import Job
from nst.errors import ObjectMissing, PasticheError, StoreUnavailable
from nst.http_responses import PRIVATE
from nst.service import Service
from nst.timelapse import animation
from nst.ui import owner, singletons
from nst.ui.download_slots import DownloadSlots
from nst.ui.downloads import PICTURES, File, file_name
from nst.ui.media import not_found
from nst.ui.recipes import file_of, recipe_of

_slots = DownloadSlots(at_a_time=16, of_network=8)


def content_of(service: Service, job: Job, viewer: str, file: File) -> bytes:
    """
    Raises:
        UnknownJob, ObjectMissing: when the viewer cannot have it, or there is none.
    """
    if file is File.RECIPE:
        return file_of(recipe_of(job))
    if file in PICTURES:
        return images.printable(service.result(job.id, viewer), PICTURES[file])
    film = service.timelapse(job.id, viewer)
    if film is None:
        raise ObjectMissing("There is no time-lapse of this painting.")
    return film if file is File.MP4 else animation(film)


class DownloadRoute:
    """A file of a painting at an address that stays, for its owner, and for everybody if it is published."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await _slots.send(request, partial(run_in_threadpool, _response, request), send)


def _response(request: Request) -> Response:
    service, viewer = singletons.service(), owner.in_headers(request.headers)
    try:
        file = File(request.path_params["file"])
        job = service.get(request.path_params["job_id"], viewer)
        data = content_of(service, job, viewer, file) if request.method == "GET" else b""
    except StoreUnavailable as error:
        return PlainTextResponse(str(error), 503, {"Cache-Control": "no-store"})
    except (ValueError, PasticheError):
        return not_found()
    name = file_name(job, viewer, file.suffix)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": PRIVATE, "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=file.media_type, headers=headers)
