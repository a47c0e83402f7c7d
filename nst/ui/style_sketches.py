"""The visitor's photo in each style: small sketches that the browser fetches by URL, so that the page need not wait for them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from secrets import token_urlsafe

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from nst import images
from nst.domain import StyleParams, StyleShare
from nst.errors import FileUnreadable, InvalidImage, PasticheError
from nst.http_responses import PRIVATE, picture
from nst.images import STORED_LIMITS
from nst.lru import LRUCache
from nst.styles import StyleEntry
from nst.ui import draft, media, singletons
from nst.ui.pictures import Picture
from nst.ui.sketch import sketch_format
from nst.ui.urls import url

SIDE = 224  # long side in pixels
_STRENGTH = 0.8  # high, so that styles look different at this size

_sketches: LRUCache[str, "Future[bytes]"] = LRUCache(1024)  # by token; of all visitors, about 15 kB each


def photo_to_sketch() -> Picture | None:
    """The photo to sketch. None without a photo, or where previews are turned off."""
    return draft.current().photo if singletons.previews().enabled else None


def request_sketches(viewer: str, photo: Picture, entries: Sequence[StyleEntry]) -> dict[str, str]:
    """Requests the photo in each style, once per photo and style picture. Returns the URLs of the sketches, by style.

    Raises:
        PreviewsOff, PreviewsBusy: when none can be made.
    """
    requested: tuple[Picture, dict[StyleEntry, str]] | None = st.session_state.get("style_sketches")
    tokens = requested[1] if requested is not None and requested[0] is photo else {}
    for entry in entries:
        if entry not in tokens:
            with suppress(FileUnreadable, InvalidImage):  # the picture was removed since it was listed
                future = _request(viewer, photo, entry)
                tokens[entry] = token_urlsafe(16)
                _sketches.put(tokens[entry], future)
    st.session_state["style_sketches"] = (photo, tokens)
    return {entry.id: url("sketches", tokens[entry]) for entry in entries if entry in tokens}


async def sketch(request: Request) -> Response:
    """Responds when the sketch is painted. Its URL is unguessable, and given only to the page that requested it."""
    future = _sketches.get(request.path_params["token"])
    if future is None:
        return media.not_found()
    try:
        data = await asyncio.shield(asyncio.wrap_future(future))  # a request that ends must not cancel the sketch for others
    except PasticheError:
        return media.not_found()
    except asyncio.CancelledError:
        if not future.cancelled():  # the browser has gone
            raise
        return media.not_found()
    return picture(request, lambda: (data, sketch_format(data).media_type), PRIVATE)


def _request(viewer: str, photo: Picture, entry: StyleEntry) -> "Future[bytes]":
    params = StyleParams(strength=_STRENGTH)
    data = images.read_bytes(entry.path, STORED_LIMITS)
    return singletons.previews().request(viewer, photo.small, [StyleShare(data)], params, slot=entry.id, side=SIDE)
