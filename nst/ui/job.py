"""The page of one painting, from the queue to its end. It polls the job's record and shows nothing that is not in it."""

import streamlit as st

from nst.domain import Job, JobState
from nst.errors import UnknownJob
from nst.service import JobView, WorkerOutage
from nst.ui import draft, sketch, texts
from nst.ui.components import DisplaySize, done_notice, live_preview
from nst.ui.frame import Visit, page, with_error_boundary
from nst.ui.heading import show_heading
from nst.ui.kept_drafts import kept
from nst.ui.larger import parent_of
from nst.ui.result import show_again, show_another, show_result
from nst.ui.thumbnails import display_size, picture_src

_POLL_SECONDS = 1.0
_NOTICES = {JobState.SUCCEEDED: "Your painting is done", JobState.FAILED: "Your painting failed"}
_ESTIMATE_FROM = 0.03  # fraction done; before it the slow first steps would make the estimate hours


def show_job(visit: Visit, job_id: str) -> None:
    with st.container(key="job"):
        try:
            job = visit.service.get(job_id, visit.viewer)
        except UnknownJob as error:
            _show_unknown(error)
            return
        if not job.state.is_terminal:
            st.fragment(with_error_boundary(_watch), run_every=_POLL_SECONDS)(visit, job_id)
        else:
            _mark_seen(visit, job)
        _show_notice(visit, job)
        if job.state is JobState.SUCCEEDED:
            show_result(visit, job)
        elif job.state.is_terminal:
            _show_end(visit, job)
        else:
            with st.container(key="meanwhile", horizontal=True, horizontal_alignment="center"):
                st.page_link(page("gallery"), label="Look at the gallery meanwhile", icon=":material/photo_library:")


def _mark_seen(visit: Visit, job: Job) -> None:
    """In this visit's draft, and in the one that a reload takes up."""
    if draft.has_begun():
        draft.current().mark_seen(job.id)
    kept.mark_seen(visit.viewer, job.id)


def _show_notice(visit: Visit, job: Job) -> None:
    """For the owner. Those who have stopped a painting know that it has ended."""
    if job.owner and job.state is not JobState.CANCELLED:
        title = _NOTICES.get(job.state, "")
        done_notice(job.id, title, texts.style_names(job, visit.service.styles()), waits=not job.state.is_terminal)


def _watch(visit: Visit, job_id: str) -> None:
    try:
        view = visit.service.view(job_id, visit.viewer)
    except UnknownJob:  # deleted in another window
        st.rerun()
    job = view.job
    if job.state.is_terminal:
        st.rerun()
    _show_state(job)
    interrupted = "Your painting was interrupted, and will go on. " if job.attempt else ""
    with st.container(key="progress"):
        st.progress(job.progress.fraction, text=_stage(view) if job.state is JobState.RUNNING else f"{interrupted}{_place(view)}")
    if view.outage and not job.cancel_requested:
        st.warning(_outage(view.outage), icon=":material/cloud_off:")
    live_preview(*_picture(visit, job))
    with st.container(key="watching", horizontal=True, vertical_alignment="center"):
        if job.cancel_requested:
            st.button("Stopping …", key="cancel", disabled=True)
        elif st.button("Cancel", key="cancel", icon=":material/close:"):
            visit.service.cancel(job_id, visit.viewer)
            st.rerun()
        st.caption("You can close this page. The painting continues, and you will find it under My pictures.", width="stretch")


def _picture(visit: Visit, job: Job) -> tuple[str, DisplaySize, str]:
    """The painting so far, or else the one that is enlarged, the sketch or the photo: its `src`, its size and what it is."""
    size = display_size(visit.service, job, visit.viewer)
    if job.preview_key:
        return picture_src(visit.service, visit.owner, job, "preview"), size, "The painting so far"
    if parent := parent_of(visit, job):
        return picture_src(visit.service, visit.owner, parent, "after"), size, "The painting that is enlarged"
    if kept := sketch.kept_for(job.id):
        return kept, size, "A sketch of your painting"
    return picture_src(visit.service, visit.owner, job, "before"), size, "Your photo"


def _show_state(job: Job) -> None:
    tab = f"{100 * job.progress.fraction:.0f} %" if job.state is JobState.RUNNING else None
    show_heading(texts.HEADINGS[job.state], view=f"{job.id}-{job.state}", tab=tab, small=True)


def _stage(view: JobView) -> str:
    """The present stage and the time left. Without the time if the worker is silent, since the last estimate is outdated then."""
    progress = view.job.progress
    left = progress.seconds_left if not view.outage and progress.fraction >= _ESTIMATE_FROM else None
    parts = [progress.stage or "mixing the colours", f"about {texts.duration(left)} left" if left is not None else ""]
    return " · ".join(part[:1].upper() + part[1:] for part in parts if part)


def _place(view: JobView) -> str:
    """The place in the queue."""
    waiting = view.waiting
    if waiting is None:
        return "Starting …"
    if not waiting.workers:
        return "The painter is starting up. Your painting is safe in the queue."
    ahead = texts.counted(waiting.jobs_ahead, "painting is", "paintings are")
    place = f"{ahead} ahead of yours" if waiting.jobs_ahead else "You are next"
    return f"{place}. Yours starts in about {texts.duration(waiting.seconds)}." if waiting.seconds else f"{place}."


def _outage(outage: WorkerOutage) -> str:
    soon = f"within {texts.duration(outage.seconds)}"
    if outage.is_last_attempt:
        return f"The painter has stopped responding, and this was the last attempt. You will know the outcome {soon}."
    if not outage.others:
        return "The painter has stopped responding. Your painting is safe, and continues as soon as another painter is available."
    return f"The painter has stopped responding. Another one takes over your painting {soon}."


def _show_end(visit: Visit, job: Job) -> None:
    _show_state(job)
    if job.state is JobState.FAILED:
        st.error(job.error or "The painting failed. Please try again.", icon=":material/info:")
    else:
        st.info("You stopped this painting.", icon=":material/block:")
    size = display_size(visit.service, job, visit.viewer)
    live_preview(picture_src(visit.service, visit.owner, job, "before"), size, "Your photo")
    with st.container(key="actions", horizontal=True, horizontal_alignment="center"):
        if st.button("Try again", key="retry", type="primary", icon=":material/refresh:"):
            st.query_params["job"] = visit.service.retry(job.id, visit.viewer, visit.network, visit.owner.has_cookie).id
            st.rerun()
        show_again(visit, job)
        show_another()


def _show_unknown(error: UnknownJob) -> None:
    show_heading("No such painting", small=True)
    st.error(str(error), icon=":material/info:")
    with st.container(key="actions", horizontal=True, horizontal_alignment="center"):
        show_another()
