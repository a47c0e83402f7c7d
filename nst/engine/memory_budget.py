"""Estimates of a rendering's peak memory, and the largest size that fits."""

import math
from dataclasses import dataclass

import psutil
import torch
from PIL import Image

from nst.domain import PRESET_SIZES, Mode, Precision, Preset, StyleParams, range_of
from nst.engine.devices import has_fast_bfloat16, uses_bfloat16
from nst.engine.instant.stylizer import MAX_CACHED_PIXELS, TILE
from nst.engine.memory_limits import address_space_left, cgroup_left
from nst.engine.optimised.minimise import history_size
from nst.engine.optimised.scales import Scale, has_passes, plan
from nst.engine.optimised.sums import PIXELS_AT_ONCE
from nst.engine.tensors import MARGIN, aspect_excess, fit
from nst.errors import DoesNotFit

# Fitted to `python -m benchmarks memory`, by encoder.
# Bytes for each pixel of the finest scale, padding included, while it is optimised and encoded at once: in single precision, in bfloat16.
PER_PIXEL = {"compact": (1500, 1250), "vgg19": (4500, 3600)}
# Bytes for each pixel of a style picture while it is encoded at once.
PER_STYLE_PIXEL = {"compact": 400, "vgg19": 1400}
# Bytes at any size.
FIXED = {"compact": 20_000_000, "vgg19": 20_000_000}
# The same where it is encoded tile by tile; to be added: what the optimiser remembers, and a tile with the activations that are kept, in
# single precision and in bfloat16.
TILED_PER_PIXEL = {"compact": 100, "vgg19": 150}
TILED_PER_STYLE_PIXEL = {"compact": 36, "vgg19": 70}
PER_TILE = {"compact": (400_000_000, 300_000_000), "vgg19": (400_000_000, 200_000_000)}
# Of the instant network: bytes at any size; in single precision and in bfloat16, bytes for each pixel of the painting and of a tile.
INSTANT_FIXED = 10_000_000
INSTANT_PER_PIXEL = (190, 86)
# Of a painting whose features are not kept; of a pass within a painting, which also has the photo and what was painted before.
INSTANT_PER_LARGE_PIXEL = (90, 75)
PASS_PER_LARGE_PIXEL = (110, 94)
PASS_FIXED = 60_000_000
INSTANT_PER_TILE_PIXEL = (200, 190)
# What a style picture's pixel takes, relative to one of the painting.
INSTANT_STYLE = 0.65
# Bytes for each pixel of the painting and each part of it, where there are regions: weights, and moments by part. Measured at 512 pixels
# with eight parts.
PER_PART_PIXEL = 50
# Values that some operations of GPUs can index (reflection padding and poolings, by 32-bit integers), and those of the largest activation
# for each pixel, by encoder.
MAX_VALUES = 2**31 - 1
WIDEST = {"compact": 16, "vgg19": 64}
MAX_SIZE = int(range_of("size")[1])  # pixels of the long side
# Fraction of the free memory that a rendering may plan with; the rest is for other processes.
HEADROOM = 0.9
# The same of address space, of which allocators hold more than they use.
ADDRESS_HEADROOM = 0.8


@dataclass(frozen=True)
class OtherInputs:
    """What a painting is made from beside the photo, as far as its memory depends on it.

    Attributes:
        parts: regions and the rest; 0 without regions.
        earlier: as of `scales.plan`.
        style_side: the long side of the largest style picture in pixels, which is not enlarged.
    """

    parts: int = 0
    earlier: int = 0
    style_side: int = MAX_SIZE


_UNKNOWN = OtherInputs()


