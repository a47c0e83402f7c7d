"""The form: photo, style, settings, and what it is sent with."""

from collections.abc import Mapping

import streamlit as st

from nst.domain import Preset, new_id
from nst.service import Service
from nst.ui import draft, frame, settings_form
from nst.ui.frame import Visit
from nst.ui.heading import show_heading
from nst.ui.photo_form import show_photo
from nst.ui.preview import show_preview
from nst.ui.style_form import show_styles

_SECONDS_LAST = 60.0  # what paintings take changes slowly, and a form is drawn anew with every click


def show_form(visit: Visit) -> None:
    draft.current().chosen = draft.current().chosen or [visit.service.styles()[0].id]
    show_heading(
        "Turn a photo into a painting",
        "Choose a photo and a style, and watch it being painted. The painting is yours alone unless you show it.",
        tab="Create",
    )
    _show_note()
    _show_under_way(visit)
    with st.container(key="studio"):  # beside each other or below each other, in this order: the style sheet sees to it
        with st.container(key="photo_panel"):
            show_photo()
        with st.container(key="style_panel"):
            st.html('<h2 class="step"><span>2</span>Its style</h2>')
            sketch = st.container(key="sketch")  # it stays in sight while styles and settings are tried
            show_styles(visit)
        with st.container(key="paint_panel", border=True):
            st.html('<h2 class="step"><span>3</span>Paint</h2>')
            settings_form.show(_seconds(visit.service))
            _show_submit(visit)
    with sketch:
        show_preview(visit)


def _show_note() -> None:
    if note := draft.current().note:
        st.info(note)


def _show_under_way(visit: Visit) -> None:
    for job in visit.service.mine(visit.viewer, limit=10):
        if not job.state.is_terminal:
            with st.container(key="under_way", horizontal=True, vertical_alignment="center", border=True):
                st.markdown("A painting of yours is under way.")
                if st.button("Watch it", key="watch", type="tertiary", icon=":material/visibility:"):
                    st.query_params["job"] = job.id
                    st.rerun()
            return


def _show_submit(visit: Visit) -> None:
    draft_ = draft.current()
    with st.container(key="submit_row", horizontal=True, vertical_alignment="center", gap="medium"):
        st.session_state.setdefault("public", draft_.public)
        draft_.public = st.checkbox(
            "Show it in the public gallery",
            key="public",
            help="Photo and painting, for everybody to see. You can take them out again at any time.",
        )
        st.caption("The photo is shown beside it." if draft_.public else "Private: only this browser can open it.", width="stretch")
        pressed = st.button("Paint it", key="submit", type="primary", icon=":material/brush:")
    if not pressed:
        return
    if draft_.photo is None:
        st.warning("Choose a photo first, or try one of the samples.", icon=":material/add_photo_alternate:")
        return
    with frame.edge():
        job = visit.service.submit(visit.viewer, draft_.order())
        draft_.token, draft_.public, draft_.note = new_id(), False, None  # each painting is private unless it is ticked anew
        st.query_params["job"] = job.id
        st.rerun()


@st.cache_data(ttl=_SECONDS_LAST, max_entries=8, show_spinner=False, hash_funcs={Service: id})
def _seconds(service: Service) -> Mapping[Preset, tuple[float, float]]:
    return service.seconds()
