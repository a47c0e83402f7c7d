"""What calm places of a photo are to be in its painting: calm.

Gram matrices do not tell where their strokes are: a sky would be hatched by whatever the network makes of its grain, and glow around what
stands before it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

CALM = 0.03
"""Difference of neighbouring pixels of a photo below which a place is calm."""
ALIKE = 0.06
"""Difference of two places of a photo some way from each other below which they look alike."""
GAIN = 2.0
"""How many times the photo's own difference between places far from each other may be painted: skies have gradients."""
EDGE, HEM = 12, 2.0
"""Pixels within which a place is near an edge, and how much more it counts then."""
PLAIN = 9
"""Side in pixels of the surroundings that are to be calm, too, where a place is one to be like."""
CONTOUR = 3
"""Pixels from a plain place within which something else has its contour."""


def unrest(paintings: Tensor, photos: Tensor) -> Tensor:
    """Mean difference between places of paintings (B, 3, H, W) where their photos are calm, from 1 to 32 pixels apart.

    Of two places some way from each other that look alike in the photo, the painting's are to look alike, too, whatever stands between
    them or beside one of them, or to differ by no more than `GAIN` times what the photo's do. One of them is calm as far as one sees; the
    other is calm or near an edge, where lenses, sharpening and JPEG leave no sky calm. Single pixels know edges best, means over 4x4 of
    them are not misled by grain: both are compared.
    """
    total = paintings.new_zeros(())
    for octave in range(3):
        if octave:
            paintings, photos = F.avg_pool2d(paintings, 2), F.avg_pool2d(photos, 2)
        calm = is_calm(slope(photos))
        total = total + (slope(paintings) * calm).mean()
        if octave != 1:
            total = total + far_unrest(paintings, photos, calm, 2**octave) / 2
    return total / 5


def far_unrest(paintings: Tensor, photos: Tensor, calm: Tensor, pixels: int) -> Tensor:
    """Of places 8, 16 and 32 pixels apart in pictures (B, 3, H, W), of which a place is so many `pixels` wide; `calm` is
    (B, H - 1, W - 1): of the last row and column nothing is known.

    Places near an edge count for more: hems along it are narrow, and seen.
    """
    near = 2 * (EDGE // pixels) + 1
    edge = F.max_pool2d(1 - calm, near, stride=1, padding=near // 2)
    weight = torch.maximum(calm, edge) * (1 + HEM * edge)
    plain, weight = F.pad(is_plain(calm, pixels), (0, 1, 0, 1)), F.pad(weight, (0, 1, 0, 1))
    total = paintings.new_zeros(())
    for apart in (8 // pixels, 16 // pixels, 32 // pixels):
        for dimension in (-2, -1):
            told, found = (length_of(torch.sub(*both_ends(x, apart, dimension))) for x in (photos, paintings))
            (weigh, weighs), (is_here, is_there) = (both_ends(x, apart, dimension) for x in (weight, plain))
            both = torch.maximum(weigh * is_there, is_here * weighs)
            total = total + ((found - GAIN * told).clamp(min=0) * both * near_zero(told, ALIKE)).mean() / 2
    return total


def contours(paintings: Tensor, photos: Tensor) -> Tensor:
    """How far edges of paintings (B, 3, H, W) are on the wrong side of the plain places 8 and 16 pixels from them: brighter than a sky
    where the photo's edge is darker, or darker where that is brighter. A mean over all places.

    Across an edge, a photo's pixels are neither like the sky nor like what stands before it. `unrest` knows nothing of them.
    """
    plain = F.pad(is_plain(is_calm(slope(photos)), 1), (0, 1, 0, 1))[:, None]
    edge = F.max_pool2d(plain, 2 * CONTOUR + 1, stride=1, padding=CONTOUR) * (1 - plain)
    photos, paintings = photos.mean(1, keepdim=True), paintings.mean(1, keepdim=True)
    total = paintings.new_zeros(())
    for apart in (8, 16):
        for dimension in (-2, -1):
            told, found = (torch.sub(*both_ends(x, apart, dimension)) for x in (photos, paintings))
            (is_edge, is_other), (is_here, is_there) = (both_ends(x, apart, dimension) for x in (edge, plain))
            both = torch.maximum(is_edge * is_there, is_here * is_other)
            total = total + (both * (-found * told / (told.abs() + CALM)).clamp(min=0)).mean()
    return total / 4


def plainness(photos: Tensor) -> Tensor:
    """How plain photos (B, 3, H, W) are, from 0 to 1, (B, 1, H, W): as plain places are, or as what looks like one within `EDGE` pixels.

    So a sky reaches up to what stands before it, whatever that leaves of its calm. (Squared: half plain is not plain.)
    """
    plain = F.pad(is_plain(is_calm(slope(photos)), 1), (0, 1, 0, 1), mode="replicate")
    found = plain
    height, width = plain.shape[-2:]
    padded, around = F.pad(photos, (EDGE,) * 4, mode="replicate"), F.pad(plain, (EDGE,) * 4)
    for down in range(-EDGE, EDGE + 1, EDGE // 3):
        for across in range(-EDGE, EDGE + 1, EDGE // 3):
            there = (..., slice(EDGE + down, EDGE + down + height), slice(EDGE + across, EDGE + across + width))
            found = torch.maximum(found, around[there] * near_zero(length_of(photos - padded[there]), ALIKE))
    return found[:, None].square()


def both_ends(x: Tensor, apart: int, dimension: int) -> tuple[Tensor, Tensor]:
    """Of all pairs of places `apart` places from each other: the one, and the other."""
    length = x.shape[dimension] - apart
    return x.narrow(dimension, 0, length), x.narrow(dimension, apart, length)


def is_plain(calm: Tensor, pixels: int) -> Tensor:
    """Calm as far as one sees: `calm` (B, H, W) where the surroundings are so, too. A place is so many `pixels` wide."""
    around = PLAIN // pixels // 2 * 2 + 1
    return calm * F.avg_pool2d(calm, around, stride=1, padding=around // 2, count_include_pad=False).square()


def is_calm(slopes: Tensor) -> Tensor:
    """From 1 (nothing to see) to 0."""
    return near_zero(slopes, CALM)


def near_zero(differences: Tensor, scale: float) -> Tensor:
    """From 1 (none) to 0, by way of a half at `scale`."""
    return 1 / (1 + (differences / scale).square())


def length_of(x: Tensor) -> Tensor:
    """Of differences between colours (B, 3, H, W): (B, H, W)."""
    return x.square().sum(1).add(1e-6).sqrt()


def slope(x: Tensor) -> Tensor:
    """Of pictures (B, 3, H, W): root of the squared differences to the neighbours below and at the right, (B, H - 1, W - 1)."""
    down, across = x[..., 1:, :-1] - x[..., :-1, :-1], x[..., :-1, 1:] - x[..., :-1, :-1]
    return length_of(torch.cat([down, across], 1))
