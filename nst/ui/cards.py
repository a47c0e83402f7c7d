"""Cards: a picture with a few words below it, in the gallery and on My pictures."""

from html import escape

import streamlit as st

from nst.ui import frame
from nst.ui.components import clicked_card

_LONG = 2.2  # ratio of the sides


def show_card(
    href: str,
    after: str,
    before: str | None,
    alt: str,
    title: str,
    words: str,
    badge: str = "",
    fraction: float | None = None,
    ratio: float | None = None,
) -> None:
    """
    Args:
        href: the page that a click opens.
        before: the `src` of a second picture, shown while the card is hovered or focused.
        fraction: the progress of a painting, from 0 to 1; the picture is dimmed. None when it is finished.
        ratio: width over height of the picture, if it is known. Of a panorama, a square would show little: it is shown whole,
            before a blurred copy.
    """
    over = f'<img class="over" src="{before}" alt="" loading="lazy">' if before else ""
    backdrop = f'<img class="backdrop" src="{after}" alt="" loading="lazy">' if is_long(ratio) else ""
    mark = f'<span class="badge">{escape(badge)}</span>' if badge else ""
    bar = f'<progress value="{fraction:.3f}" aria-label="Progress"></progress>' if fraction is not None else ""
    st.html(
        f'<a class="card{"" if fraction is None else " waiting"}{" whole" if backdrop else ""}" href="{href}" target="_self">'
        f'{backdrop}<img src="{after}" alt="{escape(alt)}" loading="lazy">{over}{mark}</a>'
        f'<p class="card-words"><b>{escape(title)}</b><span>{escape(words)}</span>{bar}</p>'
    )


def is_long(ratio: float | None) -> bool:
    """Whether a square of the picture would show little of it."""
    return ratio is not None and max(ratio, 1 / ratio) > _LONG


def open_clicked_card() -> None:
    """Opens the painting whose card was clicked. The card's link is for new tabs, and for visitors without scripts."""
    if job_id := clicked_card():
        st.switch_page(frame.page("create"), query_params={"job": job_id})


def show_empty(heading: str, words: str) -> None:
    """A drawing of an empty easel with a heading, for a page without pictures, and a button that opens the form."""
    st.html(f'<div class="empty"><h2>{escape(heading)}</h2><p>{escape(words)}</p></div>')
    if st.button("Paint a photo", key="to_create", type="primary", icon=":material/brush:"):
        st.switch_page(frame.page("create"))
