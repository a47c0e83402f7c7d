"""The Create page: the form for a new painting."""

from collections.abc import Mapping
from functools import partial
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nst.domain import JobState, Mode, Preset
from nst.errors import UnknownJob
from nst.service import Service
from nst.ui import crop_form, draft, frame, regions_form, settings_form, singletons, sketch, strength_sketches, texts
from nst.ui.batches import batch_of, number_that_fits
from nst.ui.components import DisplaySize, example, skip_to_submit
from nst.ui.frame import Visit
from nst.ui.heading import show_heading
from nst.ui.kept_drafts import kept
from nst.ui.photo_form import show_photo
from nst.ui.style_form import show_styles
from nst.ui.urls import url

_WORDS = "Choose a photo and a style, and watch your painting appear. Only you can see it unless you publish it."
_EXAMPLE = DisplaySize(ratio=640 / 426, width=450)
_ENDS = {
    JobState.SUCCEEDED: ("Your painting is finished.", "Look at it"),
    JobState.FAILED: ("Your painting failed.", "See why"),
    JobState.CANCELLED: ("Your painting was stopped.", "Open it"),
}
_SUBMIT = "submit"
_ESTIMATES_TTL = 5.0  # seconds; the form is redrawn with every click, and the painter of a new studio measures soon


def show_form(visit: Visit) -> None:
    _resume(visit)
    _begin_anew()
    has_changed = draft.follow_catalogue(visit.service)
    for selection in draft.current().selections:
        selection.chosen = selection.chosen or [visit.service.styles()[0].id]
    show_heading("Turn a photo into a painting", _WORDS, tab="Create")
    if note := draft.current().note:
        st.info(note)
    if draft.current().photo is not None:
        skip_to_submit(f"Skip to “{_submit_label()}”")
    _show_in_progress(visit)
    with st.container(key="studio"):  # the style sheet places the panels side by side, or below each other on phones
        with st.container(key="photo_panel"):
            show_photo()
            regions_form.show_parts(visit)
        with st.container(key="style_panel"):
            st.html('<h2 class="step"><span>2</span>Style</h2>')
            place = _show_place_of_sketch()
            show_styles(visit)
        with st.container(key="paint_panel", border=True):
            st.html('<h2 class="step"><span>3</span>Paint</h2>')
            settings_form.show(partial(_estimates, visit.service))
            strength_sketches.show_fade(visit)
            _show_submit(visit, has_changed)
    with place:
        sketch.show_sketch(visit)


def _show_place_of_sketch() -> DeltaGenerator:
    """Stays in view while the visitor tries styles and settings. The sketch comes into it last, and has its room from the beginning."""
    with st.container(key="sketch", gap="xsmall"):
        place = st.container(key="sketch_picture")
        regions_form.show_part_choice()
    with place:
        if draft.current().photo is None:
            _show_example()
        else:
            sketch.keep_room()
    return place


def _resume(visit: Visit) -> None:
    """Takes up the draft that this browser had in an earlier visit, and keeps the present one for the next."""
    if not visit.owner.has_cookie:
        return
    if not draft.has_begun() and (earlier := kept.copy_of(visit.viewer)):
        st.session_state["draft"] = earlier
    if draft.current().photo is not None:
        kept.put(visit.viewer, draft.current())


def _begin_anew() -> None:
    """After a form was submitted. The second click of a double click comes before the browser has left that form: it leads to the same."""
    now = draft.current()
    if now.sent and st.session_state.get(_SUBMIT):
        _open(now.sent)
    now.begin_anew()


def _show_example() -> None:
    """What a visitor will get, for those who have not chosen a photo yet."""
    example(
        url("samples", "cat", size="large"),
        url("assets", "example-cat-starlit-swirl.webp"),
        _EXAMPLE,
        "The same cat as a painting of a starry night",
    )
    st.html('<p class="sketch-note">For example, in the style Starlit Swirl.</p>')


