"""Conversions between Pillow images and RGB tensors (1, 3, H, W) in [0, 1]; sizes, padding and resampling."""

import hashlib
import math
from collections.abc import Callable, Hashable
from itertools import pairwise

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

# (height, width) in pixels.
Size = tuple[int, int]

# Rows that are converted at once: a large picture's intermediate results would take more memory than its painting.
BAND = 512
# Padding on each side in pixels, cropped from the result. Features near a border see mirrored content, which would leave a visible band
# along it. Padding also makes the smallest picture large enough for the encoder.
MARGIN = 16
# Aspect ratio up to which the long side alone sets a painting's size. A longer panorama would become a thread with strokes larger than
# its height, so its preset, style pictures and coarsest scale are those of a part of it with this aspect ratio.
MAX_ASPECT = 4.0
# Default share of the photo's finer detail that `upsample_with_detail` adds, from 0 to 1.
DETAIL = 0.5
# Share of a painting's size at which an enlarged one has the same colours.
HELD = 0.5


def to_tensor(picture: Image.Image, size: Size, device: torch.device) -> Tensor:
    """Resize a picture to `size` (Lanczos) and convert it to (1, 3, H, W); see `opaque` for transparent pixels."""
    height, width = size
    resized = opaque(picture).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    array = torch.from_numpy(np.array(resized)).to(device)
    return array.permute(2, 0, 1)[None].float().div_(255)


