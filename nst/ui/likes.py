"""Likes of published paintings: one of each visitor."""

import streamlit as st

from nst.errors import PasticheError
from nst.ui.frame import Visit


def show_like(visit: Visit, job_id: str, likes: int, *, liked: bool) -> None:
    """A button that likes a painting, or takes that back, with the number of likes."""
    word = "Liked" if liked else "Like"
    st.button(
        f"{word} · {likes}" if likes else word,
        key=f"heart_{job_id}",
        type="tertiary",
        icon=":material/heart_check:" if liked else ":material/favorite:",
        on_click=_like,
        args=(visit, job_id, not liked),
    )


def _like(visit: Visit, job_id: str, liked: bool) -> None:
    try:
        visit.service.gallery.like(job_id, visit.viewer, liked=liked, network=visit.network, has_cookie=visit.owner.has_cookie)
    except PasticheError as error:
        st.toast(str(error), icon=":material/info:")