def _show_in_progress(visit: Visit) -> None:
    for batch in draft.current().batches:
        if batch.waiting:
            not_sent = texts.counted(len(batch.waiting), "photo of an earlier form is", "photos of an earlier form are")
            _show_link(f"{not_sent} not sent yet. They are sent while their page is open.", "Open it", ("batch", batch.id))
            return
    for job in visit.service.mine(visit.viewer, limit=10):
        if not job.state.is_terminal:
            of = batch_of(job)
            _show_link("One of your paintings is in progress.", "Watch it", ("batch", of) if of else ("job", job.id))
            return
    _show_unseen(visit)


def _show_unseen(visit: Visit) -> None:
    """Leads to the painting submitted last, which has ended while the visitor was elsewhere."""
    now = draft.current()
    if now.unseen is None:
        return
    try:
        job = visit.service.get(now.unseen, visit.viewer)
    except UnknownJob:  # deleted
        now.mark_seen(now.unseen)
        return
    if job.state in _ENDS:
        _show_link(*_ENDS[job.state], ("job", job.id))


def _show_link(words: str, label: str, target: tuple[str, str]) -> None:
    with st.container(key="under_way", horizontal=True, vertical_alignment="center", border=True):
        st.markdown(words)
        if st.button(label, key="watch", type="tertiary", icon=":material/visibility:"):
            _open(target)


def _open(target: tuple[str, str]) -> NoReturn:
    """
    Args:
        target: a parameter of the URL and its value.
    """
    name, value = target
    st.query_params[name] = value
    st.rerun()


def _show_submit(visit: Visit, has_changed: bool) -> None:
    """
    Args:
        has_changed: whether the chosen styles have changed since the visitor saw them. They have to press the button again then.
    """
    draft_ = draft.current()
    if draft_.more:
        _show_limits(visit)
    with st.container(key="submit_row", horizontal=True, vertical_alignment="center", gap="medium"):
        st.caption("Private: only this browser can open it.", width="stretch")
        pressed = st.button(_submit_label(), key=_SUBMIT, type="primary", icon=":material/brush:")
    if pressed and not has_changed:
        _submit(visit)


def _submit_label() -> str:
    now = draft.current()
    return f"Paint {1 + len(now.more)} photos" if now.more and now.photo else "Paint it"


def _submit(visit: Visit) -> None:
    now = draft.current()
    if now.photo is None:
        st.warning("Choose a photo first, or try one of the samples.", icon=":material/add_photo_alternate:")
    elif crop_form.is_open():
        st.warning(crop_form.UNFINISHED, icon=":material/crop:")
    elif reason := regions_form.reason_to_wait():
        st.warning(reason, icon=":material/hourglass_top:")
    elif now.is_empty:
        st.warning(regions_form.NOTHING_TO_PAINT, icon=":material/brush:")
    else:
        with frame.error_boundary():
            if now.more:
                _submit_all(visit)
            job = visit.service.submit(visit.viewer, now.order(), network=visit.network, has_cookie=visit.owner.has_cookie)
            now.sent, now.unseen, now.note = ("job", job.id), job.id, None
            sketch.keep_for(job.id)
            _open(now.sent)


def _show_limits(visit: Visit) -> None:
    """Says before the visitor decides what the limits allow at once."""
    photos, settings = 1 + len(draft.current().more), singletons.settings()
    fits = number_that_fits(visit, photos, settings.jobs_per_visitor, settings.uploads_per_minute)
    parts = " Parts are for the first photo; the others are painted as a whole." if draft.current().parts.enabled else ""
    if fits < photos:
        st.caption(f"Now {fits} of these {photos} can be painted. The others follow by themselves while their page is open.{parts}")
    elif parts:
        st.caption(parts.strip())


def _submit_all(visit: Visit) -> NoReturn:
    """Leaves the sending to their page: whatever happens to this one, they are not in a form any more that could be sent again."""
    now = draft.current()
    batch, now.note = now.begin_batch(), None
    if visit.owner.has_cookie:
        kept.put(visit.viewer, now)
    _open(("batch", batch.id))


@st.cache_data(ttl=_ESTIMATES_TTL, max_entries=8, show_spinner=False, hash_funcs={Service: id})
def _estimates(service: Service, mode: Mode) -> Mapping[Preset, float]:
    return service.estimates(mode)
