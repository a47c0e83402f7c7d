"""Larger versions of a painting: its owner asks for one, and finds it from the painting and the painting from it."""

from contextlib import suppress
from html import escape

import streamlit as st

from nst.domain import PRINT_DPI, Job, JobState, larger_seconds, larger_sizes
from nst.errors import PasticheError, UnknownJob
from nst.service import LargerOrder, Sender
from nst.ui import texts
from nst.ui.frame import Visit
from nst.ui.urls import job_url


def show_larger(visit: Visit, job: Job) -> None:
    """For the owner of a finished painting."""
    size = _size_of(job)
    sizes = larger_sizes(size) if size and job.styles else []
    if not sizes or not size:
        return
    with st.popover("Make it larger", icon=":material/zoom_out_map:", key=f"larger_{job.id}"):
        st.markdown(f"**The same painting with finer detail.** Prints have {PRINT_DPI} dpi; at {PRINT_DPI // 2} they are twice as large.")
        st.radio(
            "Pixels on the long side",
            sizes,
            captions=[_caption(job, size, each) for each in sizes],
            format_func=lambda each: f"{each} pixels",
            key=_key(job.id),
        )
        st.button(
            "Paint it larger", key=f"larger_now_{job.id}", type="primary", icon=":material/brush:", on_click=_submit, args=(visit, job.id)
        )
        if refusal := st.session_state.pop(f"larger_refusal_{job.id}", None):
            st.error(refusal, icon=":material/info:")


def show_versions(visit: Visit, job: Job) -> None:
    """Links to the painting that this one enlarges, and to those that enlarge it; for its owner."""
    smaller = parent_of(visit, job)
    larger = visit.service.larger_versions(job.id, visit.viewer)
    parts = [("Enlarged from ", [smaller])] if smaller else []
    parts += [("Larger: ", larger)] if larger else []
    if parts:
        lines = "".join(f"<p>{words}{', '.join(map(_link, jobs))}</p>" for words, jobs in parts)
        st.html(f'<nav class="versions" aria-label="Other sizes of this painting">{lines}</nav>')


def parent_of(visit: Visit, job: Job) -> Job | None:
    """The job whose painting this one enlarges, for its owner; None without one, and when it was deleted."""
    with suppress(UnknownJob):  # deleted, or expired
        return visit.service.get(job.parent, visit.viewer) if job.parent else None
    return None


def _link(job: Job) -> str:
    size = _size_of(job)
    side = max(size) if size else job.params.size
    state = "" if job.state is JobState.SUCCEEDED else f" ({texts.STATES[job.state].lower()})"
    words = f"{side} pixels{state}" if side else "the painting"
    return f'<a href="{escape(job_url(job.id))}" target="_self">{escape(words)}</a>'


def _caption(job: Job, painting: tuple[int, int], size: int) -> str:
    """For instance "About 30 seconds, prints 17 x 11 cm (6.8 x 4.5 in)": a line for each size, so that the list needs no scrolling."""
    width, height = (max(1, round(side * size / max(painting))) for side in painting)
    seconds = larger_seconds(job.recipe or {}, size)
    prints = texts.printed((width, height), PRINT_DPI)
    return f"About {texts.duration(seconds)}, prints {prints}" if seconds else f"Prints {prints}"


def _size_of(job: Job) -> tuple[int, int] | None:
    """Width and height of a painting in pixels; None where its recipe does not say them."""
    match (job.recipe or {}).get("size"):
        case [int(width), int(height)]:
            return width, height
    return None


def _submit(visit: Visit, job_id: str) -> None:
    wanted = LargerOrder(st.session_state[_key(job_id)])
    try:
        job = visit.service.larger(job_id, visit.viewer, wanted, Sender(None, visit.network, visit.owner.has_cookie))
    except PasticheError as error:
        st.session_state[f"larger_refusal_{job_id}"] = str(error)
    else:
        st.query_params["job"] = job.id


def _key(job_id: str) -> str:
    return f"larger_size_{job_id}"
