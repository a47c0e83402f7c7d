"""The choice of parts of the photo that have styles of their own, or stay the photo. It is out of the way until a visitor asks for it."""

from collections.abc import Mapping

import streamlit as st

from nst.styles import StyleEntry
from nst.ui import draft, frame, masks, part_messages
from nst.ui.components import PartData, region_brush, region_brush_value
from nst.ui.frame import Visit
from nst.ui.parts import COLOURS, KEEP, OWN, REST, Part, Selection
from nst.ui.urls import style_url

_POLL_SECONDS = 0.4
_NOT_FOUND = "Nothing was found for “{name}”. Paint it by hand, or remove the part."
NOTHING_TO_PAINT = "Paint over a part of your photo and choose its style first, or turn off “Paint only parts”."


def show_parts(visit: Visit) -> None:
    """The switch, and the tools while it is on."""
    now = draft.current()
    if now.photo is None:
        return
    st.session_state["by_parts"] = now.parts.enabled
    st.toggle("Paint only parts", key="by_parts", on_change=_enable, help="Choose other styles for parts of your photo, or keep them.")
    if not now.parts.enabled:
        return
    _take_searches()
    _search()
    entries = {entry.id: entry for entry in visit.service.styles()}
    region_brush(
        {
            "photo": now.photo.shown,
            "ratio": now.photo.ratio,
            "token": now.parts.token,
            "turn": now.parts.turn,
            "active": now.parts.active,
            "parts": [_data(part, entries) for part in now.parts.items],
            "most": now.parts.most(now.keeps_photo),
            "kinds": {},
            "colours": COLOURS,
            "rest": {"name": REST, **_look(now, entries)},
        },
        on_edit=_take_edit,
        on_mask=_take_masks,
    )
    if searches := [part.search for part in now.parts.items if part.search]:
        frame.rerun_on_change(lambda: any(each.done() for each in searches), False, _POLL_SECONDS)


def show_part_choice() -> None:
    """Whose style is chosen below: a part's, or the rest's."""
    parts = draft.current().parts
    if not (parts.enabled and parts.items):
        return
    names = {"": REST, **{part.id: part.name for part in parts.items}}
    st.session_state["part"] = parts.active if parts.active in names else ""
    colours = "".join(
        f".stApp .st-key-part button:nth-of-type({place})::before {{ background: {COLOURS[part.colour]}; }}"
        for place, part in enumerate(parts.items, start=2)
    )
    st.html(f"<style>{colours}</style>")
    st.segmented_control("Style for", list(names), key="part", required=True, format_func=names.__getitem__, on_change=_activate)


def show_strength() -> None:
    """The strength of the part that is being painted: the painting's, until the visitor changes it."""
    now = draft.current()
    part = now.parts.active_part
    if part is None or part.keeps_photo:
        return
    st.session_state["part_strength"] = now.params().strength if part.strength is None else part.strength
    st.slider(
        f"From photo to style: {part.name}",
        0.0,
        1.0,
        step=0.05,
        format="percent",
        key="part_strength",
        on_change=_set_strength,
        args=(part,),
    )


def is_empty() -> bool:
    """Whether there is nothing to paint: the photo is kept everywhere."""
    now = draft.current()
    return not now.shares() and not any(layer.shares for layer in now.parts.layers())


def _enable() -> None:
    draft.current().enable_parts(st.session_state["by_parts"])
    draft.forget_selection_widgets()


def _activate() -> None:
    draft.current().parts.activate(st.session_state["part"])
    draft.forget_selection_widgets()


def _set_strength(part: Part) -> None:
    part.strength = st.session_state["part_strength"]


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
    draft.forget_selection_widgets()


def _take_masks() -> None:
    _take_edit()  # a part may be new
    part_messages.take_masks(draft.current(), region_brush_value("mask"))


def _take_searches() -> None:
    parts = draft.current().parts
    for part in parts.items:
        if part.search is not None and part.search.done():
            parts.found[part.kind] = part.search.result()
            part.search = None


def _search() -> None:
    """Starts the next search for an automatic region, or takes its result. A visitor has one search at a time."""
    now = draft.current()
    for part in now.parts.items:
        if not part.is_sought:
            continue
        if part.kind in now.parts.found:
            found = now.parts.found[part.kind]
            part.show(found)
            part.note = "" if found else _NOT_FOUND.format(name=part.name)
        elif not now.parts.is_searching and now.photo is not None:
            pass
