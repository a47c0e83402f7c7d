"""HTTP routes for pictures. The service checks each request with the owner from its cookie; only encoded pictures are served."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from nst.domain import media_type
from nst.errors import PasticheError, StoreUnavailable
from nst.http_responses import PRIVATE, REVALIDATED, may_redirect, picture, redirect
from nst.images import Format
from nst.ui import owner, singletons, thumbnails

_FOR_A_DAY = "public, max-age=86400"


def job_picture(request: Request) -> Response:
    """A job's photo (`before`), painting (`after`), a small version of them, or the latest `preview` of a painting in progress."""
    job_id, kind, service = request.path_params["job_id"], request.path_params["kind"], singletons.service()
    try:
        viewer = owner.in_headers(request.headers)
        if kind == "preview":
            preview = service.preview(job_id, viewer)
            return not_found() if preview is None else picture(request, lambda: (preview, Format.JPEG.media_type), PRIVATE)
        if kind not in thumbnails.KINDS:
            return not_found()
        job = service.get(job_id, viewer)
        if kind in thumbnails.OF_PHOTO and not job.shows_photo:
            return not_found()

        if link := thumbnails.link(service, job, kind) if may_redirect(request) else None:
            return redirect(link, is_public=job.is_in_feed)

        def read() -> tuple[bytes, str]:
            if kind in thumbnails.SMALL:
                return thumbnails.job_thumbnail(service, job_id, kind, viewer), thumbnails.SMALL[kind].media_type
            data = service.result(job_id, viewer) if kind == "after" else service.photo(job_id, viewer)
            return data, media_type(job.input_key)

        if not job.is_in_feed:
            return picture(request, read, PRIVATE)
        return picture(request, read, REVALIDATED, f'"{job_id}-{kind}-{job.finished}-{job.shows_photo:d}"')
    except StoreUnavailable as error:
        return PlainTextResponse(str(error), 503, {"Cache-Control": "no-store"})
    except PasticheError:
        return not_found()


def style(request: Request) -> Response:
    """A style's thumbnail. A URL that names the picture's version (`urls.style_url`) may be cached for long."""
    service, style_id = singletons.service(), request.path_params["style_id"]
    try:
        entry = service.style(style_id)
        version = request.query_params.get("v")
        caching = _FOR_A_DAY if version and entry.digest.startswith(version) else REVALIDATED
        return picture(request, lambda: (thumbnails.style_thumbnail(service, entry), Format.WEBP.media_type), caching, f'"{entry.digest}"')
    except PasticheError:
        return not_found()


def sample(request: Request) -> Response:
    """A sample photo's thumbnail; with `?size=large`, the photo of an example."""
    name, is_large = request.path_params["name"], request.query_params.get("size") == "large"
    try:
        return picture(request, lambda: (thumbnails.sample_thumbnail(name, is_large=is_large), Format.WEBP.media_type), _FOR_A_DAY)
    except PasticheError:
        return not_found()


def no_route(request: Request) -> Response:
    """For other URLs below a pictures' path. A trailing slash, which some proxies add, is redirected to the URL without it."""
    rest = request.path_params["rest"]
    if not re.search(r"[^/]/$", rest):
        return not_found()
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"../{quote(rest.rstrip('/').rpartition('/')[2])}{query}", 301, {"Cache-Control": "no-cache"})


def not_found() -> Response:
    """The same answer whatever the reason: nobody learns which ids exist."""
    return PlainTextResponse("There is no such picture, or it belongs to someone else.", 404, {"Cache-Control": "no-store"})
