"""How it is to be painted. Names, defaults, ranges and explanations are those of `StyleParams`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import streamlit as st

from nst.domain import Init, KeepColours, Loss, Optimiser, Preset, StyleParams, help_of, range_of
from nst.ui import draft, texts
from nst.ui.draft import key_of

_DEFAULTS = StyleParams()
CHOICES: dict[str, type[StrEnum]] = {"keep_colours": KeepColours, "init": Init, "loss": Loss, "optimiser": Optimiser}
SLIDERS = {"style_scale": 0.05, "smoothness": 0.05}
NUMBERS = ("seed", "size", "iterations", "scales")
_LARGEST = 2**53 - 1  # beyond it a browser's numbers have gaps


def show(seconds: Mapping[Preset, tuple[float, float]]) -> None:
    """
    Args:
        seconds: what paintings have taken, median and 95th percentile.
    """
    preset = _choose_preset()
    took = f", about {texts.duration(seconds[preset][0])}" if preset in seconds else ""
    st.caption(f"{texts.preset_size(preset).capitalize()} on the long side{took}.")
    _slide("strength", 0.05, "Photo ↔ Style")
    with st.expander("More", icon=":material/tune:"):
        _show_more()


def _choose_preset() -> Preset:
    _fill("preset")
    chosen = st.segmented_control(
        "Quality", list(Preset), key="preset", required=True, format_func=texts.PRESETS.__getitem__, help=_help("preset")
    )
    return Preset(_keep("preset", chosen or _DEFAULTS.preset))


def _show_more() -> None:
    columns = st.columns(2, gap="medium")
    names = [*SLIDERS, *CHOICES, *NUMBERS]
    for place, name in enumerate(names):
        with columns[place % 2]:
            if name in SLIDERS:
                _slide(name, SLIDERS[name], _label(name))
            elif name in CHOICES:
                _select(name)
            else:
                _enter(name)
    if draft.current().values and st.button("Back to the defaults", key="defaults", type="tertiary", on_click=_forget):
        st.rerun()


def _slide(name: str, step: float, label: str) -> None:
    low, high = range_of(name)
    _fill(name)
    _keep(name, st.slider(label, low, high, step=step, key=key_of(name), help=_help(name)))


def _select(name: str) -> None:
    _fill(name)
    _keep(name, st.selectbox(_label(name), list(CHOICES[name]), key=key_of(name), format_func=str.capitalize, help=_help(name)))


def _enter(name: str) -> None:
    low, high = range_of(name)
    _fill(name)
    optional = getattr(_DEFAULTS, name) is None
    value = st.number_input(
        _label(name),
        int(low),
        min(int(high), _LARGEST),
        value=None if optional else "min",
        step=1,
        key=key_of(name),
        help=_help(name),
        placeholder="the preset's" if optional else None,
    )
    _keep(name, value)


def _fill(name: str) -> None:
    st.session_state.setdefault(key_of(name), draft.current().values.get(name, getattr(_DEFAULTS, name)))


def _keep(name: str, value: Any) -> Any:
    """Only what differs from the default: so a recipe stays short."""
    values = draft.current().values
    if value == getattr(_DEFAULTS, name):
        values.pop(name, None)
    else:
        values[name] = value
    return value


def _forget() -> None:
    draft.current().values.clear()
    draft.forget_widgets()


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _help(name: str) -> str:
    text = help_of(name)
    return f"{text[:1].upper()}{text[1:]}."
