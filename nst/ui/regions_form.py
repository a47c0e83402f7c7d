"""The choice of parts of the photo that have styles of their own, or stay the photo. It is out of the way until a visitor asks for it."""

from collections.abc import Mapping
from concurrent.futures import CancelledError

import streamlit as st

from nst.errors import PasticheError, PreviewsBusy
from nst.styles import StyleEntry
from nst.ui import crop_form, draft, frame, masks, part_messages, singletons
from nst.ui.components import PartData, RegionBrushData, add_rules, group_tiles, region_brush, region_brush_value
from nst.ui.draft import Draft
from nst.ui.frame import Visit
from nst.ui.parts import COLOURS, KEEP, OWN, REST, TITLES, Mask, Part, Selection
from nst.ui.pictures import Picture
from nst.ui.urls import style_url

_BRUSH = "region_brush"
_POLL_SECONDS = 0.4
_BROKEN_OFF = "The search broke off. Paint this part by hand, or remove it and add it again."
_STROKES_BROKEN_OFF = "The search broke off. Press “Grow to the object” again."
_NO_OBJECT = "Nothing was found there. Draw a few more lines on it, or paint it by hand."
_NOT_FOUND = "Nothing was found for “{name}”. Paint it by hand, or remove the part."
_NOT_STORED = "{name} has changed, and the change is not stored yet. {why} Then press “Paint it” again."
_STYLE_NOT_STORED = "What is used of a style of {name} has changed, and the change is not stored yet. {why} Then press “Paint it” again."
_STILL_SEARCHING = "{name} is still being found. Press “Paint it” again in a moment."
NOTHING_TO_PAINT = "Paint over a part of your photo and choose its style first, or turn off “Paint only parts”."


def show_parts(visit: Visit) -> None:
    """The switch, and the tools while it is on."""
    now = draft.current()
    if now.photo is None:
        return
    add_rules(f".stApp .st-key-photo_panel {{ --ratio: {now.photo.ratio:.4f}; }}")
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
    if not parts.enabled or draft.current().photo is None:
        return
    choices = {"": REST, **{part.id: part.name for part in parts.items}}
    colours = "".join(f".stApp .st-key-part_{part.id} button::before {{ background: {COLOURS[part.colour]}; }}" for part in parts.items)
    add_rules(colours)
    group_tiles("part", "Style for")
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


def reason_to_wait() -> str | None:
    """Why the painting cannot be submitted yet: a part has a mask that is not the one that its visitor sees, or is about to get one."""
    parts = draft.current().parts
    for part in parts.items if parts.enabled else []:
        if part.is_missed:
            return _NOT_STORED.format(name=part.name, why=part.note)
        if part.drawn is not None:
            return _STILL_SEARCHING.format(name=part.name)
        for missed in (each for each in part.style_parts.values() if each.is_missed):
            return _STYLE_NOT_STORED.format(name=part.name, why=missed.note)
    return None


def _enable() -> None:
    crop_form.close()  # one editor of the photo at a time
    draft.current().enable_parts(st.session_state["by_parts"])


def _set_strength(part: Part, key: str) -> None:
    part.strength = st.session_state[key]


def _brush_data(now: Draft, photo: Picture, entries: Mapping[str, StyleEntry]) -> RegionBrushData:
    return {
        "place": _BRUSH,
        "photo": photo.shown,
        "ratio": photo.ratio,
        "token": now.parts.token,
        "turn": now.parts.turn,
        "active": now.parts.active,
        "parts": [_data(part, entries) for part in now.parts.items],
        "most": now.parts.most(now.keeps_photo),
        "kinds": TITLES if singletons.previews().enabled else {},
        "grows": singletons.previews().enabled,
        "colours": COLOURS,
        "rest": {"name": REST, **_look(now, entries)},
    }


def _data(part: Part, entries: Mapping[str, StyleEntry]) -> PartData:
    searching = part.search is not None or part.drawn is not None
    data = PartData(id=part.id, kind=part.kind, colour=part.colour, rev=part.rev, searching=searching, note=part.note)
    if part.mask is not None and part.seen_rev < part.rev:
        data["mask"] = masks.data_url(part.mask)
    return {**data, **_look(part, entries)}


def _look(selection: Selection, entries: Mapping[str, StyleEntry]) -> PartData:
    """What shows the chosen style."""
    style = selection.chosen[0] if selection.chosen else OWN
    return PartData(keeps=style == KEEP, thumb=style_url(entries[style]) if style in entries else "")


def _take_edit() -> None:
    part_messages.take_edit(draft.current(), region_brush_value(_BRUSH, "edit"))


def _take_masks() -> None:
    _take_edit()  # a part may be new
    part_messages.take_masks(draft.current(), region_brush_value(_BRUSH, "mask"))


def _take_searches(ratio: float) -> None:
    for part in draft.current().parts.items:
        if part.search is not None and part.search.done():
            search, part.search = part.search, None
            try:
                _take_found(part, masks.of_region(search.result(), ratio))
            except (PasticheError, CancelledError) as error:
                _give_up(part, str(error))


def _take_found(part: Part, mask: Mask | None) -> None:
    if part.drawn is None:
        draft.current().parts.found[part.kind] = mask  # `_search` shows it
        return
    part.drawn, part.note = None, "" if mask else _NO_OBJECT
    if mask:
        part.show(mask)


def _give_up(part: Part, reason: str) -> None:
    if part.drawn is None:
        part.show(None)
    part.note = reason or (_BROKEN_OFF if part.drawn is None else _STROKES_BROKEN_OFF)
    part.drawn = None


def _search(visit: Visit) -> None:
    """Starts the next search, or takes the result of an automatic region's. A visitor has one search at a time."""
    now = draft.current()
    for part in now.parts.items:
        if part.is_sought and part.kind in now.parts.found:
            found = now.parts.found[part.kind]
            part.show(found)
            part.note = "" if found else _NOT_FOUND.format(name=part.name)
        elif (part.is_sought or part.drawn) and not now.parts.is_searching and now.photo is not None and singletons.previews().enabled:
            what = part.drawn.strokes if part.drawn else part.kind
            try:
                part.search = singletons.previews().find(visit.viewer, now.photo.small, what, visit.network)
            except PreviewsBusy as error:
                if part.drawn is None:
                    raise
                _give_up(part, str(error))
