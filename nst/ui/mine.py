"""What this browser has made: everything that is its owner's, waiting, under way and finished."""

import time

import streamlit as st

from nst.domain import Cursor, Job, JobState
from nst.ui import frame, pictures, texts
from nst.ui.cards import show_card, show_empty
from nst.ui.frame import Visit, guarded
from nst.ui.heading import show_heading

PAGE = 24
_LOOK_SECONDS = 2.0


def show_mine(visit: Visit) -> None:
    show_heading("My pictures", "This browser alone knows them. Others see only what you publish.")
    if not visit.owner.is_kept:
        st.warning(
            "Your browser keeps no cookies for this page, so your pictures are forgotten when you close it.", icon=":material/cookie_off:"
        )
    jobs = _read(visit)
    st.fragment(guarded(_look_for_news), run_every=_LOOK_SECONDS)(visit, [_news(job) for job in jobs])
    if not jobs:
        show_empty("No pictures yet", "What you paint is found here again, also tomorrow.")
        if st.button("Paint a photo", key="to_create", type="primary", icon=":material/brush:"):
            st.switch_page(frame.page("create"))
        return
    with st.container(key="cards"):
        for job in jobs:
            with st.container(key=f"mine_{job.id}", gap="small"):
                _show_job(visit, job)
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


def _news(job: Job) -> tuple[object, ...]:
    return job.id, job.state, job.public, round(job.progress.fraction, 1)


def _look_for_news(visit: Visit, shown: list[tuple[object, ...]]) -> None:
    """Draws nothing; see the gallery's."""
    if [_news(job) for job in _read(visit)] != shown:
        st.rerun()


def _show_job(visit: Visit, job: Job) -> None:
    painted = job.state is JobState.SUCCEEDED
    photo = pictures.source(visit.service, visit.owner, job, "small-before")
    title = pictures.style_names(job.styles, visit.service.styles())
    show_card(
        f"/?job={job.id}",
        pictures.source(visit.service, visit.owner, job, "small-after") if painted else photo,
        photo if painted else None,
        f"Painting in the style {title}" if painted else "Your photo",
        title,
        f"{texts.PRESETS[job.params.preset]} · {texts.ago(time.time() - job.created)}",
        badge=_badge(job),
        fraction=None if job.state.is_terminal else job.progress.fraction,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if painted:
            _show_visibility(visit, job)
        with st.popover("Delete", icon=":material/delete:", type="tertiary", key=f"delete_{job.id}"):
            st.markdown("**Delete it for good?** Photo and painting are removed, here and in the gallery.")
            if st.button("Delete for good", key=f"delete_now_{job.id}", type="primary", icon=":material/delete_forever:"):
                visit.service.delete(job.id, visit.viewer)
                st.rerun()


def _show_visibility(visit: Visit, job: Job) -> None:
    if job.public:
        if st.button("Make private", key=f"make_private_{job.id}"):
            visit.service.make_private(job.id, visit.viewer)
            st.rerun()
    elif st.button("Publish", key=f"publish_{job.id}"):
        visit.service.publish(job.id, visit.viewer)
        st.rerun()


def _badge(job: Job) -> str:
    if job.state is not JobState.SUCCEEDED:
        return texts.STATES[job.state]
    if job.hidden:
        return "Taken out of the gallery"
    return "In the gallery" if job.public else "Private"
