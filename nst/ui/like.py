"""To paint like somebody else: in the style and with the settings of a painting that is shown."""

import streamlit as st

from nst.ui import draft, frame
from nst.ui.frame import Visit


def paint_like(visit: Visit, job_id: str) -> None:
    """To the form, with everything set. The address does not carry it: to take it off again would be a step of its own in the history."""
    with frame.edge():
        _begin(visit, job_id)
        st.switch_page(frame.page("create"))


def _begin(visit: Visit, job_id: str) -> None:
    offered = {entry.id for entry in visit.service.styles()}
    job = visit.service.get(job_id, visit.viewer)
    draft.begin_like(job, offered)
    if not any(style.name in offered for style in job.styles):
        draft.current().note = "Its style was a picture of the painter's own, which stays with them. Everything else is set as it was."
