"""Larger versions of a finished painting: their sizes, parameters and work."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nst.domain.params import PRESET_SIZES, Preset, StyleParams
from nst.domain.regions import have_same_shape
from nst.errors import InvalidParams

LARGER_SIZES = (1024, 2048, 4096, 8192)
"""Long sides in pixels that a painting can be enlarged to; any other that is larger than the painting can be asked for, too."""

PASS_WORK = 0.55
"""What a pass of the instant network takes, in steps of the optimiser at the same size. Measured: 0.45 with AVX2, 0.6 with bfloat16."""

# The engine's padding on each side, in pixels: at 128 pixels, half of what is computed.
_MARGIN = 16
# What every scale takes at any size, and every painting, in steps of one pixel.
_SCALE_WORK, _PAINTING_WORK = 60_000, 200_000
# Seconds of a step of one pixel on two cores, and the work that they count as: a small painting says little of a machine's speed, least of
# all where its style was known.
_USUAL_SECONDS, _USUAL_WORK = 1.5e-6, 300_000


def larger_scales(painting: int, size: int) -> list[int]:
    """The long sides of the scales from a painting to a larger version: each is at most twice as large as the one before.

    Args:
        painting, size: their long sides in pixels.
    """
    sides = [size]
    while sides[0] > 2 * painting:
        sides.insert(0, round(sides[0] / 2))
    return sides


def larger_seconds(recipe: Mapping[str, Any], size: int) -> float | None:
    """An estimate of how long a larger version takes, from how long the painting itself took on the same machine.

    Args:
        recipe: the painting's.

    Returns:
        None when the recipe does not say it.
    """
    match recipe:
        case {"size": [int(width), int(height)], "seconds": int() | float() as seconds} if width > 0 and height > 0:
            side, scales, shape = max(width, height), recipe.get("scales"), min(width, height) / max(width, height)
            done = _work(scales if isinstance(scales, list) else [_pass_at(side)], shape)
            rate = (seconds + _USUAL_SECONDS * _USUAL_WORK) / (done + _USUAL_WORK)
            return rate * _work([_pass_at(each) for each in larger_scales(side, size)], shape)
    return None


def _pass_at(long_side: int) -> Mapping[str, Any]:
    """A scale with a pass alone, as recipes have them."""
    return {"long_side": long_side, "steps": 0, "pass": True}


def _work(scales: Sequence[Any], shape: float) -> float:
    """The work of a painting with the scales of a recipe, in steps of one pixel.

    Args:
        shape: short side over long side.
    """
    return _PAINTING_WORK + sum(_SCALE_WORK + _steps_work(scale, shape) for scale in scales)


def _steps_work(scale: Any, shape: float) -> float:
    match scale:
        case {"long_side": int(side), "steps": int(steps), "pass": bool(has_pass)}:
            return (side + 2 * _MARGIN) * (shape * side + 2 * _MARGIN) * (steps + PASS_WORK * has_pass)
    return 0.0


def larger_sizes(painting: tuple[int, int], most: int = LARGER_SIZES[-1]) -> list[int]:
    """Those that are larger than a painting.

    Args:
        painting: width and height in pixels.
        most: the largest long side on offer.
    """
    return [size for size in LARGER_SIZES if max(painting) < size <= most]


def larger_params(params: StyleParams, size: int) -> StyleParams:
    """A painting's parameters for a larger version of it, with the preset of that size, which decides who paints it.

    Raises:
        InvalidParams: when the size is out of range.
    """
    preset = next((preset for preset, most in PRESET_SIZES.items() if size <= most), Preset.ULTRA)
    return replace(params, size=size, preset=preset)


def check_is_larger(size: int, painting: tuple[int, int]) -> None:
    """
    Args:
        size: long side of the larger version, in pixels.
        painting: width and height in pixels.

    Raises:
        InvalidParams: when it is not larger than the painting.
    """
    if size <= max(painting):
        raise InvalidParams(f"The painting has {max(painting)} pixels on the long side already: choose more than that, not {size}.")


def check_earlier_shape(painting: tuple[int, int], photo: tuple[int, int]) -> None:
    """
    Args:
        painting, photo: width and height in pixels.

    Raises:
        InvalidParams: when the painting cannot be one of that photo, because it has another aspect ratio.
    """
    if not have_same_shape(painting, photo):
        sizes = f"The painting measures {painting[0]} x {painting[1]} pixels and the photo {photo[0]} x {photo[1]}"
        raise InvalidParams(f"{sizes}; only a painting of this photo, which has its shape, can be enlarged.")
