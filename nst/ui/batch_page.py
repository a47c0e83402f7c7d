"""The page of several photos that are painted in one style: one progress for all, and the state of each."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from html import escape

import streamlit as st

from nst.domain import Job, JobState
from nst.errors import PasticheError, UnknownJob
from nst.ui import draft, texts
from nst.ui.batches import Batch, jobs_of
from nst.ui.cards import open_clicked_card
from nst.ui.components import done_notice
from nst.ui.frame import Visit, with_error_boundary
from nst.ui.heading import show_heading
from nst.ui.kept_drafts import kept
from nst.ui.my_pictures import show_job_card
from nst.ui.selection import show_archive

_POLL_SECONDS = 2.0
_ORDER = (JobState.SUCCEEDED, JobState.RUNNING, JobState.QUEUED, JobState.FAILED, JobState.CANCELLED)


def show_batch(visit: Visit, batch_id: str) -> None:
    batch = _own(visit, batch_id)
    if draft.current().sent:
        draft.current().more = []  # they are this page's now
    jobs = jobs_of(visit, batch_id)
    if not jobs and not (batch and (batch.waiting or batch.refused)):
        show_heading("No such paintings", small=True)
        st.error("There are no such paintings, or they are somebody else's. They may have been deleted.", icon=":material/info:")
        _show_new()
        return
    open_clicked_card()
    if _is_over(jobs, batch):
        _show(visit, batch_id, jobs, batch)
    else:
        st.fragment(with_error_boundary(_watch), run_every=_POLL_SECONDS)(visit, batch_id)
    total = len(jobs) + len(batch.waiting if batch else [])
    done_notice(batch_id, "Your paintings are done", texts.counted(total, "photo", "photos"), waits=not _is_over(jobs, batch))
    _show_new()


def _own(visit: Visit, batch_id: str) -> Batch | None:
    """What is not submitted yet: in this session, or kept from one before."""
    if not draft.has_begun() and visit.owner.has_cookie and (earlier := kept.copy_of(visit.viewer)):
        st.session_state["draft"] = earlier
    return next((batch for batch in draft.current().batches if batch.id == batch_id), None)


def _is_over(jobs: Sequence[Job], batch: Batch | None) -> bool:
    return all(job.state.is_terminal for job in jobs) and not (batch and batch.waiting)


def _watch(visit: Visit, batch_id: str) -> None:
    batch = _own(visit, batch_id)
    if batch and batch.waiting:
        batch.send(visit)
        if visit.owner.has_cookie:
            kept.put(visit.viewer, draft.current())
    jobs = jobs_of(visit, batch_id)
    if _is_over(jobs, batch):
        st.rerun()
    _show(visit, batch_id, jobs, batch)


def _show(visit: Visit, batch_id: str, jobs: Sequence[Job], batch: Batch | None) -> None:
    styles = visit.service.styles()
    waiting = batch.waiting if batch else []
    is_over = _is_over(jobs, batch)
    total = len(jobs) + len(waiting)
    title = "Your paintings" if is_over else f"Painting {texts.counted(total, 'photo', 'photos')} …"
    done = sum(1.0 if job.state.is_terminal else job.progress.fraction for job in jobs) / max(1, total)
    show_heading(title, view=f"{batch_id}-{is_over}", tab=None if is_over else f"{100 * done:.0f} %", small=True)
    st.progress(done, text=_summary(jobs, len(waiting)))
    if waiting:
        _show_why_waiting(batch, len(waiting))
    for name, sentence in batch.refused if batch else []:
        st.warning(f"{texts.plain(name)}: {sentence}", icon=":material/info:")
    with st.container(key="batch_actions", horizontal=True, vertical_alignment="center"):
        if not is_over:
            st.button("Cancel all", key="cancel_all", icon=":material/close:", on_click=_cancel, args=(visit, batch_id))
        show_archive(visit, jobs)
    with st.container(key="cards"):
        for job in jobs:
            with st.container(key=f"mine_{job.id}", gap="small"):
                show_job_card(visit, job, styles)
        for number, each in enumerate(waiting):
            with st.container(key=f"mine_waiting_{number}", gap="small"):
                picture = f'<span class="card waiting"><img src="{each.shown}" alt=""><span class="badge">Not sent yet</span></span>'
                st.html(f'{picture}<p class="card-words"><b>{escape(each.name)}</b></p>')


def _show_why_waiting(batch: Batch | None, number: int) -> None:
    if batch and batch.note:
        follow = f"{texts.counted(number, 'photo follows', 'photos follow')} as soon as your limits allow it. Keep this page open."
        st.info(f"{follow} {batch.note}", icon=":material/hourglass_empty:")
    else:
        st.info(f"{texts.counted(number, 'photo is', 'photos are')} being sent. Keep this page open.", icon=":material/upload:")


def _summary(jobs: Sequence[Job], waiting: int) -> str:
    counts = Counter(job.state for job in jobs)
    parts = [f"{counts[state]} {texts.STATES[state].lower()}" for state in _ORDER if counts[state]]
    return " · ".join([*parts, *([f"{waiting} not sent yet"] if waiting else [])])


def _cancel(visit: Visit, batch_id: str) -> None:
    if batch := _own(visit, batch_id):
        batch.cancel()
    try:
        for job in jobs_of(visit, batch_id):
            if not job.state.is_terminal:
                with suppress(UnknownJob):  # deleted in another window
                    visit.service.cancel(job.id, visit.viewer)
    except PasticheError as error:
        st.toast(str(error), icon=":material/info:")


def _show_new() -> None:
    if st.button("New painting", key="another", type="tertiary", icon=":material/add:"):
        del st.query_params["batch"]
        st.rerun()
