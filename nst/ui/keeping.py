"""Keeping a private painting longer than usual."""

import streamlit as st

from nst.domain import Job
from nst.errors import PasticheError
from nst.ui import texts
from nst.ui.frame import Visit


def show_keep_longer(visit: Visit, job: Job) -> None:
    """A button for the owner, where the painting can be kept longer."""
    if longest := visit.service.keeping.longest(job):
        st.button(
            f"Keep until {texts.day(longest)}",
            key=f"keep_{job.id}",
            type="tertiary",
            icon=":material/event_repeat:",
            on_click=_keep,
            args=(visit, job.id),
        )


def _keep(visit: Visit, job_id: str) -> None:
    try:
        visit.service.keeping.keep_longer(job_id, visit.viewer)
    except PasticheError as error:
        st.toast(str(error), icon=":material/info:")
