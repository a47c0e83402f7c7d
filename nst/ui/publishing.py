"""Who sees a painting: its owner publishes it or makes it private; others report it."""

import streamlit as st

from nst.domain import Job
from nst.errors import PasticheError
from nst.ui import admin
from nst.ui.frame import Visit
from nst.ui.titles import accept_title, show_title_field

_WAYS = {False: "The painting alone", True: "The painting and the photo"}


def show_visibility(visit: Visit, job: Job) -> None:
    """For the owner of a finished painting."""
    if job.public:
        if st.button("Make private", key=f"make_private_{job.id}", icon=":material/lock:"):
            visit.service.make_private(job.id, visit.viewer)
            st.rerun()
        return
    with st.popover("Publish", key=f"publish_{job.id}", icon=":material/public:"):
        st.markdown("**Everyone can see it in the gallery**, until you make it private again.")
        st.radio("What do you want to show?", list(_WAYS), format_func=_WAYS.__getitem__, key=_way_key(job.id))
        show_title_field(job, "publish")
        st.button(
            "Publish it",
            key=f"publish_now_{job.id}",
            type="primary",
            icon=":material/public:",
            on_click=_publish,
            args=(visit, job.id),
        )
        if refusal := st.session_state.pop(f"publish_refusal_{job.id}", None):
            st.error(refusal, icon=":material/info:")


def _publish(visit: Visit, job_id: str) -> None:
    """The title first: the painting must not be seen with another one."""
    if not accept_title(visit, job_id, "publish"):
        return
    try:
        visit.service.publish(job_id, visit.viewer, with_photo=bool(st.session_state.get(_way_key(job_id))))
    except PasticheError as error:
        st.session_state[f"publish_refusal_{job_id}"] = str(error)


def _way_key(job_id: str) -> str:
    return f"publish_what_{job_id}"


def show_report(visit: Visit, job_id: str) -> None:
    """For everybody who sees a published painting. The popover closes once the report is accepted."""
    with st.popover("Report", icon=":material/flag:", type="tertiary", key=f"report_{job_id}", on_change="rerun"):
        st.markdown("**Is this picture, or its title, not suitable for everyone?**")
        st.text_input("What is wrong with it?", key=f"reason_{job_id}", max_chars=200, placeholder="Optional")
        st.button("Report it", key=f"report_now_{job_id}", icon=":material/flag:", on_click=_report, args=(visit, job_id))
        if refusal := st.session_state.pop(f"refusal_{job_id}", None):
            st.error(refusal, icon=":material/info:")
        admin.show_hide(visit, job_id)


def _report(visit: Visit, job_id: str) -> None:
    reason = st.session_state.get(f"reason_{job_id}") or ""
    try:
        visit.service.report(job_id, visit.viewer, reason, visit.network, visit.owner.since)
    except PasticheError as error:
        st.session_state[f"refusal_{job_id}"] = str(error)
    else:
        st.session_state[f"report_{job_id}"] = False
        st.toast("Thank you. The painting leaves the gallery once enough visitors have reported it.")
