"""What a page, or a state of one, is called: its heading, the browser tab's title, and where keyboard and screen reader go on."""

from html import escape

import streamlit as st

from nst.ui.components import arrival

_VIEW, _ARRIVALS = "view", "arrivals"


def show_heading(title: str, words: str = "", *, view: str | None = None, tab: str | None = None, small: bool = False) -> None:
    """
    Args:
        words: a line below.
        view: names what is looked at; when another one was looked at before, the focus moves to the heading. By default the title.
        tab: the browser tab's title; by default the heading.
        small: of a picture, rather than of a page.
    """
    view = view or title
    st.set_page_config(page_title=f"{tab or title} · Pastiche")
    below = f"<p>{escape(words)}</p>" if words else ""
    st.html(
        f'<header class="hero{" small" if small else ""}"><h1 tabindex="-1" data-view="{escape(view)}">{escape(title)}</h1>{below}</header>'
    )
    arrival(view, _arrivals(view))


def _arrivals(view: str) -> int:
    """How many views this visit has come to after its first one, in which the browser has put the focus where it belongs."""
    now = st.session_state
    if now.get(_VIEW, view) != view:
        now[_ARRIVALS] = now.get(_ARRIVALS, 0) + 1
    now[_VIEW] = view
    arrivals: int = now.get(_ARRIVALS, 0)
    return arrivals
