"""Cropping, turning and straightening the chosen photo. It is out of the way until a visitor asks for it."""

import streamlit as st

from nst.images import MAX_ANGLE, Crop
from nst.ui import draft
from nst.ui.components import crop, crop_value
from nst.ui.pictures import Picture

UNFINISHED = "You are cropping your photo. Press “Use this part” or “Cancel” first."
_OPEN = "cropping"
_LEAST = 0.05  # of width and height
_LOSES_PARTS = "What you have painted as a part of your photo is removed when you use another part of it."


def show_button() -> None:
    st.button("Crop", key="crop_photo", icon=":material/crop_rotate:", on_click=_open, disabled=is_open())


def is_open() -> bool:
    return bool(st.session_state.get(_OPEN))


def show_crop(photo: Picture) -> None:
    """The tools, while they are open."""
    if not is_open():
        return
    whole = photo.whole or photo
    crop(whole.shown, whole.ratio, photo.crop, _take, close)
    if any(part.mask and not part.kind for part in draft.current().parts.items):
        st.caption(_LOSES_PARTS)


def close() -> None:
    st.session_state[_OPEN] = False


def _open() -> None:
    st.session_state[_OPEN] = True


def _take() -> None:
    chosen = crop_of(crop_value())
    if chosen is not None and draft.take_crop(chosen):
        close()


def crop_of(sent: object) -> Crop | None:
    """What a page has sent, which may be anything; None for what could not come from the page."""
    match sent:
        case {
            "turns": int(turns),
            "box": [int() | float(), int() | float(), int() | float(), int() | float()] as box,
            "angle": int() | float() as angle,
        } if 0 <= turns < 4 and -MAX_ANGLE <= angle <= MAX_ANGLE:
            left, top, right, bottom = (round(min(1.0, max(0.0, each)), 4) for each in box)
            if right - left >= _LEAST and bottom - top >= _LEAST:  # not where one is no number
                return Crop(int(turns), left, top, right, bottom, round(float(angle), 1))
    return None
