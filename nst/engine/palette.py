"""Colours of one picture for those of another: by optimal transport between their palettes, and alike wherever a colour is.

What is painted by it has the colours of the style and every edge of the photo: neither halos nor hems, for it looks at one pixel at a time.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

CELLS, EVERY = 48, 3
"""A picture is averaged over so many cells each way, and of these every so manieth is taken: strokes keep their colours, grain has none."""
BLUR = 0.35
"""Of the transport, relative to the style's variance: no colours are driven apart more than 2 / `BLUR` times."""
ROUNDS = 30
"""Of balancing. With more, few places would get a rare colour's fullness; they do not look better for it."""
KNOTS = 17
"""Of the table for each of red, green and blue."""
BANDS = 16
"""Into which a picture is cut where its height allows: PyTorch looks up each on a thread of its own."""
_LEAST = 1e-200


@dataclass(frozen=True)
class Palette:
    """Colours (B, N, 3) in [0, 1] of pictures, and their shares (B, N), which sum to 1."""

    colours: Tensor
    shares: Tensor


def palette(x: Tensor) -> Palette:
    """Of pictures x (B, 3, H, W) in [0, 1], whatever their size: 256 colours of equal shares."""
    cells = F.adaptive_avg_pool2d(x.float(), CELLS)[..., EVERY // 2 :: EVERY, EVERY // 2 :: EVERY]
    colours = cells.flatten(2).transpose(1, 2)
    return Palette(colours, colours.new_full(colours.shape[:2], 1 / colours.shape[1]))


def mixed_palette(parts: list[tuple[Palette, float]]) -> Palette:
    """All of the parts' colours, by shares that count relative to their sum."""
    total = sum(share for _, share in parts)
    colours = torch.cat([part.colours for part, _ in parts], 1)
    return Palette(colours, torch.cat([part.shares * (share / total) for part, share in parts], 1))


def table(photo: Palette, style: Palette, strength: float = 1.0) -> Tensor:
    """The map from the colours of the one palette to those of the other, as a table (B, 3, blue, green, red) with `KNOTS` a side; at a
    `strength` below 1 it goes a part of the way.

    It is the entropic map (Pooladian and Niles-Weed 2021, "Entropic estimation of optimal transport maps"), a mean of the style's colours
    for every colour there is, found by Sinkhorn's balancing (Cuturi 2013): every colour moves as little as the style's shares allow.
    """
    device = photo.colours.device
    able = torch.device("cpu") if device.type == "mps" else device  # which has no double precision
    photo, style = (Palette(part.colours.to(able).double(), part.shares.to(able).double()) for part in (photo, style))
    mean = (style.shares[..., None] * style.colours).sum(1, keepdim=True)
    variance = (style.shares[..., None] * (style.colours - mean).square()).sum((1, 2))
    blur = BLUR * variance.clamp(min=1e-4)[:, None, None]
    # Rows are scaled to at most 1, which changes nothing behind the balancing, lest what is far from all of the style vanish.
    distances = torch.cdist(photo.colours, style.colours).square()
    kernel = torch.exp((distances.amin(2, keepdim=True) - distances) / blur).clamp(min=_LEAST)
    ours, theirs = photo.shares[..., None], style.shares[..., None]
    weights = torch.ones_like(theirs)
    for _ in range(ROUNDS):
        weights = theirs / (kernel.transpose(1, 2) @ (ours / (kernel @ weights)))
    steps = torch.linspace(0, 1, KNOTS, device=kernel.device)
    knots = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij")[::-1], -1).view(1, -1, 3).expand(len(kernel), -1, -1)
    # Of the squared distance, the part that is the same for all of the style's colours is left out.
    known = weights.log().transpose(1, 2) - style.colours.square().sum(2)[:, None] / blur
    nearness = torch.baddbmm(known.float(), knots, (2 / blur * style.colours.transpose(1, 2)).float())
    found = knots.lerp(torch.softmax(nearness, 2) @ style.colours.float(), strength)
    return found.transpose(1, 2).reshape(len(kernel), 3, KNOTS, KNOTS, KNOTS).to(device)


def looked_up(table: Tensor, x: Tensor) -> Tensor:
    """Pictures x (B, 3, H, W) with their colours replaced by those of a `table`, between whose knots it is linear."""
    places = (2 * x - 1).permute(0, 2, 3, 1)
    count, height, width, _ = places.shape
    bands = math.gcd(height, BANDS)
    places = places.reshape(count * bands, 1, height // bands, width, 3)
    found = F.grid_sample(table.repeat_interleave(bands, 0), places, padding_mode="border", align_corners=True)
    return found.view(count, bands, 3, -1, width).transpose(1, 2).reshape(count, 3, height, width)
