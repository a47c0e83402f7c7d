"""The studio in numbers."""

import time

import streamlit as st

from nst import __version__
from nst.domain import JobState
from nst.service import Status
from nst.settings import Settings
from nst.ui import admin, texts
from nst.ui.frame import Visit, guarded
from nst.ui.heading import show_heading

_LOOK_SECONDS = 5.0


def show_status(visit: Visit) -> None:
    show_heading("Status")
    st.fragment(guarded(_show), run_every=_LOOK_SECONDS)(visit)
    admin.show_sign_in(visit)


def _show(visit: Visit) -> None:
    status = visit.service.status()
    with st.container(key="numbers", horizontal=True):
        st.metric("Waiting", status.counts.get(JobState.QUEUED, 0), border=True)
        st.metric("Being painted", status.counts.get(JobState.RUNNING, 0), border=True)
        st.metric("Finished", status.counts.get(JobState.SUCCEEDED, 0), border=True)
        st.metric("Failed", status.counts.get(JobState.FAILED, 0), border=True)
        st.metric("Pictures kept", status.stored_bytes, format="bytes", border=True)
    _show_workers(status)
    _show_times(status)
    st.caption(f"Pastiche {__version__} · backend {Settings().backend}")


def _show_workers(status: Status) -> None:
    st.subheader("Painters")
    if not status.workers:
        st.warning("No painter is at work. What is submitted waits, and is not lost.", icon=":material/hourglass_empty:")
        return
    now = time.time()
    st.table(
        {
            "Name": [_name(worker.name) for worker in status.workers],
            "Does": ["paints" if worker.is_busy else "waits" for worker in status.workers],
            "Last heard of": [texts.ago(now - worker.seen) for worker in status.workers],
            "Started": [texts.ago(now - worker.started) for worker in status.workers],
        }
    )


def _name(worker: str) -> str:
    """Its random part, and its number among those of one process: without the machine's name, which is nobody's business."""
    return "-".join(worker.split("-")[-2:])


def _show_times(status: Status) -> None:
    st.subheader("How long a painting takes")
    if not status.seconds:
        st.caption("Nothing has been painted yet.")
        return
    st.table(
        {
            "Quality": [texts.PRESETS[preset] for preset in status.seconds],
            "Half of them take at most": [f"{median:.1f} s" for median, _ in status.seconds.values()],
            "19 of 20 take at most": [f"{late:.1f} s" for _, late in status.seconds.values()],
        }
    )
