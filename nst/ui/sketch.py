"""The sketch beside the form: a quick preview after every change that it would show, which then grows into a painting."""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import count

import streamlit as st

from nst.errors import PasticheError
from nst.images import Format
from nst.preview import Growth
from nst.ui import draft, singletons
from nst.ui.components import add_rules
from nst.ui.draft import Draft
from nst.ui.frame import Visit
from nst.ui.sketch_order import SketchOrder, order_of, pictures_of
from nst.ui.urls import data_url

_WAIT_SECONDS = 0.1  # after each, Streamlit can start a new run with what the visitor has changed meanwhile
_GROWTH_POLL_SECONDS = 0.7
_SKETCHING = "Sketching …"
_GROWING = "A first sketch. It keeps improving until it is a painting."
_GROWN = "This is how it will look. The painting itself has more detail."
_EMPTY = "Still your photo. Choose a part of it to paint."
_NOT_GROWING = "A quick sketch. The painting itself is worked out stroke by stroke."
_ROOM = """
.stApp .st-key-sketch_picture {{ min-height: calc(min(36vh, 340px, 42vw / {ratio:.4f}) + 1.9rem); }}
@media (max-width: 800px) {{ .stApp .st-key-sketch_picture {{ min-height: calc(min(26vh, (100vw - 2rem) / {ratio:.4f}) + 1.9rem); }} }}
"""  # as high as the sketch in style.css: what is below it must not move while one sketch is replaced by the next


@dataclass
class _State:
    """The sketch of this visit.

    Attributes:
        wanted: what the sketch was requested for; another one is requested when it changes.
        future: the sketch that is being made.
        picture: the `src` of the latest sketch, which stays until the next one is ready.
        error: a sentence for the visitor that says why there is no sketch.
        grow: starts growing the requested sketch.
        growth: the growing sketch; None before it starts to grow, and when it is finished.
        seen: the latest picture taken from `growth`.
        has_grown: whether `growth` is finished.
        failed: what has just failed, so that the run of the page which only shows the error does not request it again.
        number: how many sketches have been requested.
    """

    wanted: SketchOrder | None = None
    future: "Future[bytes] | None" = None
    picture: str | None = None
    error: str | None = None
    grow: Callable[[], Growth | None] | None = None
    growth: Growth | None = None
    seen: bytes | None = None
    has_grown: bool = False
    failed: SketchOrder | None = None
    number: int = 0


def keep_room() -> None:
    """Gives the sketch its room, before what is below it is shown."""
    photo = draft.current().photo
    if photo is not None and singletons.previews().enabled:
        add_rules(_ROOM.format(ratio=photo.ratio))


def show_sketch(visit: Visit) -> None:
    """Shows the sketch that there is, and the next one as soon as it is made. It then grows. Both happen in a fragment.

    The page's own run must not wait: what the page does not show any more stays in the browser until that run ends.
    """
    now, state = draft.current(), _state()
    if now.photo is None or not singletons.previews().enabled:
        return
    _request(visit, now, state)
    if state.future is not None and state.future.done():
        _take_sketch(state)
    is_awaited = state.future is not None
    is_moving = is_awaited or state.growth is not None
    seconds = _WAIT_SECONDS if is_awaited else _GROWTH_POLL_SECONDS
    st.fragment(_show, run_every=seconds if is_moving else None)(is_moving, count() if is_awaited else None)


def keep_for(job_id: str) -> None:
    """Keeps the sketch for the page of the job that was submitted with it."""
    st.session_state["kept_sketch"] = job_id, _state().picture


def kept_for(job_id: str) -> str | None:
    """The `src` of the sketch that the job was submitted with, if that was in this visit."""
    kept_id, picture = st.session_state.get("kept_sketch", ("", None))
    return picture if kept_id == job_id else None


def sketch_format(data: bytes) -> Format:
    """A sketch is a JPEG, or a PNG where the photo is transparent."""
    return Format.PNG if data.startswith(b"\x89PNG") else Format.JPEG


