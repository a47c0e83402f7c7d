"""The title of a painting, which its owner may give it."""

import streamlit as st

from nst.domain import MAX_TITLE, FeedEntry, Job
from nst.errors import PasticheError
from nst.styles import StyleEntry
from nst.ui import texts
from nst.ui.frame import Visit


def title_of(painting: Job | FeedEntry, styles: tuple[StyleEntry, ...]) -> str:
    """The owner's title; without one, the titles of its styles."""
    return painting.title or texts.style_names(painting, styles)


def style_line(painting: Job | FeedEntry, styles: tuple[StyleEntry, ...]) -> str:
    """The titles of its styles, where they are not its title; else an empty text."""
    return texts.style_names(painting, styles) if painting.title else ""


def show_title_field(job: Job, name: str) -> None:
    """A field for the title.

    Args:
        name: distinguishes the fields of one painting from each other.
    """
    st.text_input("Title", job.title or "", key=_key(job.id, name), max_chars=MAX_TITLE, placeholder="Optional")
    if refusal := st.session_state.pop(_refusal_key(job.id, name), None):
        st.error(refusal, icon=":material/info:")


def show_title_form(visit: Visit, job: Job) -> None:
    """For the owner of a finished painting. The popover closes once the title is accepted."""
    with st.popover("Title", icon=":material/edit:", key=_popover_key(job.id), on_change="rerun"):
        st.markdown("A title is shown instead of the style's name, and in the gallery if you publish the painting.")
        show_title_field(job, "edit")
        st.button("Save", key=f"save_title_{job.id}", type="primary", on_click=_save, args=(visit, job.id))


def accept_title(visit: Visit, job_id: str, name: str) -> bool:
    """Store what is in a field. False, and the field says why, when it cannot be a title."""
    try:
        visit.service.gallery.set_title(job_id, visit.viewer, st.session_state.get(_key(job_id, name)) or "")
    except PasticheError as error:
        st.session_state[_refusal_key(job_id, name)] = str(error)
        return False
    return True


def _save(visit: Visit, job_id: str) -> None:
    if accept_title(visit, job_id, "edit"):
        st.session_state[_popover_key(job_id)] = False


def _key(job_id: str, name: str) -> str:
    return f"title_{name}_{job_id}"


def _refusal_key(job_id: str, name: str) -> str:
    return f"title_refusal_{name}_{job_id}"


def _popover_key(job_id: str) -> str:
    return f"title_{job_id}"
