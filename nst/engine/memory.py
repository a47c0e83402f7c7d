"""How much memory a rendering takes, known before it starts."""

from pathlib import Path

import psutil
import torch
from PIL import Image

from nst.domain import PRESET_SIZES, Mode, Preset, StyleParams, range_of
from nst.engine.instantly import TILE
from nst.engine.pictures import MARGIN, elongation, fit
from nst.errors import DoesNotFit

# Fitted to `python -m benchmarks memory`: bytes for each pixel of the finest scale, frame included, while descending; for each
# pixel of a style picture while it is encoded; and whatever the size.
PER_PIXEL = {"compact": 1480, "vgg19": 4500}
PER_STYLE_PIXEL = {"compact": 400, "vgg19": 1400}
FIXED = {"compact": 20_000_000, "vgg19": 20_000_000}
# Of the instant network: for each pixel of the painting, and for each of the tile that is under way; in half precision. In single it takes
# some 25 % more.
INSTANT_PER_PIXEL, INSTANT_PER_TILE_PIXEL = 180, 150
INSTANT_STYLE = 0.65  # what a style's pixel takes, of what the painting's does
HEADROOM = 0.9  # of what is free: the rest of the machine breathes, too


def estimate(content: Image.Image, style_pixels: int, size: int, encoder: str) -> int:
    """Bytes beyond those of the idle process that a painting with a long side of `size` pixels takes at its peak."""
    height, width = (side + 2 * MARGIN for side in fit(content, size))
    return FIXED[encoder] + max(PER_PIXEL[encoder] * height * width, PER_STYLE_PIXEL[encoder] * style_pixels)


def estimate_instant(content: Image.Image, style_pixels: int, size: int) -> int:
    """As `estimate`, for the instant network. Styles are coded before the photo is painted, with less for each pixel."""
    height, width = (side + 2 * MARGIN for side in fit(content, size))
    pixels = max(height * width, round(INSTANT_STYLE * style_pixels))
    return INSTANT_PER_PIXEL * pixels + INSTANT_PER_TILE_PIXEL * min(pixels, TILE**2)


def affordable_size(content: Image.Image, params: StyleParams, device: torch.device) -> int:
    """The painting's long side: what is asked for, or for ultra and panoramas what fits.

    Raises:
        DoesNotFit: when what is asked for does not fit; the sentence names the largest size that does.
    """
    largest = largest_size(content, params, free_bytes(device))
    size = params.size or PRESET_SIZES[params.preset]
    if params.size is None and params.preset is Preset.ULTRA and largest > PRESET_SIZES[Preset.HIGH]:
        size = min(size, largest)
    if size > largest:
        raise DoesNotFit(
            f"A painting of {size} pixels does not fit into the free memory; the largest that does has a long side of {largest} pixels."
        )
    return size if params.size else max(size, min(_drawn_out(content, params.preset), largest))


def _drawn_out(content: Image.Image, preset: Preset) -> int:
    """A preset's long side for a panorama, no larger than the photo itself."""
    _, most = range_of("size")
    return min(round(PRESET_SIZES[preset] * elongation(content)), max(content.size), int(most))


def largest_size(content: Image.Image, params: StyleParams, free: float) -> int:
    """The greatest long side, in steps of 16 pixels, that fits into `free` bytes."""
    low, high = 0, 8192 // 16
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if needed(content, params, middle * 16) <= free else (low, middle - 1)
    return max(32, low * 16)


def needed(content: Image.Image, params: StyleParams, size: int) -> int:
    """As `estimate`, for a square style picture at the scale that `params` says."""
    style_pixels = round((size / elongation(content) * params.style_scale) ** 2)
    if params.mode is Mode.INSTANT:
        return estimate_instant(content, style_pixels, size)
    encoder = params.encoder if params.encoder in FIXED else "vgg19"
    return estimate(content, style_pixels, size, encoder)


def free_bytes(device: torch.device) -> float:
    """What may be taken on a device now, limits of a container included."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return HEADROOM * free
    free = psutil.virtual_memory().available
    return HEADROOM * min(free, _container_rest())


def _container_rest() -> float:
    """What a control group (version 2) leaves; infinite outside one."""
    group = Path("/sys/fs/cgroup")
    try:
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return float("inf")
