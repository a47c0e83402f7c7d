"""The My pictures page: all jobs of this browser's owner, waiting, in progress and finished."""

import time

import streamlit as st

from nst.domain import Cursor, Job, JobState
from nst.styles import StyleEntry
from nst.ui import frame, texts
from nst.ui.cards import open_clicked_card, show_card, show_empty
from nst.ui.frame import Visit
from nst.ui.heading import show_heading
from nst.ui.keeping import show_keep_longer
from nst.ui.publishing import show_visibility
from nst.ui.selection import is_selecting, show_checkbox, show_selection
from nst.ui.thumbnails import picture_src
from nst.ui.titles import style_line, title_of
from nst.ui.urls import job_url

PAGE = 24
_POLL_SECONDS = 2.0


def show_my_pictures(visit: Visit) -> None:
    show_heading("My pictures", "Only this browser can open them. Others see only what you publish.")
    if not visit.owner.has_cookie:
        st.warning(
            "Your browser does not store cookies for this page, so you lose your pictures when you close it. Allow cookies to keep them.",
            icon=":material/cookie_off:",
        )
    jobs = _read(visit)
    frame.rerun_on_change(lambda: _shown_facts(_read(visit)), _shown_facts(jobs), _POLL_SECONDS)
    if not jobs:
        show_empty("No pictures yet", "Your paintings appear here, and stay when you come back.")
        return
    show_selection(visit, jobs)
    open_clicked_card()
    styles = visit.service.styles()
    with st.container(key="cards"):
        for job in jobs:
            with st.container(key=f"mine_{job.id}", gap="small"):
                _show_job(visit, job, styles)
    if len(jobs) == st.session_state.get("mine_shown", PAGE) and st.button("Show more", key="more", width="stretch"):
        st.session_state["mine_shown"] = len(jobs) + PAGE
        st.rerun()


def _read(visit: Visit) -> list[Job]:
    jobs: list[Job] = []
    wanted = st.session_state.get("mine_shown", PAGE)
    while len(jobs) < wanted:
        page = visit.service.mine(visit.viewer, PAGE, Cursor(jobs[-1].created, jobs[-1].id) if jobs else None)
        jobs += page
        if len(page) < PAGE:
            break
    return jobs


def _shown_facts(jobs: list[Job]) -> list[tuple[object, ...]]:
    """The page is redrawn when any of these changes."""
    return [(job.id, job.state, job.public, job.title, round(job.progress.fraction, 1)) for job in jobs]


def show_job_card(visit: Visit, job: Job, styles: tuple[StyleEntry, ...]) -> None:
    """The picture of a job with its state; a click opens its page."""
    is_painted = job.state is JobState.SUCCEEDED
    photo = picture_src(visit.service, visit.owner, job, "small-before")
    show_card(
        job_url(job.id),
        picture_src(visit.service, visit.owner, job, "small-after") if is_painted else photo,
        photo if is_painted else None,
        f"Painting in the style {texts.style_names(job, styles)}" if is_painted else "Your photo",
        title_of(job, styles),
        " · ".join(filter(None, (style_line(job, styles), *_facts(visit, job)))),
        badge=_badge(job),
        fraction=None if job.state.is_terminal else job.progress.fraction,
        ratio=job.ratio,
    )


def _show_job(visit: Visit, job: Job, styles: tuple[StyleEntry, ...]) -> None:
    show_job_card(visit, job, styles)
    if is_selecting():
        show_checkbox(job)
        return
    show_keep_longer(visit, job)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if job.state is JobState.SUCCEEDED:
            show_visibility(visit, job)
        with st.popover("Delete", icon=":material/delete:", type="tertiary", key=f"delete_{job.id}"):
            st.markdown("**Delete it for good?** The photo and the painting are removed, here and in the gallery.")
            if st.button("Delete for good", key=f"delete_now_{job.id}", type="primary", icon=":material/delete_forever:"):
                visit.service.delete(job.id, visit.viewer)
                st.rerun()


def _facts(visit: Visit, job: Job) -> tuple[str, ...]:
    likes = texts.counted(job.likes, "like", "likes") if job.is_in_feed and job.likes else ""
    return texts.PRESETS[job.params.preset], texts.ago(time.time() - job.created), texts.kept(visit.service.keeping.until(job)), likes


def _badge(job: Job) -> str:
    if job.state is not JobState.SUCCEEDED:
        return texts.STATES[job.state]
    if job.hidden:
        return "Removed from the gallery"
    return "In the gallery" if job.public else "Private"
