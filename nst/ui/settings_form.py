"""The settings of a painting. Defaults, ranges and the help texts of the first ones come from `StyleParams`."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import streamlit as st

from nst.domain import PRESET_SIZES, Init, KeepColours, Loss, Mode, Optimiser, Preset, StyleParams, help_of, range_of
from nst.ui import draft, expert_words, frame, texts
from nst.ui.draft import key_of

_DEFAULTS = StyleParams()
CHOICES: dict[str, type[StrEnum]] = {"mode": Mode, "keep_colours": KeepColours, "init": Init, "loss": Loss, "optimiser": Optimiser}
SLIDERS = {"style_scale": 0.05, "smoothness": 0.05}
NUMBERS = ("seed", "size", "iterations", "scales")
_SHOWN_TO_ALL = ("style_scale", "keep_colours")
_COLOURS: dict[StrEnum, str] = {
    KeepColours.OFF: "From the style",
    KeepColours.LUMINANCE: "From my photo",
    KeepColours.RECOLOUR: "From my photo, blended",
}
_GROWTH = 1.3  # exponent of the long side in the time that a painting takes: from 512 pixels on there are fewer steps
_UNKNOWN_SECONDS = 10.0  # after which an open page asks again for estimates that are not known yet
_LARGEST = 2**53 - 1  # larger integers are not exact in a browser


def show(estimates: Callable[[Mode], Mapping[Preset, float]]) -> None:
    """
    Args:
        estimates: how many seconds paintings of a mode take, by preset, as far as that is known.
    """
    preset = _choose_preset()
    mode = Mode(st.session_state.get(key_of("mode"), draft.current().values.get("mode", _DEFAULTS.mode)))
    seconds = estimates(mode)
    st.html(_beside_presets(seconds))
    st.caption(f"{texts.preset_size(preset).capitalize()} on the long side, {texts.preset_print(preset)}.")
    _slide("strength", 0.05, "From photo to style", "percent")
    _slide("style_scale", SLIDERS["style_scale"], "Strokes, from fine to coarse")
    _select("keep_colours", "Colours", _COLOURS)
    with st.expander("For experts", icon=":material/tune:"):
        _show_more()
    if not seconds:
        frame.rerun_on_change(lambda: bool(estimates(mode)), False, _UNKNOWN_SECONDS)


def _beside_presets(seconds: Mapping[Preset, float]) -> str:
    """A list with size and time of each preset, below the buttons that choose one."""
    return f'<ul class="presets" aria-label="Sizes and times">{"".join(_size_and_time(preset, seconds) for preset in Preset)}</ul>'


def _size_and_time(preset: Preset, seconds: Mapping[Preset, float]) -> str:
    """For one without an estimate, the time is that of the nearest preset with one, by the number of pixels."""
    known, time = min(seconds, key=lambda each: abs(PRESET_SIZES[each] - PRESET_SIZES[preset]), default=None), "&nbsp;"
    if known:
        time = f"about {texts.short_duration(seconds[known] * (PRESET_SIZES[preset] / PRESET_SIZES[known]) ** _GROWTH)}"
    return f'<li><span class="unseen">{texts.PRESETS[preset]}: </span>{PRESET_SIZES[preset]} px<br>{time}</li>'


def _choose_preset() -> Preset:
    _fill("preset")
    chosen = st.segmented_control(
        "Quality", list(Preset), key="preset", required=True, width="stretch", format_func=texts.PRESETS.__getitem__, help=_help("preset")
    )
    return Preset(_keep("preset", chosen or _DEFAULTS.preset))


def _show_more() -> None:
    columns = st.columns(2, gap="medium")
    names = [name for name in (*SLIDERS, *CHOICES, *NUMBERS) if name not in _SHOWN_TO_ALL]
    for place, name in enumerate(names):
        with columns[place % 2]:
            if name in SLIDERS:
                _slide(name, SLIDERS[name], expert_words.LABELS[name])
            elif name in CHOICES:
                _select(name, expert_words.LABELS[name], expert_words.CHOICES[name])
            else:
                _enter(name)
    if draft.current().values and st.button("Reset to defaults", key="defaults", type="tertiary", on_click=_forget):
        st.rerun()


def _slide(name: str, step: float, label: str, format: str | None = None) -> None:
    low, high = range_of(name)
    _fill(name)
    _keep(name, st.slider(label, low, high, step=step, format=format, key=key_of(name), help=_help(name)))


def _select(name: str, label: str, words: Mapping[StrEnum, str]) -> None:
    _fill(name)
    _keep(name, st.selectbox(label, list(CHOICES[name]), key=key_of(name), format_func=words.__getitem__, help=_help(name)))


def _enter(name: str) -> None:
    low, high = range_of(name)
    _fill(name)
    optional = getattr(_DEFAULTS, name) is None
    value = st.number_input(
        expert_words.LABELS[name],
        int(low),
        min(int(high), _LARGEST),
        value=None if optional else "min",
        step=1,
        key=key_of(name),
        help=_help(name),
        placeholder="from the preset" if optional else None,
    )
    _keep(name, value)


def _fill(name: str) -> None:
    st.session_state.setdefault(key_of(name), draft.current().values.get(name, getattr(_DEFAULTS, name)))


def _keep(name: str, value: Any) -> Any:
    """Stores a value in the draft only if it differs from the default, so that recipes stay short."""
    values = draft.current().values
    if value == getattr(_DEFAULTS, name):
        values.pop(name, None)
    else:
        values[name] = value
    return value


def _forget() -> None:
    draft.current().values.clear()
    draft.forget_widgets()


def _help(name: str) -> str:
    text = expert_words.HELP.get(name, help_of(name))
    return f"{text[:1].upper()}{text[1:]}."
