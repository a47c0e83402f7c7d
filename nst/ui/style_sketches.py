"""The visitor's photo in each style: small sketches that the browser fetches by their addresses."""

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

import streamlit as st

from nst import images
from nst.domain import StyleParams, StyleShare
from nst.errors import FileUnreadable, InvalidImage
from nst.images import STORED_LIMITS
from nst.styles import StyleEntry
from nst.ui import draft, singletons
from nst.ui.frame import Visit
from nst.ui.pictures import Picture
from nst.ui.sketch_addresses import keep_requested
from nst.ui.urls import url

SIDE = 224  # long side in pixels
_STRENGTH = 0.8  # high, so that styles look different at this size


def photo_to_sketch() -> Picture | None:
    """The photo to sketch. None without a photo, or where previews are turned off."""
    return draft.current().photo if singletons.previews().enabled else None


def request_sketches(visit: Visit, photo: Picture, entries: Sequence[StyleEntry]) -> dict[str, str]:
    """Requests the photo in each style, once per photo and style picture. Returns the URLs of the sketches, by style.

    Raises:
        PreviewsOff, PreviewsBusy: when none can be made.
    """
    requested: tuple[Picture, dict[StyleEntry, str]] | None = st.session_state.get("style_sketches")
    tokens = requested[1] if requested is not None and requested[0] is photo else {}
    for entry in entries:
        if entry not in tokens:
            with suppress(FileUnreadable, InvalidImage):  # the picture was removed since it was listed
                tokens[entry] = keep_requested(_request(visit, photo, entry))
    st.session_state["style_sketches"] = (photo, tokens)
    return {entry.id: url("sketches", tokens[entry]) for entry in entries if entry in tokens}


def _request(visit: Visit, photo: Picture, entry: StyleEntry) -> "Future[bytes]":
    params = StyleParams(strength=_STRENGTH)
    data = images.read_bytes(entry.path, STORED_LIMITS)
    previews, styles = singletons.previews(), [StyleShare(data)]
    return previews.request(visit.viewer, photo.small, styles, params, slot=entry.id, side=SIDE, network=visit.network)