def estimate_optimised(
    pixels: int, style_pixels: int, steps: int, encoder: str, in_bfloat16: bool = False, at_once: int = PIXELS_AT_ONCE
) -> int:
    """Peak memory in bytes, beyond the idle process's, of optimising a picture with that number of pixels, padding included.

    Args:
        style_pixels: of the largest style picture.
        steps: at most 8 of which are remembered.
        at_once: number of pixels above which pictures are encoded tile by tile.
    """
    history = history_size(3 * pixels, steps)
    remembered = 6 * history.pairs * (history.dtype or torch.float32).itemsize
    tile, is_tiled, is_style_tiled = PER_TILE[encoder][in_bfloat16], pixels > at_once, style_pixels > at_once
    painting = (TILED_PER_PIXEL[encoder] + remembered) * pixels + tile if is_tiled else PER_PIXEL[encoder][in_bfloat16] * pixels
    style = TILED_PER_STYLE_PIXEL[encoder] * style_pixels + tile if is_style_tiled else PER_STYLE_PIXEL[encoder] * style_pixels
    return FIXED[encoder] + max(painting, style)  # style pictures are encoded before the painting


def estimate_instant(content: Image.Image, style_pixels: int, size: int, in_bfloat16: bool, within_painting: bool = False) -> int:
    """As `estimate_optimised`, for the instant network: alone, or for a pass within a painting. Styles are encoded before the photo."""
    pixels, of_style = _padded_pixels(content, size), round(INSTANT_STYLE * style_pixels)
    kept = INSTANT_PER_PIXEL[in_bfloat16]
    of_large = PASS_PER_LARGE_PIXEL if within_painting else INSTANT_PER_LARGE_PIXEL
    per_pixel = kept if pixels <= MAX_CACHED_PIXELS else of_large[in_bfloat16]
    tile = INSTANT_PER_TILE_PIXEL[in_bfloat16] * min(max(pixels, of_style), TILE**2)
    return INSTANT_FIXED + PASS_FIXED * within_painting + max(per_pixel * pixels, kept * of_style) + tile


def affordable_size(
    content: Image.Image,
    params: StyleParams,
    device: torch.device,
    precision: Precision = Precision.AUTO,
    inputs: OtherInputs = _UNKNOWN,
) -> int:
    """The painting's long side in pixels: the requested size; for ultra and for presets of panoramas, at most what fits.

    Raises:
        DoesNotFit: when the requested size does not fit; the sentence names the largest one that does.
    """
    free = free_bytes(device)
    at_once = pixels_at_once(params, device, free, inputs.parts)
    size, panorama = params.size or PRESET_SIZES[params.preset], 0 if params.size else _panorama_size(content, params.preset)
    in_bfloat16 = stores_bfloat16(device, precision)
    largest = largest_size(content, params, free, in_bfloat16, at_once, inputs, most=max(size, panorama))
    if params.size is None and params.preset is Preset.ULTRA and largest > PRESET_SIZES[Preset.HIGH]:
        size = min(size, largest)
    if size > largest:
        raise DoesNotFit(
            f"A painting of {size} pixels does not fit into the free memory; the largest that does has a long side of {largest} pixels."
        )
    return max(size, min(panorama, largest))


