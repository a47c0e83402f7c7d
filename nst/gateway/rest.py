"""The REST transport, for programs without sockets. FastAPI validates requests and writes the OpenAPI description."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from nst import __version__
from nst.domain import AUTOMATIC, JOB_ID, MAX_REGIONS
from nst.errors import InvalidRequest, NotAllowed, ObjectMissing, PasticheError
from nst.gateway.answers import JobAnswer, LimitsAnswer, PageAnswer, Problem, StyleAnswer
from nst.gateway.auth import Principal, authenticate
from nst.gateway.error_codes import error_body, http_status
from nst.gateway.guard.body_limit import BodyLimit
from nst.gateway.guard.memory_budget import InboundBudget
from nst.gateway.guard.rate_limits import client_address
from nst.gateway.handlers import Handlers
from nst.gateway.head_requests import HeadRequests
from nst.gateway.media import Elsewhere, Picture
from nst.gateway.requests import PARAMS, LargerRequest, PageRequest, Submission, message_limit, validation_error
from nst.gateway.urls import base_url
from nst.http_responses import PRIVATE, REVALIDATED, entity_tag, is_known, may_redirect, picture, redirect, tagged
from nst.images import WEB_FORMATS, Format
from nst.timelapse import FilmFormat

POLL_SECONDS, MAX_WAIT_SECONDS = 0.5, 30.0
_FOR_MINUTES = "public, max-age=300"


def create_app(handlers: Handlers, budget: InboundBudget) -> FastAPI:
    """The application, to be mounted at /api."""
    settings = handlers.settings
    app = FastAPI(
        title="Pastiche",
        version=__version__,
        description="Turns a photo into a painting in the style of any picture.",
        docs_url=None,  # its page loads scripts from other sites
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["Authorization"]),
            Middleware(HeadRequests),
            Middleware(BodyLimit, budget=budget, limit=message_limit(settings.max_bytes), max_bytes=settings.max_bytes),
        ],
    )
    app.state.handlers = handlers
    for kind, respond in (
        (PasticheError, _error),
        (Exception, _error),
        (RequestValidationError, _invalid_request),
        (HTTPException, _http_error),
    ):
        app.add_exception_handler(kind, respond)
    app.include_router(router)
    return app


def _handlers(request: Request) -> Handlers:
    handlers: Handlers = request.app.state.handlers
    return handlers


TheHandlers = Annotated[Handlers, Depends(_handlers)]
Key = Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False, description="an API key, optional"))]


def _submitter(request: Request, handlers: TheHandlers, key: Key) -> Principal:
    return authenticate(key.credentials if key else None, client_address(request.scope), handlers.settings)


def _viewer(request: Request, handlers: TheHandlers, key: Key) -> Principal:
    """Reading needs no key, even where submitting does."""
    address = client_address(request.scope)
    return authenticate(key.credentials, address, handlers.settings) if key else Principal(address)


def _base(request: Request, handlers: TheHandlers) -> str:
    return base_url(handlers.settings, request.url.scheme, request.headers.get("host", ""), request.scope.get("root_path", ""))


Submitter = Annotated[Principal, Depends(_submitter)]
Viewer = Annotated[Principal, Depends(_viewer)]
Base = Annotated[str, Depends(_base)]
Id = Annotated[str, Path(pattern=f"^{JOB_ID}$", description="the job's id: it gives access to a private painting")]


Responses = dict[int | str, dict[str, Any]]
_NOT_MODIFIED: Responses = {304: {"description": "Not modified"}}
_FILM: Responses = {
    200: {"content": {FilmFormat.MP4.media_type: {"schema": {"type": "string", "format": "binary"}}}, "description": "A film"},
}
_PICTURE: Responses = {
    200: {
        "content": {format.media_type: {"schema": {"type": "string", "format": "binary"}} for format in WEB_FORMATS},
        "description": "A picture",
    },
    302: {"description": "The picture is in the object store"},
    **_NOT_MODIFIED,
}
_PAINTING: Responses = {
    **_PICTURE,
    200: {**_PICTURE[200], "content": {format.media_type: {"schema": {"type": "string", "format": "binary"}} for format in Format}},
}


def _problems(*statuses: int) -> Responses:
    return {status: {"model": Problem} for status in (*statuses, 408, 413, 500, 503)}


router = APIRouter()


@router.post("/jobs", status_code=202, responses=_problems(400, 403, 409, 422, 429, 507))
async def submit(submission: Submission, principal: Submitter, base: Base, handlers: TheHandlers, response: Response) -> JobAnswer:
    """Submit a photo. Submitted again with the same `requestId`, it is the same job."""
    job = await handlers.submit(principal, submission, base)
    response.headers["Location"] = f"{base}/api/jobs/{job.id}"
    return await handlers.describe(job, base)


@router.get("/jobs/{job_id}", response_model=JobAnswer, responses={**_NOT_MODIFIED, **_problems(400, 403, 404, 422)})
async def look(
    job_id: Id,
    request: Request,
    principal: Viewer,
    base: Base,
    handlers: TheHandlers,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="seconds to wait for a change, with If-None-Match")] = 0.0,
) -> Response:
    """The job as it is now. With the ETag of an earlier answer: once it has changed, else 304."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + wait
    while True:
        job = (await handlers.describe(await handlers.look(principal, job_id), base)).as_json()
        headers = {"ETag": _job_tag(job), "Cache-Control": PRIVATE}
        if not is_known(request, headers["ETag"]):
            return JSONResponse(job, headers=headers)
        if clock() >= deadline or await request.is_disconnected():
            return Response(status_code=304, headers=headers)
        await asyncio.sleep(POLL_SECONDS)


