"""The choice of parts of the photo that have styles of their own, or stay the photo. It is out of the way until a visitor asks for it."""

from collections.abc import Mapping
from concurrent.futures import CancelledError

import streamlit as st

from nst.errors import PasticheError
from nst.styles import StyleEntry
from nst.ui import draft, frame, masks, part_messages, singletons
from nst.ui.components import PartData, RegionBrushData, mark_chosen_tiles, region_brush, region_brush_value
from nst.ui.draft import Draft, Picture
from nst.ui.frame import Visit
from nst.ui.parts import COLOURS, KEEP, OWN, REST, TITLES, Part, Selection
from nst.ui.urls import style_url

_POLL_SECONDS = 0.4
_BROKEN_OFF = "The search broke off. Paint this part by hand, or remove it and add it again."
_NOT_FOUND = "Nothing was found for “{name}”. Paint it by hand, or remove the part."
NOTHING_TO_PAINT = "Paint over a part of your photo and choose its style first, or turn off “Paint only parts”."


def show_parts(visit: Visit) -> None:
    """The switch, and the tools while it is on."""
    now = draft.current()
    if now.photo is None:
        return
    st.html(f"<style>.stApp .st-key-photo_panel {{ --ratio: {now.photo.ratio:.4f}; }}</style>")
    st.session_state["by_parts"] = now.parts.enabled
    st.toggle("Paint only parts", key="by_parts", on_change=_enable, help="Choose other styles for parts of your photo, or keep them.")
    if not now.parts.enabled:
        return
    _take_searches(now.photo.ratio)
    with frame.error_boundary():
        _search(visit)
    region_brush(_brush_data(now, now.photo, {entry.id: entry for entry in visit.service.styles()}), _take_edit, _take_masks)
    if searches := [part.search for part in now.parts.items if part.search]:
        frame.rerun_on_change(lambda: any(each.done() for each in searches), False, _POLL_SECONDS)


def show_part_choice() -> None:
    """Whose style is chosen below: a part's, or the rest's."""
    parts = draft.current().parts
    if not parts.enabled:
        return
    choices = {"": REST, **{part.id: part.name for part in parts.items}}
    colours = "".join(f".stApp .st-key-part_{part.id} button::before {{ background: {COLOURS[part.colour]}; }}" for part in parts.items)
    st.html(f"<style>{colours}</style>")
    mark_chosen_tiles("part", "Style for")
    with st.container(key="part", horizontal=True, vertical_alignment="center", gap="small"):
        st.html("<span>Style for</span>", width="content")
        for part_id, name in choices.items():
            st.button(
                name,
                key=f"part_{part_id or 'rest'}",
                type="primary" if part_id == parts.active else "secondary",
                on_click=parts.activate,
                args=(part_id,),
            )


def show_strength() -> None:
    """The strength of the part that is being painted: the painting's, until the visitor changes it."""
    now = draft.current()
    part = now.parts.active_part
    if part is None or part.keeps_photo:
        return
    key = part.key_of("strength")
    st.session_state[key] = now.params().strength if part.strength is None else part.strength
    label = f"From photo to style: {part.name}"
    st.slider(label, 0.0, 1.0, step=0.05, format="percent", key=key, on_change=_set_strength, args=(part, key))


def is_empty() -> bool:
    """Whether there is nothing to paint: the photo is kept everywhere."""
    now = draft.current()
    return not now.shares() and not any(layer.shares for layer in now.parts.layers())


def _enable() -> None:
    draft.current().enable_parts(st.session_state["by_parts"])


def _set_strength(part: Part, key: str) -> None:
    part.strength = st.session_state[key]


def _brush_data(now: Draft, photo: Picture, entries: Mapping[str, StyleEntry]) -> RegionBrushData:
    return {
        "photo": photo.shown,
        "ratio": photo.ratio,
        "token": now.parts.token,
        "turn": now.parts.turn,
        "active": now.parts.active,
        "parts": [_data(part, entries) for part in now.parts.items],
        "most": now.parts.most(now.keeps_photo),
        "kinds": TITLES if singletons.previews().enabled else {},
        "colours": COLOURS,
        "rest": {"name": REST, **_look(now, entries)},
    }


def _data(part: Part, entries: Mapping[str, StyleEntry]) -> PartData:
    data = PartData(id=part.id, kind=part.kind, colour=part.colour, rev=part.rev, searching=part.search is not None, note=part.note)
    if part.mask is not None and part.seen_rev < part.rev:
        data["mask"] = masks.data_url(part.mask)
    return {**data, **_look(part, entries)}


def _look(selection: Selection, entries: Mapping[str, StyleEntry]) -> PartData:
    """What shows the chosen style."""
    style = selection.chosen[0] if selection.chosen else OWN
    return PartData(keeps=style == KEEP, thumb=style_url(entries[style]) if style in entries else "")


def _take_edit() -> None:
    part_messages.take_edit(draft.current(), region_brush_value("edit"))


def _take_masks() -> None:
    _take_edit()  # a part may be new
    part_messages.take_masks(draft.current(), region_brush_value("mask"))


def _take_searches(ratio: float) -> None:
    parts = draft.current().parts
    for part in parts.items:
        if part.search is not None and part.search.done():
            search, part.search = part.search, None
            try:
                parts.found[part.kind] = masks.of_region(search.result(), ratio)
            except (PasticheError, CancelledError) as error:
                part.show(None)
                part.note = str(error) or _BROKEN_OFF


def _search(visit: Visit) -> None:
    """Starts the next search for an automatic region, or takes its result. A visitor has one search at a time."""
    now = draft.current()
    for part in now.parts.items:
        if not part.is_sought:
            continue
        if part.kind in now.parts.found:
            found = now.parts.found[part.kind]
            part.show(found)
            part.note = "" if found else _NOT_FOUND.format(name=part.name)
        elif not now.parts.is_searching and now.photo is not None and singletons.previews().enabled:
            part.search = singletons.previews().find(visit.viewer, now.photo.small, part.kind)
