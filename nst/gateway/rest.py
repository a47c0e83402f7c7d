"""The REST door: the same desk, for those without sockets. FastAPI checks what comes in and writes the OpenAPI description."""

import asyncio
import hashlib
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
from nst.errors import InvalidRequest, NotAllowed, PasticheError
from nst.gateway import views
from nst.gateway.answers import JobAnswer, LimitsAnswer, PageAnswer, Problem, StyleAnswer
from nst.gateway.body_limit import BodyLimit
from nst.gateway.callers import Caller, recognise
from nst.gateway.codes import refusal, status_of
from nst.gateway.contract import PARAMS, PageRequest, Submission, message_limit, off_contract
from nst.gateway.desk import Desk
from nst.gateway.limits import address_of
from nst.gateway.room import Room
from nst.images import Format

LOOK_SECONDS, LONGEST_WAIT = 0.5, 30.0
_PICTURE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PRIVATE = "private, no-store"
_REVALIDATED = "public, no-cache"  # kept, and asked about each time: a picture that was made private disappears
_FOR_MINUTES = "public, max-age=300"


def rest(desk: Desk, room: Room) -> FastAPI:
    """The application, to be mounted at /api."""
    settings = desk.settings
    app = FastAPI(
        title="Pastiche",
        version=__version__,
        description="Turns a photo into a painting in the style of any picture.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["Authorization"]),
            Middleware(BodyLimit, room=room, limit=message_limit(settings.max_bytes), max_bytes=settings.max_bytes),
        ],
    )
    app.state.desk = desk
    for kind, answer in (
        (PasticheError, _refused),
        (Exception, _refused),
        (RequestValidationError, _off_contract),
        (HTTPException, _astray),
    ):
        app.add_exception_handler(kind, answer)
    app.include_router(router)
    return app


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_desk)]
Key = Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False, description="an API key; may be left out"))]


def _painter(request: Request, desk: TheDesk, key: Key) -> Caller:
    return recognise(key.credentials if key else None, address_of(request.scope), desk.settings)


def _viewer(request: Request, desk: TheDesk, key: Key) -> Caller:
    """Who only looks needs no key, even where painting does."""
    return recognise(key.credentials, address_of(request.scope), desk.settings) if key else Caller(address_of(request.scope))


def _base(request: Request, desk: TheDesk) -> str:
    return views.base(desk.settings, request.url.scheme, request.headers.get("host", ""))


Painter = Annotated[Caller, Depends(_painter)]
Viewer = Annotated[Caller, Depends(_viewer)]
Base = Annotated[str, Depends(_base)]
Id = Annotated[str, Path(pattern=r"^[a-z0-9]{25,32}$", description="the job's id: whoever knows that of a private painting may see it")]


Responses = dict[int | str, dict[str, Any]]
_SAME: Responses = {304: {"description": "As it was"}}
_PICTURE: Responses = {
    200: {
        "content": {format.media_type: {"schema": {"type": "string", "format": "binary"}} for format in Format},
        "description": "A picture",
    },
    **_SAME,
}


def _problems(*statuses: int) -> Responses:
    return {status: {"model": Problem} for status in (*statuses, 408, 413, 500, 503)}


router = APIRouter()


@router.post("/jobs", status_code=202, responses=_problems(400, 403, 409, 422, 429, 507))
async def submit(submission: Submission, who: Painter, here: Base, desk: TheDesk, response: Response) -> JobAnswer:
    """Has a photo painted. Sent again with the same `requestId`, it is the same job."""
    job = JobAnswer.model_validate(await desk.submit(who, submission, here))
    response.headers["Location"] = f"{here}/api/jobs/{job.requestId}"
    return job