@router.post("/jobs/{job_id}/larger", status_code=202, responses=_problems(400, 403, 404, 409, 422, 429, 507))
async def enlarge(
    job_id: Id, wanted: LargerRequest, principal: Submitter, base: Base, handlers: TheHandlers, response: Response
) -> JobAnswer:
    """Submit a larger version of a finished painting: it goes on from the painting, with the same photo, styles and regions."""
    job = await handlers.enlarge(principal, job_id, wanted, base)
    response.headers["Location"] = f"{base}/api/jobs/{job.id}"
    return await handlers.describe(job, base)


@router.post("/jobs/{job_id}/cancel", responses=_problems(400, 403, 404, 422))
async def cancel(job_id: Id, principal: Viewer, base: Base, handlers: TheHandlers) -> JobAnswer:
    """Cancel a job: at once while it waits, within two seconds while it is painted. A finished one is not changed."""
    return await handlers.describe(await handlers.cancel(principal, job_id), base)


@router.delete("/jobs/{job_id}", status_code=204, responses=_problems(400, 403, 404, 422))
async def delete(job_id: Id, principal: Viewer, handlers: TheHandlers) -> None:
    """Delete a job and all its pictures."""
    await handlers.delete(principal, job_id)


@router.get("/jobs/{job_id}/result", response_class=Response, responses={**_PAINTING, **_problems(400, 403, 404, 409, 422)})
async def result(
    job_id: Id,
    request: Request,
    principal: Viewer,
    handlers: TheHandlers,
    file_format: Annotated[Format | None, Query(alias="format", description="of the file; by default as it is stored")] = None,
) -> Response:
    """The painting, with its resolution in print (300 dpi) and a profile of sRGB. TIFF is lossless and for printers.

    302 to it where programs fetch pictures from the object store.
    """
    if file_format is None:
        return _picture_response(request, await handlers.result(principal, job_id, may_redirect=may_redirect(request)))
    tag, is_public = await handlers.tag_of_result(principal, job_id, file_format)
    if is_known(request, tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": REVALIDATED if is_public else PRIVATE})
    return _picture_response(request, await handlers.converted_result(principal, job_id, file_format), tag)


@router.get("/jobs/{job_id}/timelapse", response_class=Response, responses={**_FILM, **_problems(400, 403, 404, 422)})
async def timelapse(job_id: Id, principal: Viewer, handlers: TheHandlers) -> Response:
    """A film of how the painting emerged, six seconds of MP4 (H.264). Optimised and quick paintings have one, for their owner alone."""
    film = await handlers.timelapse(principal, job_id)
    if film is None:
        raise ObjectMissing("There is no time-lapse of this painting.")
    return Response(film, media_type=FilmFormat.MP4.media_type, headers={"Cache-Control": PRIVATE})


@router.get("/media/{key:path}", response_class=Response, responses={**_PICTURE, **_problems(400, 404, 422)})
async def media(
    key: Annotated[str, Path(max_length=200)],
    request: Request,
    handlers: TheHandlers,
    until: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    signature: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """A picture by its key: of the gallery, of a style, or a private painting with a signed URL."""
    return _picture_response(request, await handlers.media(key, until, signature, may_redirect=may_redirect(request)))


@router.get("/styles", response_model=list[StyleAnswer], responses={**_NOT_MODIFIED, **_problems(400)})
async def styles(request: Request, base: Base, handlers: TheHandlers) -> Response:
    """The styles whose names `style` accepts."""
    return _cached(request, [StyleAnswer.of(entry, base).as_json() for entry in await handlers.styles()], _FOR_MINUTES)


@router.get("/images", response_model=PageAnswer, responses={**_NOT_MODIFIED, **_problems(400, 422)})
async def images(
    request: Request,
    base: Base,
    handlers: TheHandlers,
    cursor: Annotated[str | None, Query(max_length=100, description="of the previous page")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 24,
) -> Response:
    """The gallery, newest first."""
    page = await handlers.images(PageRequest(cursor=cursor, limit=limit), base)
    return _cached(request, page.as_json(), REVALIDATED)


@router.get("/limits", responses=_problems(400))
async def limits(handlers: TheHandlers) -> LimitsAnswer:
    """What is accepted, and how much of it from a program without a key."""
    settings = handlers.settings
    return LimitsAnswer(
        formats=[format.media_type for format in WEB_FORMATS],
        maxBytes=settings.max_bytes,
        maxPixels=settings.max_pixels,
        minSide=settings.min_side,
        params=list(PARAMS),
        maxRegions=MAX_REGIONS,
        regions=list(AUTOMATIC),
        uploadsPerMinute=settings.uploads_per_minute,
        jobs=settings.jobs_per_visitor,
        needsKey=not settings.anonymous,
    )


def _picture_response(request: Request, found: Picture | Elsewhere, tag: str | None = None) -> Response:
    """
    Args:
        tag: by default, one of the bytes that are sent.
    """
    if isinstance(found, Elsewhere):
        return redirect(found.url, is_public=found.is_public, readers="cross-origin")
    caching = REVALIDATED if found.is_public else PRIVATE
    return picture(request, lambda: (found.data, found.media_type), caching, tag or entity_tag(found.data), readers="cross-origin")


def _cached(request: Request, content: Any, caching: str) -> Response:
    response = JSONResponse(content)
    return tagged(request, entity_tag(bytes(response.body)), {"Cache-Control": caching}, lambda: response)


def _job_tag(job: dict[str, Any]) -> str:
    """Ignores what is new at each request: the signature of the result's URL, and the estimate."""
    relevant = {**job, "result": job["result"] is not None, "secondsToStart": None}
    return entity_tag(json.dumps(relevant, sort_keys=True).encode())


def _error(_request: Request, error: Exception) -> Response:
    status = http_status(error)
    headers = {"Retry-After": "60"} if status in (429, 503) else {}
    if isinstance(error, NotAllowed):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(error), status, headers)


def _invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- it is registered for these
    return JSONResponse(error_body(validation_error(error.errors()[0])), 422)


_HTTP_ERRORS = {404: "There is nothing at this address. See /api/openapi.json.", 405: "This address does not accept that method."}


def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- it is registered for these
    sentence = _HTTP_ERRORS.get(error.status_code, "The request is malformed.")
    return JSONResponse(error_body(InvalidRequest(sentence)), error.status_code, error.headers)
