"""The visitor's own photo in every style: small previews by address, so that the page goes on while they are painted."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from secrets import token_urlsafe
from threading import Lock

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response

from nst.domain import StyleParams
from nst.errors import PasticheError
from nst.settings import Settings
from nst.styles import StyleEntry
from nst.ui import draft, media, pictures
from nst.ui.draft import Picture
from nst.ui.studio import previews_of

SIDE = 224
_ROOM = 1024  # sketches of all visitors, of some 15 kB each
_STRENGTH = 0.8  # so that styles differ at this size

_sketches: "OrderedDict[str, Future[bytes]]" = OrderedDict()
_lock = Lock()


def try_all(viewer: str, photo: Picture, entries: Sequence[StyleEntry]) -> dict[str, str]:
    """Where the photo in each style is, or will be, by style. Asked for once a photo.

    Raises:
        PreviewsOff, PreviewsBusy: when there are none to be had.
    """
    asked_for: tuple[Picture, dict[str, str]] | None = st.session_state.get("tries")
    if asked_for is None or asked_for[0] is not photo:
        asked_for = (photo, {entry.id: _remember(_ask(viewer, photo, entry)) for entry in entries})
        st.session_state["tries"] = asked_for
    return {style: f"/tries/{token}" for style, token in asked_for[1].items()}


def chosen_photo() -> Picture | None:
    """Unless there are no previews to try it with."""
    return draft.current().photo if previews_of(Settings()).enabled else None


async def sketch(request: Request) -> Response:
    """Answers when it is painted. The address is unguessable; whoever has it was given it with the page."""
    with _lock:
        future = _sketches.get(request.path_params["token"])
    if future is None:
        return media.none()
    try:
        data = await asyncio.shield(asyncio.wrap_future(future))  # who goes away does not take it from the page that stays
    except PasticheError:
        return media.none()
    except asyncio.CancelledError:
        if not future.cancelled():  # it is the browser that has gone
            raise
        return media.none()
    return media.private(data, pictures.sketch_format(data))


def _ask(viewer: str, photo: Picture, entry: StyleEntry) -> "Future[bytes]":
    params = StyleParams(strength=_STRENGTH)
    return previews_of(Settings()).request(viewer, photo.data, [(entry.path.read_bytes(), 1.0)], params, slot=entry.id, side=SIDE)


def _remember(future: "Future[bytes]") -> str:
    token = token_urlsafe(16)
    with _lock:
        _sketches[token] = future
        while len(_sketches) > _ROOM:
            _sketches.popitem(last=False)
    return token