@router.get("/jobs/{job_id}", response_model=JobAnswer, responses={**_SAME, **_problems(400, 403, 404, 422)})
async def look(
    job_id: Id,
    request: Request,
    who: Viewer,
    here: Base,
    desk: TheDesk,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for news, with If-None-Match")] = 0.0,
) -> Response:
    """A job as it is now; or, asked with the ETag of an earlier answer, once it has changed (304 when it has not)."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + wait
    while True:
        job = await desk.look(who, job_id, here)
        headers = {"ETag": _job_tag(job), "Cache-Control": _PRIVATE}
        if headers["ETag"] != request.headers.get("if-none-match"):
            return JSONResponse(job, headers=headers)
        if clock() >= deadline or await request.is_disconnected():
            return Response(status_code=304, headers=headers)
        await asyncio.sleep(LOOK_SECONDS)


@router.post("/jobs/{job_id}/cancel", responses=_problems(400, 403, 404, 422))
async def cancel(job_id: Id, who: Viewer, here: Base, desk: TheDesk) -> JobAnswer:
    """Ends a job: at once while it waits, within two seconds while it is painted. A finished one stays as it is."""
    return JobAnswer.model_validate(await desk.cancel(who, job_id, here))


@router.delete("/jobs/{job_id}", status_code=204, responses=_problems(400, 403, 404, 422))
async def delete(job_id: Id, who: Viewer, desk: TheDesk) -> None:
    """Deletes a job and all its pictures."""
    await desk.delete(who, job_id)


@router.get("/jobs/{job_id}/result", response_class=Response, responses={**_PICTURE, **_problems(400, 403, 404, 409, 422)})
async def result(job_id: Id, request: Request, who: Viewer, desk: TheDesk) -> Response:
    """The painting."""
    data, kind, is_public = await desk.result(who, job_id)
    return _picture(request, data, kind, _REVALIDATED if is_public else _PRIVATE)


@router.get("/media/{key:path}", response_class=Response, responses={**_PICTURE, **_problems(400, 404, 422)})
async def media(
    key: Annotated[str, Path(max_length=200)],
    request: Request,
    desk: TheDesk,
    until: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    signature: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """A picture by its key: one of the gallery, a style, or a painting whose address was signed for whoever asked."""
    data, kind, is_public = await desk.media(key, until, signature)
    return _picture(request, data, kind, _REVALIDATED if is_public else _PRIVATE)


@router.get("/styles", response_model=list[StyleAnswer], responses={**_SAME, **_problems(400)})
async def styles(request: Request, here: Base, desk: TheDesk) -> Response:
    """What may be put for `style`."""
    return _cached(request, await desk.styles(here), _FOR_MINUTES)


@router.get("/images", response_model=PageAnswer, responses={**_SAME, **_problems(400, 422)})
async def images(
    request: Request,
    here: Base,
    desk: TheDesk,
    cursor: Annotated[str | None, Query(max_length=100, description="of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 24,
) -> Response:
    """The gallery, newest first."""
    return _cached(request, await desk.images(PageRequest(cursor=cursor, limit=limit), here), _REVALIDATED)


@router.get("/limits", responses=_problems(400))
async def limits(desk: TheDesk) -> LimitsAnswer:
    """What is taken, and how much of it from a program without a key."""
    settings = desk.settings
    return LimitsAnswer(
        formats=[format.media_type for format in Format],
        maxBytes=settings.max_bytes,
        maxPixels=settings.max_pixels,
        minSide=settings.min_side,
        params=list(PARAMS),
        uploadsPerMinute=settings.uploads_per_minute,
        jobs=settings.jobs_per_visitor,
        needsKey=not settings.anonymous,
    )


def _picture(request: Request, data: bytes, kind: str, caching: str) -> Response:
    return _tagged(request, Response(data, media_type=kind, headers={"Cache-Control": caching, **_PICTURE_HEADERS}))


def _cached(request: Request, content: Any, caching: str) -> Response:
    return _tagged(request, JSONResponse(content, headers={"Cache-Control": caching}))


def _tagged(request: Request, response: Response) -> Response:
    """With an ETag; and without its body, if that is what is known there already."""
    tag = _tag(bytes(response.body))
    if request.headers.get("if-none-match") == tag:
        kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
        return Response(status_code=304, headers={**kept, "ETag": tag})
    response.headers["ETag"] = tag
    return response


def _job_tag(job: dict[str, Any]) -> str:
    """Of what makes a difference: not of signatures, which are new each time, nor of estimates."""
    news = {**job, "result": job["result"] is not None, "secondsToStart": None}
    return _tag(json.dumps(news, sort_keys=True).encode())


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _refused(_request: Request, error: Exception) -> Response:
    status = status_of(error)
    headers = {"Retry-After": "60"} if status in (429, 503) else {}
    if isinstance(error, NotAllowed):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(refusal(error), status, headers)


def _off_contract(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- it is registered for these
    return JSONResponse(refusal(off_contract(error.errors()[0])), 422)


_ASTRAY = {404: "There is nothing at this address. See /api/openapi.json.", 405: "This address does not take that method."}


def _astray(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- it is registered for these
    sentence = _ASTRAY.get(error.status_code, "The request cannot be understood.")
    return JSONResponse(refusal(InvalidRequest(sentence)), error.status_code, error.headers)
