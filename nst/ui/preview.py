"""The painting at once, while its visitor still chooses: asked for with every change that it would show, and shown when it is there."""

from collections.abc import Hashable
from concurrent.futures import CancelledError, Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from nst.domain import StyleParams
from nst.errors import PasticheError
from nst.settings import Settings
from nst.ui import draft, pictures
from nst.ui.draft import Draft
from nst.ui.frame import Visit
from nst.ui.studio import previews_of

_LOOK_SECONDS = 0.1  # between two looks, Streamlit may begin anew with what the visitor has changed meanwhile
_HEEDED = ("strength", "style_scale", "keep_colours")
_PLAIN = StyleParams()


@dataclass
class _Last:
    """What is shown in this visit.

    Attributes:
        wanted: what the picture is of, or will be.
        picture: for `src`; the one before stays until the next is there.
        error: why there is none, for the visitor.
    """

    wanted: Hashable = None
    future: "Future[bytes] | None" = None
    picture: str | None = None
    error: str | None = None


def show_preview(visit: Visit) -> None:
    """To be called last on a page, in the place that it is for: it waits until the preview is there."""
    now, last = draft.current(), _last()
    if now.photo is None or not previews_of(Settings()).enabled:
        return
    _ask(visit, now, last)
    place = st.empty()
    while last.future is not None:
        place.html(_figure(now, last, busy=True))
        wait_for([last.future], _LOOK_SECONDS)
        if last.future.done():
            _take(last)
    place.html(_figure(now, last, busy=False))


def _last() -> _Last:
    last: _Last = st.session_state.setdefault("preview", _Last())
    return last


def _ask(visit: Visit, now: Draft, last: _Last) -> None:
    """Unless it is of the same already."""
    assert now.photo is not None  # noqa: S101 -- there is none to ask for before
    params = replace(_PLAIN, **{name: getattr(now.params(), name) for name in _HEEDED})
    wanted = (now.photo, now.shares(), now.own_style, params)
    if wanted == last.wanted:
        return
    styles = [(_style_bytes(visit, now, style), share) for style, share in now.shares()]
    last.wanted, last.future, last.error = wanted, None, None
    try:
        last.future = previews_of(Settings()).request(visit.viewer, now.photo.data, styles, params)
    except PasticheError as error:
        last.error, last.wanted = str(error), None  # whatever is touched next, it is tried again


def _style_bytes(visit: Visit, now: Draft, style: str) -> bytes:
    """A chosen style's file."""
    if style == draft.OWN and now.own_style is not None:
        return now.own_style.data
    return next(entry.path.read_bytes() for entry in visit.service.styles() if entry.id == style)


def _take(last: _Last) -> None:
    assert last.future is not None  # noqa: S101
    try:
        data = last.future.result()
    except CancelledError:  # by this visitor's other window, which shows something else
        last.wanted = None
    except PasticheError as error:
        last.error, last.wanted = str(error), None
    else:
        last.picture = pictures.in_page(data, pictures.sketch_format(data))
    last.future = None


def _figure(now: Draft, last: _Last, busy: bool) -> str:
    """Of the photo's shape from the beginning, so that nothing below it moves."""
    assert now.photo is not None  # noqa: S101
    picture = last.picture or now.photo.preview
    says = last.error or ("Sketching …" if busy else "A quick sketch. The painting itself is worked out stroke by stroke.")
    return (
        f'<figure class="sketch{" busy" if busy or not last.picture else ""}" style="aspect-ratio:{now.photo.ratio:.4f}">'
        f'<img src="{picture}" alt="A sketch of the painting"></figure>'
        f'<p class="sketch-note" role="status">{escape(says)}</p>'
    )
