"""The heading of a page or of one of its views, with the browser tab's title and the keyboard focus."""

from html import escape

import streamlit as st

from nst.ui.components import focus_heading

_VIEW, _CHANGES = "view", "view_changes"


def show_heading(title: str, words: str = "", *, view: str | None = None, tab: str | None = None, small: bool = False) -> None:
    """
    Args:
        words: a line below the heading.
        view: identifies what the page shows; when it changes, the focus moves to the heading. By default the title.
        tab: the browser tab's title; by default the heading.
        small: for one painting, rather than for a page.
    """
    view = view or title
    st.set_page_config(page_title=f"{tab or title} · Pastiche")
    below = f"<p>{escape(words)}</p>" if words else ""
    st.html(
        f'<header class="hero{" small" if small else ""}"><h1 tabindex="-1" data-view="{escape(view)}">{escape(title)}</h1>{below}</header>'
    )
    focus_heading(view, _count_changes(view))


def _count_changes(view: str) -> int:
    """How often the view has changed in this visit. The first view does not count: there the browser sets the focus itself."""
    state = st.session_state
    if state.get(_VIEW, view) != view:
        state[_CHANGES] = state.get(_CHANGES, 0) + 1
    state[_VIEW] = view
    changes: int = state.get(_CHANGES, 0)
    return changes
