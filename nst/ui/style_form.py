"""The styles to choose from, as pictures: one, or two that are mixed; or a picture of one's own."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from nst.styles import StyleEntry
from nst.ui import draft, frame, tries, uploader
from nst.ui.draft import OWN
from nst.ui.frame import Visit


def show_styles(visit: Visit) -> None:
    entries = visit.service.styles()
    wanted = st.text_input(
        "Search styles", key="style_search", type="search", placeholder="Search: waves, glass, ink …", label_visibility="collapsed"
    )
    tried = _try_all(visit, entries)
    found = [entry for entry in entries if _matches(entry, wanted or "")]
    with st.container(key="styles"):
        if (own := draft.current().own_style) is not None:
            _show_tile(OWN, "Your picture", own.preview, "Your style picture")
        for entry in found:
            _show_tile(entry.id, entry.title, f"/styles/{entry.id}", f"{entry.title}: {entry.line}", tried.get(entry.id))
    if not found:
        st.caption("No style is called so. Try another word, or bring a picture of your own.")
    _show_choice({entry.id: entry for entry in entries})
    uploader.show_uploader(
        "style_upload",
        "Or a style of your own",
        _from_file,
        "Any picture: a painting, a fabric, a page of a comic. Bold textures work best.",
    )
    if error := draft.current().own_style_error:
        st.error(error, icon=":material/image_not_supported:")


def _try_all(visit: Visit, entries: Sequence[StyleEntry]) -> dict[str, str]:
    """Where the visitor's photo in each style is to be had, if that is what he wants to see."""
    photo = tries.chosen_photo()
    if photo is None or not st.toggle("Show my photo in each style", key="try_all"):
        return {}
    with frame.edge():
        return tries.try_all(visit.viewer, photo, entries)
    return {}


def _show_tile(style: str, title: str, source: str, alt: str, tried: str | None = None) -> None:
    """`tried` is shown over the style's own picture when it has come."""
    is_chosen = style in draft.current().chosen
    with st.container(key=f"tile_{_key(style)}"):
        behind = f' style="background: url({source}) center / cover"' if tried else ""
        st.html(f'<img class="thumb" src="{tried or source}" alt="{escape(alt)}" loading="lazy"{behind}>')
        st.button(
            f"✓ {title}" if is_chosen else title,
            key=_key(style),
            type="primary" if is_chosen else "secondary",
            on_click=draft.current().choose,
            args=(style,),
        )


def _show_choice(entries: dict[str, StyleEntry]) -> None:
    """What is chosen, in words, and how two styles are mixed."""
    now = draft.current()
    lines = [f"**{entries[style].title}.** {entries[style].line}" if style in entries else "**Your picture.**" for style in now.chosen]
    with st.container(key="choice"):
        st.markdown("  \n".join(lines))
        st.session_state.setdefault("mix", now.mixing)
        st.toggle("Mix two styles", key="mix", on_change=_mix)
        if not now.mixing:
            return
        if len(now.chosen) < 2:
            st.caption("Choose a second style above.")
            return
        first, second = (entries[style].title if style in entries else "Your picture" for style in now.chosen)
        st.session_state.setdefault("share", now.second_share)
        now.second_share = st.slider(
            f"{first} ↔ {second}", 5, 95, step=5, format="%d %%", key="share", help=f"How much of {second} there is."
        )


def _mix() -> None:
    draft.current().mix(st.session_state["mix"])


def _matches(entry: StyleEntry, wanted: str) -> bool:
    text = f"{entry.title} {entry.line} {entry.id}".lower()
    return all(word in text for word in wanted.lower().split())


def _key(style: str) -> str:
    """Of a tile's button. A file called "upload" in the operator's folder must not take the uploader's."""
    return {OWN: "own_style", "upload": "style_upload_"}.get(style, f"style_{style}")


def _from_file(_name: str, data: bytes | None) -> None:
    draft.take_style(data)
