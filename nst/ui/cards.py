"""A picture with a few words under it, as the gallery and one's own pictures show them."""

from html import escape

import streamlit as st


def show_card(
    href: str, after: str, before: str | None, alt: str, title: str, words: str, badge: str = "", fraction: float | None = None
) -> None:
    """
    Args:
        href: where a click leads.
        before: shown while a pointer or the keyboard rests on the card.
        fraction: of a painting under way; its photo is shown dimmed.
    """
    over = f'<img src="{before}" alt="" loading="lazy">' if before else ""
    mark = f'<span class="badge">{escape(badge)}</span>' if badge else ""
    bar = f'<progress value="{fraction:.3f}" aria-label="How far it is"></progress>' if fraction is not None else ""
    st.html(
        f'<a class="card{"" if fraction is None else " waiting"}" href="{href}" target="_self">'
        f'<img src="{after}" alt="{escape(alt)}" loading="lazy">{over}{mark}</a>'
        f'<p class="card-words"><b>{escape(title)}</b><span>{escape(words)}</span>{bar}</p>'
    )


def show_empty(heading: str, words: str) -> None:
    """An empty easel, where there is nothing to show yet."""
    st.html(f'<div class="empty"><h2>{escape(heading)}</h2><p>{escape(words)}</p></div>')
