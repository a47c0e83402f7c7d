"""Several of the visitor's own paintings at once: selected, downloaded as one ZIP file, or deleted."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from nst.domain import Job, JobState
from nst.errors import PasticheError, UnknownJob
from nst.ui import texts
from nst.ui.archives import MOST
from nst.ui.frame import Visit
from nst.ui.urls import archive_url

_ON = "selecting"


def is_selecting() -> bool:
    return bool(st.session_state.get(_ON))


def show_checkbox(job: Job) -> None:
    """Below the job's card."""
    st.checkbox("Select", key=_key(job.id))


def show_selection(visit: Visit, jobs: Sequence[Job]) -> None:
    """A switch; and while it is on, what can be done with the selected ones of these jobs."""
    with st.container(key="selection", horizontal=True, vertical_alignment="center"):
        st.toggle("Select several", key=_ON)
        if not is_selecting():
            return
        chosen = [job for job in jobs if st.session_state.get(_key(job.id))]
        st.button("Select all", key="select_all", type="tertiary", on_click=_select, args=(jobs, True))
        st.button("Select none", key="select_none", type="tertiary", on_click=_select, args=(jobs, False), disabled=not chosen)
        st.caption(f"{texts.counted(len(chosen), 'picture', 'pictures')} selected", width="content")
        show_archive(visit, chosen)
        with st.popover("Delete", icon=":material/delete:", key="delete_selected", disabled=not chosen, on_change="rerun"):
            what = texts.counted(len(chosen), "picture", "pictures")
            st.markdown(f"**Delete {what} for good?** The photos and the paintings are removed, here and in the gallery.")
            st.button(
                "Delete for good",
                key="delete_selected_now",
                type="primary",
                icon=":material/delete_forever:",
                on_click=_delete,
                args=(visit, chosen),
            )


def show_archive(visit: Visit, jobs: Sequence[Job]) -> None:
    """A link to a ZIP file of those of the jobs that are painted. It needs the cookie, without which the server cannot know the owner."""
    painted = [job.id for job in jobs if job.state is JobState.SUCCEEDED]
    if not visit.owner.has_cookie:
        return
    if 0 < len(painted) <= MOST:
        st.html(f'<a class="button" href="{escape(archive_url(painted))}" download>Download ZIP ({len(painted)})</a>', width="content")
    elif painted:
        st.caption(f"A ZIP file has at most {MOST} paintings. Select fewer.", width="content")


def _select(jobs: Sequence[Job], chosen: bool) -> None:
    for job in jobs:
        st.session_state[_key(job.id)] = chosen


def _delete(visit: Visit, jobs: Sequence[Job]) -> None:
    deleted = 0
    for job in jobs:
        try:
            visit.service.delete(job.id, visit.viewer)
            deleted += 1
        except UnknownJob:  # deleted in another window
            pass
        except PasticheError as error:  # the others stay selected
            st.toast(str(error), icon=":material/info:")
            break
        st.session_state.pop(_key(job.id), None)
    st.session_state["delete_selected"] = False
    st.toast(f"{texts.counted(deleted, 'picture is', 'pictures are')} deleted.")


def _key(job_id: str) -> str:
    return f"select_{job_id}"
