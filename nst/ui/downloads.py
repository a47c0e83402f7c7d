"""Links to the files of a painting, and download buttons for browsers without cookies.

A link has an address of its own that stays, where the owner is known by a cookie (`nst.ui.download_files`). Streamlit deletes the file
of a download button some time after the page was drawn again, while a browser may still show the old address; and it serves the file to
anyone who has that address. A visitor might pass on the URL of a private painting by mistake, so the first owner who fetches a file is the
only one who can. Streamlit gives equal files of equal names the same URL: those of a published painting have another name for each visitor.
"""

from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from html import escape
from pathlib import PurePosixPath
from typing import Literal

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.domain import Job
from nst.images import Format
from nst.lru import LRUCache
from nst.timelapse import FilmFormat
from nst.ui import owner, urls
from nst.ui.frame import Visit

_STREAMLIT_FILES = "/media/"
_REMEMBERED = 10_000  # files


class File(StrEnum):
    """What can be downloaded of a finished painting, by its name in the address."""

    PNG = "painting.png"
    JPEG = "painting.jpg"
    TIFF = "painting.tif"
    MP4 = "timelapse.mp4"
    WEBP = "timelapse.webp"
    RECIPE = "recipe.json"

    @property
    def suffix(self) -> str:
        return PurePosixPath(self).suffix

    @property
    def media_type(self) -> str:
        return "application/json" if self is File.RECIPE else (PICTURES.get(self) or _FILMS[self]).media_type


PICTURES = {File.PNG: Format.PNG, File.JPEG: Format.JPEG, File.TIFF: Format.TIFF}
_FILMS = {File.MP4: FilmFormat.MP4, File.WEBP: FilmFormat.WEBP}


def show_download(
    visit: Visit, job: Job, file: File, label: str, key: str, read: Callable[[], bytes], type: Literal["primary", "secondary"] = "secondary"
) -> None:
    """A link to the file, or a button for a browser that sends no cookie to fetch it with.

    Args:
        read: the file's content, for the button.
    """
    if visit.owner.has_cookie or (job.is_in_feed and file not in _FILMS):
        icon = '<span class="icon" aria-hidden="true">download</span>'
        address = escape(urls.url("downloads", job.id, file))
        with st.container(key=key, width="content"):
            st.html(f'<a class="button {type}" href="{address}" download>{icon}{escape(label)}</a>', width="content")
        return
    st.download_button(
        label,
        read,  # called when the button is pressed
        file_name=file_name(job, visit.viewer, file.suffix),
        mime=file.media_type,
        key=key,
        type=type,
        on_click="ignore",
        icon=":material/download:",
    )


def file_name(job: Job, viewer: str, suffix: str) -> str:
    """The name of a file about a painting, for one visitor: for its owner, and for others, to whom `job` has no owner."""
    name = job.id if job.owner else sha256(f"{job.id} {viewer}".encode()).hexdigest()
    return f"pastiche-{name[:8]}{suffix}"


class PrivateDownloads:
    """Middleware that answers 404 to every owner but the first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._owners: LRUCache[str, str] = LRUCache(_REMEMBERED)  # by path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not urls.route_path(scope).startswith(_STREAMLIT_FILES):
            await self._app(scope, receive, send)
            return
        path, asking = scope["path"], owner.cookie_in(Headers(scope=scope))
        if self._owners.get(path) not in (None, asking):
            await PlainTextResponse("Not found.", 404)(scope, receive, send)
            return

        async def send_and_remember(message: Message) -> None:
            if message["type"] == "http.response.start" and "attachment" in Headers(raw=message["headers"]).get("content-disposition", ""):
                self._owners.put(path, asking)
            await send(message)

        await self._app(scope, receive, send_and_remember)
