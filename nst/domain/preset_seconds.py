"""How long a machine takes for paintings of each mode and preset, as its worker has measured."""

from collections.abc import Mapping
from typing import Any

from nst.domain.params import Mode, Preset

PresetSeconds = Mapping[Mode, Mapping[Preset, float]]

_MOST = 1e6  # seconds; also excludes infinity


def preset_seconds(value: Any) -> PresetSeconds:
    """Convert plain values, as JSON has them; leaves out what is no number of seconds, and the modes and presets of other versions."""
    return {mode: found for mode in Mode if (found := _by_preset(_entry(value, mode)))}


def _by_preset(value: Any) -> Mapping[Preset, float]:
    found = {preset: _entry(value, preset) for preset in Preset}
    return {preset: float(seconds) for preset, seconds in found.items() if _is_duration(seconds)}


def _entry(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _MOST