def to_picture(x: Tensor) -> Image.Image:
    """Convert (1, 3, H, W) to an RGB image, clamped to [0, 1]."""
    bands = [(band.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu() for band in torch.split(x[0].detach(), BAND, dim=1)]
    return Image.fromarray(torch.cat(bands).numpy(), "RGB")


def opaque(picture: Image.Image) -> Image.Image:
    """Convert a picture to RGB over its mean visible colour: fully transparent pixels often hold garbage."""
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")  # a copy, also of RGB
    rgba = picture.convert("RGBA")
    values = np.asarray(rgba, dtype=np.float32)
    alpha = values[..., 3:]
    mean = (values[..., :3] * alpha).sum((0, 1)) / max(float(alpha.sum()), 1.0)
    ground = Image.new("RGBA", rgba.size, (*(round(float(channel)) for channel in mean), 255))
    return Image.alpha_composite(ground, rgba).convert("RGB")


def alpha_of(picture: Image.Image) -> Image.Image | None:
    """The alpha channel, or None when every pixel is opaque."""
    if not picture.has_transparency_data:
        return None
    alpha = picture.convert("RGBA").getchannel("A")
    return alpha if alpha.getextrema() != (255, 255) else None


def fit(picture: Image.Image, long_side: float) -> Size:
    """The size with that long side and the picture's aspect ratio; each side is at least one pixel."""
    factor = long_side / max(picture.size)
    return max(1, round(picture.height * factor)), max(1, round(picture.width * factor))


def aspect_excess(picture: Image.Image) -> float:
    """The picture's aspect ratio, long side over short side, divided by `MAX_ASPECT`; at least 1."""
    return max(1.0, max(picture.size) / min(picture.size) / MAX_ASPECT)


def resize(x: Tensor, size: Size) -> Tensor:
    """Resize (1, 3, H, W), bicubic with antialiasing, clamped to [0, 1]."""
    if tuple(x.shape[-2:]) == size:
        return x
    return F.interpolate(x, size=size, mode="bicubic", antialias=True).clamp_(0, 1)


def upsample_with_detail(painting: Tensor, photo: Tensor, larger_photo: Tensor, detail: float = DETAIL) -> Tensor:
    """Upsample a painting (1, 3, h, w) of `photo` to the size of `larger_photo`, and add `detail` times what only the latter shows.

    With no detail, edges start blurred and the optimiser has to recover what the photo has: after the same steps, the style loss is equal
    and the content loss 4 % higher than with half. With all of it, the photo's grain stays in flat regions, unless a pass of the instant
    network follows.
    """
    size = (larger_photo.shape[-2], larger_photo.shape[-1])
    # In place: the pictures may be large.
    return (larger_photo - resize(photo, size)).mul_(detail).add_(resize(painting, size))


def reduced(x: Tensor, share: float = HELD) -> Tensor:
    """A picture x (1, 3, H, W) at `share` times its size."""
    return resize(x.clamp(0, 1), (max(1, round(share * x.shape[-2])), max(1, round(share * x.shape[-1]))))


def hold(x: Tensor, coarse: Tensor) -> Tensor:
    """x (1, 3, H, W), in [0, 1], with the shapes and colours of `coarse` (1, 3, h, w) at its size."""
    difference = coarse - resize(x, (coarse.shape[-2], coarse.shape[-1]))
    return F.interpolate(difference, size=(x.shape[-2], x.shape[-1]), mode="bicubic").add_(x)


def pad(x: Tensor, margin: int = MARGIN, length: Callable[[int], int] | None = None) -> Tensor:
    """Pad (1, 3, H, W) by at least `margin` pixels on every side; reflected, or replicated where the picture is too small to reflect.

    Args:
        length: maps the least length of a side to the one it gets. By default `fast_length`: a Fourier transform of a prime length takes
            three times as long.
    """
    length = length or fast_length
    pads = [(extra // 2, extra - extra // 2) for extra in (length(side + 2 * margin) - side for side in x.shape[-2:])]
    reflected = [amounts if side > max(amounts) else (0, 0) for side, amounts in zip(x.shape[-2:], pads, strict=True)]
    replicated = [(0, 0) if any(amounts) else whole for amounts, whole in zip(reflected, pads, strict=True)]
    for (down, across), mode in ((reflected, "reflect"), (replicated, "replicate")):
        x = F.pad(x, (*across, *down), mode=mode) if any((*across, *down)) else x
    return x


def fast_length(least: int) -> int:
    """The smallest product of 2, 3 and 5 that is at least `least`: a length with a fast Fourier transform."""
    rest = least
    for prime in (2, 3, 5):
        while rest % prime == 0:
            rest //= prime
    return least if rest == 1 else fast_length(least + 1)


def crop(x: Tensor, size: Size) -> Tensor:
    """Undo `pad`: the centre of x, of that size."""
    top, left = ((have - want) // 2 for have, want in zip(x.shape[-2:], size, strict=True))
    return x[..., top : top + size[0], left : left + size[1]]


def spans(length: int, side: int, stride: int) -> list[tuple[int, int]]:
    """Split `length` into parts of about equal length, at most about `side`, that begin at multiples of `stride`."""
    cells = max(1, length // stride)
    count = min(cells, -(-length // side))
    edges = [round(cells * index / count) * stride for index in range(count)]
    return list(pairwise([*edges, length]))


def tile_to(x: Tensor, least: int) -> Tensor:
    """Repeat (1, 3, H, W) until both sides are at least `least` pixels, which leaves its statistics unchanged."""
    down, across = (math.ceil(least / side) for side in x.shape[-2:])
    return x.repeat(1, 1, down, across) if max(down, across) > 1 else x


def halved(x: Tensor) -> Tensor:
    """Means of x (B, C, H, W) over blocks of 2x2; H and W are even. On a CPU, in a tenth of the time of `F.avg_pool2d`."""
    rows = x[..., ::2, :] + x[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]).mul_(0.25)


def pooled(x: Tensor, size: Size) -> Tensor:
    """`F.adaptive_avg_pool2d` of x (B, C, H, W), but by halving where that leads to `size`."""
    while all(have >= 2 * want and have % 2 == 0 for have, want in zip(x.shape[-2:], size, strict=True)):
        if any(have % want for have, want in zip(x.shape[-2:], size, strict=True)):
            break
        x = halved(x)
    return x if tuple(x.shape[-2:]) == size else F.adaptive_avg_pool2d(x, size)


def window_mean(x: Tensor, radius: int) -> Tensor:
    """Mean of x (B, C, H, W) over windows with sides of 2 `radius` + 1 pixels, which are cut off at the border."""
    for dim in (-2, -1):
        sums = _windows(x, radius, dim, torch.add)
        ends = torch.arange(x.shape[dim], device=x.device)
        counts = (ends + radius).clamp(max=x.shape[dim] - 1) - (ends - radius).clamp(min=0) + 1
        x = sums.div_(counts.view(-1, *[1] * (-1 - dim)))
    return x


def blur(x: Tensor, radius: int) -> Tensor:
    """Blur x (B, C, H, W) by two box filters, which reach 2 `radius` pixels."""
    return window_mean(window_mean(x, radius), radius) if radius else x


def dilate(x: Tensor, radius: int) -> Tensor:
    """Maximum of x (B, C, H, W), not below 0, over windows with sides of 2 `radius` + 1 pixels."""
    return _windows(_windows(x, radius, -2, torch.maximum), radius, -1, torch.maximum)


def _windows(x: Tensor, radius: int, dim: int, combined: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Values, `combined` (added, or the larger of two) in windows of 2 `radius` + 1 values along a dimension. Beyond the border are zeros.

    Windows are put together from those of 1, 2, 4 ... values: on a CPU that takes a third of the time of torch's poolings or less.
    """
    length, count = x.shape[dim], 2 * radius + 1
    power = F.pad(x, (0, 0, radius, radius) if dim == -2 else (radius, radius))
    result: Tensor | None = None
    begun, width = 0, 1
    while count:
        if count & width:
            part = power.narrow(dim, begun, length)
            result = part.clone() if result is None else combined(result, part)
            begun, count = begun + width, count - width
        if count:
            size = power.shape[dim] - width
            power = combined(power.narrow(dim, 0, size), power.narrow(dim, width, size))
            width *= 2
    assert result is not None  # noqa: S101  # a window has one value at least
    return result


def digest(picture: Image.Image) -> str:
    """A hash of a picture's pixels, size and mode."""
    return hashlib.blake2b(picture.tobytes(), digest_size=16, key=repr((picture.mode, picture.size)).encode()).hexdigest()


def fingerprint(picture: Image.Image) -> Hashable:
    """A key of a picture for this process's caches, made in half the time of `digest`: Python's hash of bytes is keyed at random."""
    return hash(picture.tobytes()), picture.mode, picture.size
