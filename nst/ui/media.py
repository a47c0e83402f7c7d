"""Pictures by address. Each request is put to the service in the name of the browser that makes it, and is answered with pixels alone."""

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from nst.domain import media_type
from nst.errors import PasticheError
from nst.images import Format
from nst.settings import Settings
from nst.ui import owner, pictures
from nst.ui.studio import service_of

_ONE_PICTURE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PRIVATE = "private, no-store"
_REVALIDATED = "public, no-cache"  # kept, and asked about each time: a picture that was made private disappears
_FOR_A_DAY = "public, max-age=86400"


def picture(request: Request) -> Response:
    """`before`, `after`, their small versions, or the `preview` of a painting under way."""
    job_id, kind, viewer = request.path_params["job_id"], request.path_params["kind"], owner.in_headers(request.headers)
    service = service_of(Settings())
    try:
        if kind == "preview":
            return _answer(service.preview(job_id, viewer), Format.JPEG.media_type, _PRIVATE)
        if kind not in pictures.KINDS:
            return none()
        job = service.get(job_id, viewer)
        tag = f'"{job_id}-{kind}"'
        caching = _REVALIDATED if job.is_in_feed else _PRIVATE
        if job.is_in_feed and job.state.is_terminal and request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": caching, **_ONE_PICTURE})
        if kind in pictures.SMALL:
            return _answer(pictures.small(service, job_id, kind, viewer), Format.WEBP.media_type, caching, tag)
        data = service.result(job_id, viewer) if kind == "after" else service.photo(job_id, viewer)
        return _answer(data, media_type(job.input_key), caching, tag)
    except PasticheError:
        return none()


def style(request: Request) -> Response:
    """A style's thumbnail."""
    for entry in service_of(Settings()).styles():
        if entry.id == request.path_params["style_id"]:
            return _answer(pictures.style_thumbnail(entry), Format.WEBP.media_type, _FOR_A_DAY)
    return none()


def sample(request: Request) -> Response:
    try:
        return _answer(_sample(request.path_params["name"]), Format.WEBP.media_type, _FOR_A_DAY)
    except PasticheError:
        return none()


@lru_cache
def _sample(name: str) -> bytes:
    return pictures.sample_thumbnail(name)


def private(data: bytes, format: Format) -> Response:
    return _answer(data, format.media_type, _PRIVATE)


def _answer(data: bytes | None, kind: str, caching: str, tag: str | None = None) -> Response:
    if data is None:
        return none()
    headers = {"Cache-Control": caching, **_ONE_PICTURE}
    if tag is not None and caching is not _PRIVATE:
        headers["ETag"] = tag
    return Response(data, media_type=kind, headers=headers)


def none() -> Response:
    """Nothing, for whatever reason."""
    return PlainTextResponse("There is no such picture, or it is somebody else's.", 404, {"Cache-Control": "no-store"})