def pixels_at_once(params: StyleParams, device: torch.device, free: float, parts: int = 0) -> int:
    """The number of pixels up to which pictures are encoded at once: what fits in either precision, and on a CPU at most `PIXELS_AT_ONCE`.
    On other devices, no activation has more values than `MAX_VALUES`.

    Args:
        free: bytes.
        parts: as of `OtherInputs`.
    """
    encoder = _encoder_of(params)
    fitting = int(min(free - FIXED[encoder], 1e15) / (PER_PIXEL[encoder][False] + PER_PART_PIXEL * parts))
    return max(0, min(fitting, PIXELS_AT_ONCE if device.type == "cpu" else MAX_VALUES // WIDEST[encoder]))


def pixels_at_once_of(content: Image.Image, params: StyleParams, size: int, at_once: int, earlier: int = 0) -> int:
    """`pixels_at_once` for one painting: where its finest scale has tiles, coarser ones at once take no more than that.

    Args:
        size: long side in pixels.
        at_once: for any painting.
        earlier: as of `scales.plan`.
    """
    finest, encoder = plan(size, params, aspect_excess(content), earlier)[-1], _encoder_of(params)
    pixels = _padded_pixels(content, size)
    if pixels <= at_once:
        return at_once
    return min(at_once, (estimate_optimised(pixels, 0, finest.steps, encoder, at_once=0) - FIXED[encoder]) // PER_PIXEL[encoder][False])


def _encoder_of(params: StyleParams) -> str:
    return params.encoder if params.encoder in FIXED else "vgg19"


def stores_bfloat16(device: torch.device, precision: Precision) -> bool:
    """Whether the networks' features are stored in bfloat16. A CPU without instructions for it converts them to single precision."""
    return uses_bfloat16(device, precision) and (device.type != "cpu" or has_fast_bfloat16(device))


def _panorama_size(content: Image.Image, preset: Preset) -> int:
    """A preset's long side for a panorama in pixels, at most the photo's."""
    return min(round(PRESET_SIZES[preset] * aspect_excess(content)), max(content.size), MAX_SIZE)


def largest_size(
    content: Image.Image,
    params: StyleParams,
    free: float,
    in_bfloat16: bool = False,
    at_once: int = PIXELS_AT_ONCE,
    inputs: OtherInputs = _UNKNOWN,
    most: int = MAX_SIZE,
) -> int:
    """The greatest long side, in steps of 16 pixels, up to which all paintings fit into `free` bytes; at least 32, and at most the first
    step from `most` on.

    Not found by bisection: estimates fall where the optimiser's memory of steps becomes smaller, and where features are no longer kept.
    """

    def needed(size: int) -> int:
        return estimate(content, params, size, in_bfloat16, at_once, inputs)

    end = math.ceil(most / 16) * 16 + 16
    return next((size for size in range(48, end, 16) if needed(size) > free), end) - 16


def estimate(
    content: Image.Image,
    params: StyleParams,
    size: int,
    in_bfloat16: bool = False,
    at_once: int = PIXELS_AT_ONCE,
    inputs: OtherInputs = _UNKNOWN,
) -> int:
    """Peak memory in bytes, beyond the idle process's, of a painting with a long side of `size` pixels.

    Style pictures are taken to be square, at the scale that `params` sets.

    Args:
        in_bfloat16: whether the networks' features are stored in bfloat16.
        at_once: number of pixels up to which pictures of any painting are encoded at once.
    """
    excess = aspect_excess(content)
    at_once = pixels_at_once_of(content, params, size, at_once, inputs.earlier)

    def style_pixels(long_side: int) -> int:
        return round(min(long_side / excess * params.style_scale, inputs.style_side) ** 2)

    def of_parts(long_side: int) -> int:
        return PER_PART_PIXEL * inputs.parts * _padded_pixels(content, long_side)

    def optimised(scale: Scale) -> int:
        pixels, encoder = _padded_pixels(content, scale.long_side), _encoder_of(params)
        of_style = style_pixels(scale.long_side)
        return of_parts(scale.long_side) + estimate_optimised(pixels, of_style, scale.steps, encoder, in_bfloat16, at_once)

    is_alone = params.mode is Mode.INSTANT and not inputs.earlier
    instant = of_parts(size) + estimate_instant(content, style_pixels(size), size, in_bfloat16, within_painting=not is_alone)
    if is_alone:
        return instant
    # Not the finest scale alone: a coarser one that is encoded at once may take more than the finest one tile by tile.
    steps = max((optimised(scale) for scale in plan(size, params, excess, inputs.earlier) if scale.steps), default=0)
    return max(instant, steps) if has_passes(params, inputs.earlier) else steps


def _padded_pixels(content: Image.Image, size: int) -> int:
    height, width = (side + 2 * MARGIN for side in fit(content, size))
    return height * width


def free_bytes(device: torch.device) -> float:
    """Bytes that a rendering may take on a device now; limits of containers and of the process count."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What torch keeps of earlier paintings counts as used there.
        return HEADROOM * (free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    return min(HEADROOM * min(psutil.virtual_memory().available, cgroup_left()), ADDRESS_HEADROOM * address_space_left())
