"""The administrator's controls. The token is entered on the Status page and kept for that browser tab; the service checks it."""

import streamlit as st

from nst.domain.keys import job_id_in_link
from nst.ui.frame import Visit, error_boundary

_KEPT_TOKEN, _TRIED_TOKEN = "kept_admin_token", "tried_admin_token"  # keys of the session state


def show_sign_in(visit: Visit) -> None:
    with st.expander("Administrator", icon=":material/shield_person:"):
        token = st.text_input("Token", key="admin_token", type="password", help="The value of NST_ADMIN_TOKEN.", autocomplete="off")
        if token and token != st.session_state.get(_TRIED_TOKEN):  # once, however often the page is drawn: wrong ones are counted
            st.session_state[_TRIED_TOKEN] = token
            with error_boundary():
                visit.service.check_administrator(token, visit.network)
                st.session_state[_KEPT_TOKEN] = token
        if not st.session_state.get(_KEPT_TOKEN):
            st.caption("With the token you can hide pictures from the gallery and restore them.")
            return
        st.caption("In the gallery, the Report menu of each picture now has a button to hide it. Restore hidden pictures here.")
        job_id = job_id_in_link(st.text_input("Link or id of a painting", key="admin_job") or "")
        hide, show, leave = st.columns(3)
        if hide.button("Hide", key="admin_hide", disabled=job_id is None) and job_id:
            _set_hidden(visit, job_id, hidden=True)
        if show.button("Restore", key="admin_show", disabled=job_id is None) and job_id:
            _set_hidden(visit, job_id, hidden=False)
        if leave.button("Forget the token", key="admin_leave", on_click=_forget):
            st.rerun()


def show_hide(visit: Visit, job_id: str) -> None:
    """A button, for administrators only, that hides a picture of the gallery."""
    if st.session_state.get(_KEPT_TOKEN) and st.button(
        "Hide from everyone", key=f"hide_{job_id}", icon=":material/visibility_off:", type="primary"
    ):
        _set_hidden(visit, job_id, hidden=True)
        st.rerun()


def _set_hidden(visit: Visit, job_id: str, *, hidden: bool) -> None:
    visit.service.hide(job_id, st.session_state[_KEPT_TOKEN], hidden=hidden, network=visit.network)
    st.toast("Hidden from the gallery." if hidden else "Restored. It is in the gallery if its owner still publishes it.")


def _forget() -> None:
    for key in (_KEPT_TOKEN, _TRIED_TOKEN, "admin_token"):
        st.session_state.pop(key, None)
