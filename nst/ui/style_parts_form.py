"""The choice of what is used of a style's picture, for a part of the photo. It is out of the way until a visitor asks for it."""

from functools import lru_cache, partial

import streamlit as st

from nst import images
from nst.images import Format
from nst.service import Service
from nst.ui import draft, frame, part_messages
from nst.ui.components import PartData, RegionBrushData, add_rules, region_brush, region_brush_value
from nst.ui.frame import Visit
from nst.ui.masks import data_url as mask_url
from nst.ui.parts import COLOURS, Part, StylePart
from nst.ui.urls import data_url

_SIDE = 700  # long side, in pixels, of a style picture to draw on
_HELP = "Draw on the picture of the style what is to be used of it."
_FOUND = "“{name}” is found in this picture, and used. What you draw takes its place."


def show_style_parts(visit: Visit, titles: dict[str, str]) -> None:
    """A switch for each style of the part that is being painted, and the tools while it is on.

    Args:
        titles: of the chosen styles, by the names that selections have for them.
    """
    part = draft.current().parts.active_part
    if part is None:
        return
    for number, style in enumerate(part.chosen):
        with frame.error_boundary(), st.container(key=f"used_{number}"):
            _show_style_part(visit, part, style, titles[style], number)


def _show_style_part(visit: Visit, part: Part, style: str, title: str, number: int) -> None:
    own = draft.current().own_styles.get(style)
    source, ratio = (own.shown, own.ratio) if own else _shown(visit.service, style, visit.service.style(style).digest)
    add_rules(f".stApp .st-key-used_{number} {{ --ratio: {ratio:.4f}; }}")
    known, key = part.style_parts.get(style), part.key_of(f"style_part_{number}")
    st.session_state[key] = known is not None and known.is_used
    label = "Use only a part of this style" if len(part.chosen) == 1 else f"Use only a part of {title}"
    st.toggle(label, key=key, on_change=_use, args=(part, style, key), help=_HELP)
    if known is None or not known.is_used:
        return
    known.ratio = ratio
    if known.kind:
        st.caption(_FOUND.format(name=known.kind.capitalize()))
    place = f"style_brush_{number}"
    region_brush(_data(part, known, source, place), lambda: None, partial(_take_mask, place))


def _use(part: Part, style: str, key: str) -> None:
    part.style_parts.setdefault(style, StylePart()).is_used = st.session_state[key]


@lru_cache(maxsize=32)
def _shown(service: Service, style_id: str, digest: str) -> tuple[str, float]:
    """The `src` of a style's picture, larger than a thumbnail; and its width over its height."""
    picture = service.style_picture(style_id, digest, _SIDE)
    return data_url(images.encode(picture, Format.WEBP, images.THUMBNAIL_QUALITY), Format.WEBP), picture.width / picture.height


def _data(part: Part, known: StylePart, source: str, place: str) -> RegionBrushData:
    """The mask comes with it each time: the page may have shown another one in this place, and keeps what it has that is newer."""
    data = PartData(id=known.id, kind="", colour=part.colour, rev=known.rev, note=known.note)
    if known.mask is not None:
        data["mask"] = mask_url(known.mask)
    return {
        "place": place,
        "photo": source,
        "ratio": known.ratio,
        "token": known.id,
        "turn": 1,
        "active": known.id,
        "parts": [data],
        "colours": COLOURS,
        "style": True,
    }


def _take_mask(place: str) -> None:
    part_messages.take_style_mask(draft.current(), region_brush_value(place, "mask"))
