"""The Status page: counts, workers and durations."""

import time

import streamlit as st
from rich.filesize import decimal

from nst import __version__
from nst.domain import JobState
from nst.service import Status
from nst.ui import admin, singletons, texts
from nst.ui.frame import Visit, with_error_boundary
from nst.ui.heading import show_heading

_POLL_SECONDS = 5.0


def show_status(visit: Visit) -> None:
    show_heading("Status")
    st.fragment(with_error_boundary(_show), run_every=_POLL_SECONDS)(visit)
    admin.show_sign_in(visit)


def _show(visit: Visit) -> None:
    status = visit.service.status()
    with st.container(key="numbers", horizontal=True):
        st.metric("Waiting", status.counts.get(JobState.QUEUED, 0), border=True)
        st.metric("Being painted", status.counts.get(JobState.RUNNING, 0), border=True)
        st.metric("Finished", status.counts.get(JobState.SUCCEEDED, 0), border=True)
        st.metric("Failed", status.counts.get(JobState.FAILED, 0), border=True)
        st.metric("Stored pictures", decimal(status.stored_bytes), border=True)
    if status.is_nearly_full:
        part = status.stored_bytes / status.disk_bytes
        st.warning(f"Pictures use {part:.0%} of the space reserved for them (NST_DISK_BYTES).", icon=":material/hard_drive:")
    _show_workers(status)
    _show_times(status)
    st.caption(f"Pastiche {__version__} · backend {singletons.settings().backend}")


def _show_workers(status: Status) -> None:
    st.header("Painters")
    if not status.workers:
        st.warning("No painter is running. New paintings wait in the queue and are not lost.", icon=":material/hourglass_empty:")
        return
    now = time.time()
    st.table(
        {
            "Name": [_name(worker.name) for worker in status.workers],
            "Activity": ["painting" if worker.is_busy else "waiting" for worker in status.workers],
            "Last seen": [texts.ago(now - worker.seen) for worker in status.workers],
            "Started": [texts.ago(now - worker.started) for worker in status.workers],
        }
    )


def _name(worker: str) -> str:
    """A worker's random part and number, without the name of its machine, which visitors must not learn."""
    return "-".join(worker.split("-")[-2:])


def _show_times(status: Status) -> None:
    st.header("How long a painting takes")
    if not status.seconds:
        st.caption("Nothing has been painted yet.")
        return
    st.table(
        {
            "Quality": [texts.PRESETS[preset] for preset in status.seconds],
            "Half are done within": [f"{median:.1f} s" for median, _ in status.seconds.values()],
            "95 % are done within": [f"{late:.1f} s" for _, late in status.seconds.values()],
        }
    )
