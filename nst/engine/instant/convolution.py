"""Convolutions of the instant network, in half the time on a CPU in single precision.

There, features have their channels first, and 3x3 convolutions are computed by Winograd's algorithm F(6x6, 3x3) (Lavin and Gray 2016, "Fast
Algorithms for Convolutional Neural Networks"), which multiplies a fifth as often. NNPACK, which is a part of torch, has it; oneDNN, which
torch uses by default, has not. Elsewhere, features have their channels last.
"""

import math
import platform
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine.instant.sharing import share

# Side of a tile of the algorithm's results; bytes of a transformed tile, by channel.
WINOGRAD_TILE, TRANSFORMED_BYTES = 6, 64 * 4
# Bytes of transformed tiles at a time: about what a core's cache holds.
AT_ONCE = 6_000_000


@cache
def has_winograd() -> bool:
    """Whether torch and the processor can compute by Winograd's algorithm. It works only after this question, which initialises NNPACK."""
    return platform.machine().lower() in {"x86_64", "amd64"} and bool(torch._nnpack_available())


def fastest_format(device: torch.device, in_bfloat16: bool) -> torch.memory_format:
    """The memory format of features with which the network is fastest."""
    return torch.contiguous_format if device.type == "cpu" and not in_bfloat16 and has_winograd() else torch.channels_last


class ReflectConv(nn.Conv2d):
    """A 3x3 convolution whose input is reflected at its borders."""

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__(width_in, width, 3, stride=stride, padding=1, padding_mode="reflect")

    def forward(self, x: Tensor, *, rectified: bool = False, plus: Tensor | None = None) -> Tensor:
        """
        Args:
            rectified: whether to set negative values of x to 0.
            plus: added to the result.
        """
        if is_plain(x) and has_winograd():
            return in_bands(x, self, rectified=rectified, plus=plus)
        result: Tensor = super().forward(x.relu() if rectified else x)
        return result if plus is None else plus + result


class PointwiseConv(nn.Conv2d):
    """A 1x1 convolution."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__(width_in, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        if is_plain(x) and self.bias is not None:
            return pointwise(x, self.weight[..., 0, 0], self.bias)
        return super().forward(x)


def is_plain(x: Tensor) -> bool:
    """Whether x is of one picture, on a CPU, in single precision, with the channels first, and without gradients."""
    is_single = x.dtype is torch.float32 and not torch.is_autocast_enabled(x.device.type)
    return x.device.type == "cpu" and is_single and len(x) == 1 and x.stride(-1) == 1 and not torch.is_grad_enabled()


def in_bands(x: Tensor, conv: ReflectConv, *, rectified: bool, plus: Tensor | None) -> Tensor:
    """What a `ReflectConv` makes of x (1, C, H, W), by Winograd's algorithm unless it has a stride, in bands that stay in the cache. It
    differs from an exact result by about a ten-thousandth."""
    stride = conv.stride[0]
    height, width = (-(-side // stride) for side in x.shape[-2:])
    band = _band_height(height, width, conv.in_channels * stride**2 + conv.out_channels)
    result = x.new_empty(1, conv.out_channels, height, width)

    def compute(top: int) -> None:
        bottom = min(top + band, height)
        rows = _padded(x, stride * top, stride * (bottom - 1) + 1, rectified)
        if stride == 1:
            here = torch._nnpack_spatial_convolution(rows, conv.weight, conv.bias, (0, 0), (1, 1))
        else:
            here = F.conv2d(rows, conv.weight, conv.bias, stride)
        if plus is None:
            result[..., top:bottom, :] = here
        else:
            torch.add(plus[..., top:bottom, :], here, out=result[..., top:bottom, :])

    share(compute, range(0, height, band))
    return result


def _padded(x: Tensor, top: int, bottom: int, rectified: bool) -> Tensor:
    """Rows of x, and one row and column more on every side, reflected where x ends."""
    _, channels, height, width = x.shape
    result = x.new_empty(1, channels, bottom - top + 2, width + 2)
    inner = result[..., 1:-1]
    for source, target in (
        (slice(max(0, top - 1), min(bottom + 1, height)), slice(int(top == 0), bottom - top + 2 - int(bottom == height))),
        *([(slice(1, 2), slice(0, 1))] if top == 0 else []),
        *([(slice(height - 2, height - 1), slice(-1, None))] if bottom == height else []),
    ):
        if rectified:
            torch.clamp_min(x[..., source, :], 0, out=inner[..., target, :])
        else:
            inner[..., target, :] = x[..., source, :]
    result[..., 0], result[..., -1] = result[..., 2], result[..., -3]
    return result


def _band_height(height: int, width: int, channels: int) -> int:
    """Rows of results that are computed at a time, of features that have so many channels before and after together. Every band transforms
    the kernels anew, so there are as few as the cache allows, and as many for each thread."""
    rows, columns = (math.ceil(side / WINOGRAD_TILE) for side in (height, width))
    threads = torch.get_num_threads()
    bands = threads * math.ceil(rows * columns * channels * TRANSFORMED_BYTES / (AT_ONCE * threads))
    return WINOGRAD_TILE * math.ceil(rows / bands)


def pointwise(x: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """A (D, C) times x (1, C, H, W), channels first, plus an offset (D,), at every position."""
    return torch.addmm(offset[:, None], matrix, x[0].flatten(1)).view(1, len(matrix), *x.shape[-2:])


def of_absolute(x: Tensor, conv: PointwiseConv) -> Tensor:
    """What a 1x1 convolution makes of the absolute values of x (B, C, H, W)."""
    if not is_plain(x) or conv.bias is None:
        result: Tensor = conv(x.abs())
        return result
    channels, matrix, offset = x[0].flatten(1), conv.weight[..., 0, 0], conv.bias[:, None]
    found = x.new_empty(len(matrix), channels.shape[1])
    band = max(1, AT_ONCE // (channels.element_size() * len(channels)))

    def compute(start: int) -> None:
        here = slice(start, start + band)
        torch.addmm(offset, matrix, channels[:, here].abs(), out=found[:, here])

    share(compute, range(0, channels.shape[1], band))
    return found.view(1, -1, *x.shape[-2:])


def upsample(x: Tensor) -> Tensor:
    """Double the resolution, bilinear: nearest-neighbour blocks would show the convolutions where in a block a position is."""
    if not is_plain(x):
        return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    for dim in (-2, -1):  # in half the time of torch's
        x = _doubled(x, dim)
    return x


def _doubled(x: Tensor, dim: int) -> Tensor:
    """x with twice as many values in one of the last two dimensions, interpolated."""
    height, width = x.shape[-2:]
    result = x.new_empty(*x.shape[:-2], *((2 * height, width) if dim == -2 else (height, 2 * width)))
    even, odd = (result[..., phase::2, :] if dim == -2 else result[..., phase::2] for phase in (0, 1))
    last = x.shape[dim] - 1
    even.narrow(dim, 0, 1).copy_(x.narrow(dim, 0, 1))
    odd.narrow(dim, last, 1).copy_(x.narrow(dim, last, 1))
    before, after = x.narrow(dim, 0, last), x.narrow(dim, 1, last)
    torch.lerp(before, after, 0.75, out=even.narrow(dim, 1, last))
    torch.lerp(before, after, 0.25, out=odd.narrow(dim, 0, last))
    return result
