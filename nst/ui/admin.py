"""What an administrator sees besides: he gives his token on the status page, and it is kept for that tab. The service checks it."""

import re

import streamlit as st

from nst.ui.frame import Visit

_KEPT = "given_admin_token"
_ID = re.compile(r"[0-9a-f]{32}")


def show_sign_in(visit: Visit) -> None:
    with st.expander("Administrator", icon=":material/shield_person:"):
        token = st.text_input("Token", key="admin_token", type="password", help="The value of NST_ADMIN_TOKEN.", autocomplete="off")
        if token:
            st.session_state[_KEPT] = token
        if not st.session_state.get(_KEPT):
            st.caption("With the token, pictures can be taken out of the gallery, and let in again.")
            return
        st.caption("In the gallery, every picture has a button to hide it. A hidden one is let in again here.")
        link = st.text_input("Link or id of a painting", key="admin_job")
        found = _ID.search(link or "")
        hide, show, leave = st.columns(3)
        if hide.button("Hide", key="admin_hide", disabled=found is None) and found:
            _set_hidden(visit, found.group(), hidden=True)
        if show.button("Let in again", key="admin_show", disabled=found is None) and found:
            _set_hidden(visit, found.group(), hidden=False)
        if leave.button("Forget the token", key="admin_leave", on_click=_forget):
            st.rerun()


def show_hide(visit: Visit, job_id: str) -> None:
    """The button under a picture of the gallery, for administrators."""
    if st.session_state.get(_KEPT) and st.button(
        "Hide from everybody", key=f"hide_{job_id}", icon=":material/visibility_off:", type="primary"
    ):
        _set_hidden(visit, job_id, hidden=True)
        st.rerun()


def _set_hidden(visit: Visit, job_id: str, *, hidden: bool) -> None:
    visit.service.hide(job_id, st.session_state[_KEPT], hidden=hidden)
    st.toast("It is out of the gallery." if hidden else "It is in the gallery again, if its owner still shows it.")


def _forget() -> None:
    for key in (_KEPT, "admin_token"):
        st.session_state.pop(key, None)