def _show(is_moving: bool, earlier_runs: Iterator[int] | None) -> None:
    """
    Args:
        is_moving: whether this fragment runs again by itself.
        earlier_runs: counts the runs while a sketch is awaited. The first is within the page's.
    """
    now, state = draft.current(), _state()
    if now.photo is None:
        return
    is_awaited = state.future is not None
    place = st.html(_figure(now, state, _SKETCHING if is_awaited else _note(now, state), busy=is_awaited))
    if earlier_runs is not None and next(earlier_runs) == 0:
        return
    while state.future is not None:
        place.html(_figure(now, state, _SKETCHING, busy=True))
        wait_for([state.future], _WAIT_SECONDS)
        if state.future.done():
            _take_sketch(state)
    if state.growth is not None:
        _take_growth(state)
    place.html(_figure(now, state, _note(now, state), busy=False))
    if is_moving and (earlier_runs is not None or state.growth is None):
        st.rerun()  # at another pace, or not by itself any more
    state.failed = None


def _note(now: Draft, state: _State) -> str:
    return state.error or (_EMPTY if now.is_empty else "") or (_GROWN if state.has_grown else _GROWING if state.growth else _NOT_GROWING)


def _take_growth(state: _State) -> None:
    """Takes the latest picture of the growing sketch."""
    assert state.growth is not None  # noqa: S101
    picture, grows = state.growth.look()
    if picture is not None and picture is not state.seen:
        state.seen, state.picture = picture, data_url(picture, sketch_format(picture))
    if not grows:
        state.growth, state.has_grown = None, True


def _state() -> _State:
    state: _State = st.session_state.setdefault("sketch_state", _State())
    return state


def _request(visit: Visit, now: Draft, state: _State) -> None:
    """Requests a sketch, unless the last one was of the same photo, styles and parameters."""
    try:
        order, (failed, state.failed) = order_of(visit, now), (state.failed, None)
        if order in (state.wanted, failed):
            return
        pictures = pictures_of(visit, order)
        state.wanted, state.future, state.error = order, None, None
        state.growth, state.seen, state.has_grown = None, None, False
        state.number += 1
        state.grow = partial(pictures.grow, order.params)
        singletons.previews().stop_growing(visit.viewer)
        state.future = pictures.request(order.params)
    except PasticheError as error:
        state.error, state.wanted = str(error), None  # the next change tries again


def _take_sketch(state: _State) -> None:
    assert state.future is not None  # noqa: S101
    try:
        data = state.future.result()
    except CancelledError:  # by another window of this visitor, which shows another sketch
        state.wanted = None
    except PasticheError as error:
        state.error, state.failed, state.wanted = str(error), state.wanted, None
    else:
        state.picture = data_url(data, sketch_format(data))
        state.growth = state.grow() if state.grow is not None else None
    state.future = None


def _alt(now: Draft) -> str:
    """What the sketch shows, for those who cannot see it: it changes with the choice of styles and with the strength."""
    titles = {entry.id: entry.title for entry in singletons.service().styles()}
    names = [titles.get(share.style, "your own picture") for share in now.base_shares()]
    return f"A sketch of the painting in the style {' + '.join(names)}, {100 * now.params().strength:.0f} percent style"


def _figure(now: Draft, state: _State, note: str, busy: bool) -> str:
    """The sketch in the photo's shape, so that nothing below it moves when it arrives."""
    assert now.photo is not None  # noqa: S101
    picture = state.picture or now.photo.shown
    return (
        f'<figure class="sketch{" busy" if busy or not state.picture else ""}" data-number="{state.number}" '
        f'style="aspect-ratio:{now.photo.ratio:.4f}">'
        f'<img src="{picture}" alt="{escape(_alt(now))}"></figure>'
        f'<p class="sketch-note" role="status">{escape(note)}</p>'
    )
