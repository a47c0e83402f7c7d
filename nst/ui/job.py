"""One painting, from its place in line to its end. The record is looked at again and again, and everything is shown from it alone."""

import streamlit as st

from nst.domain import Job, JobState
from nst.errors import UnknownJob
from nst.service import Silence
from nst.ui import pictures, texts
from nst.ui.components import emerging
from nst.ui.frame import Visit, guarded
from nst.ui.heading import show_heading
from nst.ui.result import show_again, show_another, show_result

_POLL_SECONDS = 1.0
_TELLING = 0.03  # before that, the first steps, which take longest, would make it hours


def show_job(visit: Visit, job_id: str) -> None:
    with st.container(key="job"):
        try:
            job = visit.service.get(job_id, visit.viewer)
        except UnknownJob as error:
            _show_none(error)
            return
        if not job.state.is_terminal:
            st.fragment(guarded(_watch), run_every=_POLL_SECONDS)(visit, job_id)
        elif job.state is JobState.SUCCEEDED:
            show_result(visit, job)
        else:
            _show_end(visit, job)


def _watch(visit: Visit, job_id: str) -> None:
    try:
        job = visit.service.get(job_id, visit.viewer)
    except UnknownJob:  # deleted, from another window
        st.rerun()
    if job.state.is_terminal:
        st.rerun()
    silence = visit.service.silence(job_id, visit.viewer)
    _show_state(job)
    st.progress(job.progress.fraction, text=_stage(job, is_heard=silence is None) if job.state is JobState.RUNNING else _place(visit, job))
    if silence and not job.cancel_requested:
        st.warning(_silence(silence), icon=":material/cloud_off:")
    emerging(
        before=pictures.source(visit.service, visit.owner, job, "before"),
        after=pictures.source(visit.service, visit.owner, job, "preview") if job.preview_key else None,
        shape=pictures.shape(visit.service, job, visit.viewer),
        alt="The painting as it emerges" if job.preview_key else "Your photo",
    )
    with st.container(key="watching", horizontal=True, vertical_alignment="center"):
        if job.cancel_requested:
            st.button("Stopping …", key="cancel", disabled=True)
        elif st.button("Cancel", key="cancel", icon=":material/close:"):
            visit.service.cancel(job_id, visit.viewer)
            st.rerun()
        st.caption("You may close this page: it goes on, and you find it under My pictures.", width="stretch")


def _show_state(job: Job) -> None:
    tab = f"{100 * job.progress.fraction:.0f} %" if job.state is JobState.RUNNING else None
    show_heading(texts.HEADINGS[job.state], view=f"{job.id}-{job.state}", tab=tab, small=True)


def _stage(job: Job, is_heard: bool) -> str:
    """What goes on, and how long it still takes, unless the last word of that is an old one."""
    left = job.progress.seconds_left if is_heard and job.progress.fraction >= _TELLING else None
    parts = [job.progress.stage or "mixing the colours", f"about {texts.duration(left)} left" if left is not None else ""]
    return " · ".join(part[:1].upper() + part[1:] for part in parts if part)


def _place(visit: Visit, job: Job) -> str:
    waiting = visit.service.waiting(job.id, visit.viewer)
    if waiting is None:
        return "It begins."
    if not waiting.workers:
        return "The painter is waking up. Your painting is safe in line."
    place = (
        "You are next"
        if not waiting.jobs_ahead
        else f"{texts.counted(waiting.jobs_ahead, 'painting is', 'paintings are')} in front of yours"
    )
    return f"{place}. It begins in about {texts.duration(waiting.seconds)}." if waiting.seconds else f"{place}."


def _silence(silence: Silence) -> str:
    soon = f"within {texts.duration(silence.seconds)}"
    if silence.is_last_attempt:
        return f"The worker has fallen silent, and this was the last attempt. You hear how it ends {soon}."
    if not silence.others:
        return "The worker has fallen silent. Your painting is safe, and is taken up again as soon as there is another one."
    return f"The worker has fallen silent. Your painting is taken up again by another one {soon}."


def _show_end(visit: Visit, job: Job) -> None:
    _show_state(job)
    if job.state is JobState.FAILED:
        st.error(job.error or "The painting failed. Please try again.", icon=":material/info:")
    else:
        st.info("You stopped this painting.", icon=":material/block:")
    shape = pictures.shape(visit.service, job, visit.viewer)
    emerging(before=pictures.source(visit.service, visit.owner, job, "before"), after=None, shape=shape, alt="Your photo")
    with st.container(key="actions", horizontal=True, horizontal_alignment="center"):
        if st.button("Try again", key="retry", type="primary", icon=":material/refresh:"):
            st.query_params["job"] = visit.service.retry(job.id, visit.viewer).id
            st.rerun()
        show_again(visit, job)
        show_another()


def _show_none(error: UnknownJob) -> None:
    show_heading("No such painting", small=True)
    st.error(str(error), icon=":material/info:")
    with st.container(key="actions", horizontal=True, horizontal_alignment="center"):
        show_another()
