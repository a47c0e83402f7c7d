"""The choice of a style: one, two that are mixed, or a picture of the visitor's own."""

from collections.abc import Sequence

import streamlit as st

from nst.domain import MAX_REGIONS
from nst.styles import StyleEntry, search
from nst.ui import draft, frame, regions_form, style_sketches, texts, uploader
from nst.ui.components import group_tiles
from nst.ui.frame import Visit
from nst.ui.parts import KEEP, OWN, Selection, is_own, own_title
from nst.ui.style_parts_form import show_style_parts
from nst.ui.urls import style_url

_KEEPS_NO_REST = f"Everything else cannot be kept as well: a painting has at most {MAX_REGIONS} parts. Remove one first."
_KEPT = "**Keep the photo.** This part stays as it is."


def show_styles(visit: Visit) -> None:
    entries = visit.service.styles()
    wanted = st.text_input(
        "Search styles",
        key="style_search",
        type="search",
        placeholder="Search: van gogh, stained glass, pencil …",
        label_visibility="collapsed",
    )
    draft.current().seen = {entry.id: entry.digest for entry in entries}
    sketches = _sketch_all(visit, entries)
    found = search(entries, wanted or "")
    group_tiles("styles", "Styles")
    with st.container(key="styles"):
        _show_own_tiles()
        for entry in found:
            _show_tile(entry.id, entry.title, style_url(entry), sketches.get(entry.id))
    if not found:
        st.caption(f"No style is like “{texts.plain(wanted or '')}”. Add a picture that is: any picture can be the style.")
    _show_choice(visit, {entry.id: entry for entry in entries})
    uploader.show_uploader(
        "style_upload",
        "Or use a style picture of your own",
        _from_file,
        "Any picture: a painting, a fabric, a page of a comic. Bold textures work best.",
    )
    if error := draft.current().own_style_error:
        st.error(error, icon=":material/image_not_supported:")


def _sketch_all(visit: Visit, entries: Sequence[StyleEntry]) -> dict[str, str]:
    """The URLs of sketches of the visitor's photo by style, if the visitor asks for them."""
    photo = style_sketches.photo_to_sketch()
    if photo is None or not st.toggle("Show my photo in each style", key="try_all"):
        return {}
    with frame.error_boundary():
        return style_sketches.request_sketches(visit, photo, entries)
    return {}


def _show_own_tiles() -> None:
    """The photo, which may be kept where there are parts, and the visitor's own styles."""
    now = draft.current()
    if now.photo is not None and now.parts.enabled:
        _show_tile(KEEP, "Keep the photo", now.photo.shown, disabled=not _can_keep())
    for style, picture in now.own_styles.items():
        _show_tile(style, own_title(style), picture.shown)


def _can_keep() -> bool:
    """Whether the photo may be kept in what is being chosen for. A rest that is kept takes the place of a part."""
    parts = draft.current().parts
    return not parts.enabled or parts.active_part is not None or len(parts.items) < MAX_REGIONS


def _show_tile(style: str, title: str, source: str, sketch: str | None = None, disabled: bool = False) -> None:
    """
    Args:
        sketch: the URL of a sketch. Until it has loaded, the style's own picture is seen behind it.
    """
    is_chosen = style in draft.current().selection.chosen
    with st.container(key=f"tile_{_key(style)}"):
        behind = f' style="background: url({source}) center / cover"' if sketch else ""
        st.html(f'<img class="thumb" src="{sketch or source}" alt="" loading="lazy"{behind}>')
        st.button(
            f"✓ {title}" if is_chosen else title,
            key=_key(style),
            type="primary" if is_chosen else "secondary",
            on_click=_choose,
            args=(style,),
            disabled=disabled,
        )


def _show_choice(visit: Visit, entries: dict[str, StyleEntry]) -> None:
    """Describes the chosen styles, mixes two of them, and offers to use a part of each."""
    now = draft.current().selection
    with st.container(key="choice"):
        if not _can_keep():
            st.caption(_KEEPS_NO_REST)
        st.markdown("  \n".join(_words_on(style, entries) for style in now.chosen))
        regions_form.show_strength()
        if not now.keeps_photo:
            titles = {style: entries[style].title if style in entries else own_title(style) for style in now.chosen}
            _show_mixture(now, titles)
            show_style_parts(visit, titles)


def _show_mixture(now: Selection, titles: dict[str, str]) -> None:
    mix, share = now.key_of("mix"), now.key_of("share")
    st.session_state.setdefault(mix, now.mixing)
    st.toggle("Mix two styles", key=mix, on_change=_mix, args=(now, mix))
    if now.mixing and len(now.chosen) < 2:
        st.caption("Choose a second style above.")
    elif now.mixing:
        first, second = (titles[style] for style in now.chosen)
        st.session_state.setdefault(share, now.second_share)
        now.second_share = st.slider(f"{first} ↔ {second}", 5, 95, step=5, format="%d %%", key=share, help=f"The share of {second}.")


def _words_on(style: str, entries: dict[str, StyleEntry]) -> str:
    if style == KEEP:
        return _KEPT
    return f"**{entries[style].title}.** {entries[style].line}" if style in entries else f"**{own_title(style)}.**"


def _choose(style: str) -> None:
    draft.current().own_style_error = None
    draft.current().selection.choose(style)


def _mix(selection: Selection, key: str) -> None:
    selection.mix(st.session_state[key])


def _key(style: str) -> str:
    """The key of a tile's button. A file called "upload" in the operator's folder must not take the key of the uploader."""
    if is_own(style):
        return f"own_style_{style.removeprefix(OWN)}".rstrip("_")
    return {KEEP: "keep_photo", "upload": "style_upload_"}.get(style, f"style_{style}")


def _from_file(_name: str, data: bytes) -> None:
    draft.take_style(data)
