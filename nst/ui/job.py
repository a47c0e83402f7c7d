"""One painting, from its place in line to its end. The record is looked at again and again, and everything is shown from it alone."""

import streamlit as st

from nst.domain import Job, JobState
from nst.errors import UnknownJob
from nst.ui import pictures, texts
from nst.ui.components import emerging
from nst.ui.frame import Visit, guarded
from nst.ui.result import show_again, show_another, show_result

_POLL_SECONDS = 1.0
_TELLING = 0.03  # before that, the first steps, which take longest, would make it hours


def show_job(visit: Visit, job_id: str) -> None:
    with st.container(key="job"):
        try:
            job = visit.service.get(job_id, visit.viewer)
        except UnknownJob:
            show_another()
            raise
        if not job.state.is_terminal:
            st.fragment(guarded(_watch), run_every=_POLL_SECONDS)(visit, job_id)
        elif job.state is JobState.SUCCEEDED:
            show_result(visit, job)
        else:
            _show_end(visit, job)


def _watch(visit: Visit, job_id: str) -> None:
    job = visit.service.get(job_id, visit.viewer)
    if job.state.is_terminal:
        st.rerun()
    st.html(f'<header class="hero small"><h1>{_heading(job)}</h1></header>')
    st.progress(job.progress.fraction, text=_stage(visit, job))
    emerging(
        before=pictures.source(visit.service, visit.owner, job, "before"),
        after=pictures.source(visit.service, visit.owner, job, "preview") if job.preview_key else None,
        shape=pictures.shape(visit.service, job, visit.viewer),
        alt="The painting as it emerges" if job.preview_key else "Your photo",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.cancel_requested:
            st.button("Stopping …", key="cancel", disabled=True)
        elif st.button("Cancel", key="cancel", icon=":material/close:"):
            visit.service.cancel(job_id, visit.viewer)
            st.rerun()
        st.caption("You may close this page: it goes on, and you find it under My pictures.", width="stretch")


def _heading(job: Job) -> str:
    return "Waiting for the easel" if job.state is JobState.QUEUED else "Painting …"


def _stage(visit: Visit, job: Job) -> str:
    if job.state is JobState.RUNNING:
        left = job.progress.seconds_left if job.progress.fraction >= _TELLING else None
        parts = [job.progress.stage or "mixing the colours", f"about {texts.duration(left)} left" if left is not None else ""]
        return " · ".join(part[:1].upper() + part[1:] for part in parts if part)
    waiting = visit.service.waiting(job.id, visit.viewer)
    if waiting is None:
        return "It begins."
    if not visit.service.status().workers:
        return "The painter is waking up. Your painting is safe in line."
    place = (
        "You are next"
        if not waiting.jobs_ahead
        else f"{texts.counted(waiting.jobs_ahead, 'painting is', 'paintings are')} in front of yours"
    )
    return f"{place}. It begins in about {texts.duration(waiting.seconds)}." if waiting.seconds else f"{place}."


def _show_end(visit: Visit, job: Job) -> None:
    if job.state is JobState.FAILED:
        st.error(job.error or "The painting failed. Please try again.", icon=":material/info:")
    else:
        st.info("You stopped this painting.", icon=":material/block:")
    shape = pictures.shape(visit.service, job, visit.viewer)
    emerging(before=pictures.source(visit.service, visit.owner, job, "before"), after=None, shape=shape, alt="Your photo")
    with st.container(horizontal=True):
        if st.button("Try again", key="retry", type="primary", icon=":material/refresh:"):
            st.query_params["job"] = visit.service.retry(job.id, visit.viewer).id
            st.rerun()
        show_again(visit, job)
        show_another()
