"""Regions of a photo: masks, the order in which they cover each other, and soft weights at any size. It knows no network."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from nst.domain import StyleParams, StyleShare, normalised_shares
from nst.domain.regions import MAX_REGIONS, check_mask_shape
from nst.engine.tensors import Size, aspect_excess, blur, digest, dilate, fit
from nst.errors import InvalidParams
from nst.lru import LRUCache

S = TypeVar("S")

# Width of the transition between two regions, relative to the painting's long side, at a style scale of 1.
FEATHER = 0.02
# Width of the transition around what is kept, relative to `FEATHER`. Where it is wide, a band of the photo is seen as a halo.
KEPT_FEATHER = 0.35
# A weight below it is less than a grey level of a mask: the region is not there.
LEAST_WEIGHT = 1 / 255


@dataclass(frozen=True)
class MaskedStyle:
    """A style picture of which a part is used: the statistics of what its mask shows.

    Attributes:
        mask: grey, white in that part, of any size and shape: it is fitted to the picture. None for the whole picture.
    """

    picture: Image.Image
    mask: Image.Image | None = None


@dataclass(frozen=True)
class StyleTensor:
    """A style picture (1, 3, H, W), and the weights (1, 1, H, W) of its pixels; None where all count alike."""

    pixels: Tensor
    weights: Tensor | None = None


AnyStyle = Image.Image | MaskedStyle | StyleShare[Image.Image] | StyleShare[MaskedStyle]


@dataclass(frozen=True)
class Region:
    """A part of the photo that is painted in styles of its own, or kept.

    Attributes:
        mask: grey, white where the region is, with the photo's aspect ratio. `nst.images.mask_of` makes one of any picture.
        styles: blended as those of the painting. Without styles, the photo's pixels are kept.
        strength: by default the painting's.
    """

    mask: Image.Image
    styles: Sequence[AnyStyle] = ()
    strength: float | None = None

    @property
    def is_kept(self) -> bool:
        return not self.styles


@dataclass(frozen=True)
class Part(Generic[S]):
    """What is painted alike: a region, or the rest of the photo.

    Attributes:
        styles: with shares that sum to 1.
        strength: from 0 to 1.
    """

    styles: Sequence[StyleShare[S]]
    strength: float


@dataclass(frozen=True)
class BlendedPart(Generic[S]):
    """What is painted alike, with the blended statistics of its styles by layer; `strength` is from 0 to 1."""

    style: Mapping[str, S]
    strength: float


def part_of(styles: Sequence[AnyStyle], strength: float) -> Part[MaskedStyle]:
    """
    Raises:
        InvalidParams: when no style has a share above zero, a style's mask is black, or the strength is out of range.
    """
    StyleParams(strength=strength)
    return Part(normalised_shares(map(_masked, styles)), strength)


def _masked(style: AnyStyle) -> StyleShare[MaskedStyle]:
    share = style.share if isinstance(style, StyleShare) else 1.0
    picture = style.style if isinstance(style, StyleShare) else style
    if not isinstance(picture, MaskedStyle) or picture.mask is None:
        return StyleShare(picture if isinstance(picture, MaskedStyle) else MaskedStyle(picture), share)
    mask = picture.mask.convert("L")
    if mask.getbbox() is None:
        raise InvalidParams("The mask of a style is black everywhere; it must be white in the part of the style picture to be used.")
    return StyleShare(MaskedStyle(picture.picture, None if mask.getextrema() == (255, 255) else mask), share)


class Layout:
    """The parts of a painting and their weights: where which of them is painted, and where the photo is kept.

    Later regions cover earlier ones, and the rest of the photo is below all. Transitions are as wide as `FEATHER` says. Around a kept
    region they are outside, so that all pixels under a full mask are the photo's.

    Attributes:
        parts: those that are visible somewhere: the rest of the photo, then the regions in their order.
    """

    def __init__(self, photo: Image.Image, rest: Part[MaskedStyle], regions: Sequence[Region], long_side: int, style_scale: float) -> None:
        """
        Args:
            rest: what is painted outside all regions.
            long_side: of the painting in pixels.

        Raises:
            InvalidParams: for too many regions, a mask of another shape, a strength out of range, or styles without a share.
        """
        if len(regions) > MAX_REGIONS:
            raise InvalidParams(f"A painting can have at most {MAX_REGIONS} regions; there are {len(regions)}.")
        for region in regions:
            check_mask_shape(region.mask.size, photo.size)
        self._all_masks = self._masks = [(region.mask.convert("L"), region.is_kept) for region in regions]
        self._feather = FEATHER * style_scale / aspect_excess(photo)
        # Each scale asks for its weights several times, and every picture that shows progress for what is kept at its size.
        self._weights: LRUCache[Size, Tensor] = LRUCache(1)
        self._kept: LRUCache[Size, Tensor] = LRUCache(3)
        self._resized: LRUCache[Size, list[Image.Image]] = LRUCache(1)
        painted = [region for region in regions if not region.is_kept]
        every = [rest, *(part_of(region.styles, rest.strength if region.strength is None else region.strength) for region in painted)]
        self._shown = list(range(len(every)))
        if regions:
            seen, kept = self._seen(fit(photo, long_side), 1)
            painted_there = 1 - kept
            self._shown = [index for index, weight in enumerate(seen) if (weight * painted_there).max() >= LEAST_WEIGHT] or [0]
            self._masks = self._masks if len(self._shown) != 1 or kept.max() >= LEAST_WEIGHT else []
        self.parts = [every[index] for index in self._shown]

    @property
    def is_plain(self) -> bool:
        """Whether one part covers everything."""
        return not self._masks

    @cached_property
    def key(self) -> Hashable:
        """The same for layouts with the same weights at a size."""
        kept = tuple(is_kept for _, is_kept in self._masks)
        return (tuple(self.mask_digests), kept, tuple(self._shown), self._feather) if kept else None

    @cached_property
    def mask_digests(self) -> list[str]:
        """Digests of the grey masks of all regions."""
        return [digest(mask) for mask, _ in self._all_masks]

    def weights(self, size: Size, device: torch.device) -> Tensor | None:
        """Weights (1, P + 1, H, W) of the P parts and, last, of the photo that is kept; they sum to 1 everywhere.

        None when one part covers everything.
        """
        if self.is_plain:
            return None
        return self._weights.get_or_make(size, lambda: self._composed(size, self._blur_radius(size)))[None].to(device)

    def kept(self, size: Size) -> Tensor | None:
        """The last of `weights`, (H, W); None when nothing is kept."""
        if not any(is_kept for _, is_kept in self._masks):
            return None
        return self._kept.get_or_make(size, lambda: self._kept_of(size))

    def _kept_of(self, size: Size) -> Tensor:
        known = self._weights.get(size)
        return (self._composed(size, self._blur_radius(size)) if known is None else known)[-1].clone()

    def _blur_radius(self, size: Size) -> int:
        """Of the two box filters that make a transition, which is four times as wide."""
        return max(1, round(self._feather * max(size) / 4))

    def _composed(self, size: Size, radius: int) -> Tensor:
        """Weights (P + 1, H, W) as of `weights`, with transitions of four times `radius` pixels, narrower around what is kept.

        Weights are blurred after they are put together: blurred masks of regions that meet would leave a gap between them.
        """
        seen, kept = self._seen(size, max(1, round(KEPT_FEATHER * radius)))
        weights = torch.empty(len(self._shown) + 1, *size)
        for number, index in enumerate(self._shown):
            weights[number] = _blurred(seen[index], radius)[0, 0]
        shown, weights[-1] = weights[:-1], kept[0, 0]
        shown *= (1 - weights[-1]) / shown.sum(0).clamp(min=1e-6)
        return weights

    def _seen(self, size: Size, narrow: int) -> tuple[list[Tensor], Tensor]:
        """What is seen of the rest and of each painted region where nothing is kept, with hard edges, and what is kept, with transitions of
        four times `narrow` pixels: (1, 1, H, W) each."""
        painted, kept = [], torch.zeros(1, 1, *size)
        resized = self._resized.get_or_make(size, lambda: [mask.resize(size[::-1], Image.Resampling.BILINEAR) for mask, _ in self._masks])
        for (mask, is_kept), own in zip(self._masks, map(_levels, resized), strict=True):
            if is_kept:
                kept = kept.lerp(torch.ones_like(kept), _grown(torch.maximum(own, _full(mask, size)), narrow))
            else:
                kept = kept * (1 - _inside(own, narrow)) if kept.any() else kept
                painted.append(own)
        return _uncovered(painted, size), kept


def mixed(values: Sequence[float], weights: Tensor | None) -> Tensor:
    """The value of the part at every position, 0 where the photo is kept: (1, 1, H, W), or (1, 1, 1, 1) without weights."""
    column = torch.tensor(values).view(1, -1, 1, 1)
    if weights is not None and len(set(values)) == 1:
        return values[0] * (1 - weights[:, -1:])
    return column if weights is None else (column.to(weights) * weights[:, :-1]).sum(1, keepdim=True)


def _uncovered(masks: Sequence[Tensor], size: Size) -> list[Tensor]:
    """What is seen of the rest and of each mask (1, 1, H, W), where later ones cover earlier ones; it sums to 1."""
    left, seen = torch.ones(1, 1, *size), []
    for mask in reversed(masks):
        seen.append(left * mask)
        left = left * (1 - mask)
    return [left, *reversed(seen)]


def _blurred(x: Tensor, radius: int) -> Tensor:
    """`blur` of weights (1, 1, H, W), at the cost of the rectangle that has any."""
    rows, columns = (x.amax(axes).nonzero().flatten().tolist() for axes in ((0, 1, 3), (0, 1, 2)))
    if not rows:
        return x
    # The result reaches two radii, and a window around its last position three: it must not be cut off there.
    top, left = (max(0, places[0] - 3 * radius) for places in (rows, columns))
    there = np.s_[..., top : rows[-1] + 3 * radius + 1, left : columns[-1] + 3 * radius + 1]
    result = torch.zeros_like(x)
    result[there] = blur(x[there], radius)
    return result


def _levels(mask: Image.Image) -> Tensor:
    """A grey mask as weights (1, 1, H, W)."""
    return torch.from_numpy(np.asarray(mask, dtype=np.float32))[None, None] / 255


def style_weights(mask: Image.Image, size: Size) -> Tensor:
    """A style's mask as weights (1, 1, H, W) of its pixels. However small, a part does not vanish."""
    weights = torch.from_numpy(np.array(mask.convert("L"), dtype=np.float32))[None, None] / 255
    return F.interpolate(weights, size=size, mode="bilinear", antialias=True)


def _full(mask: Image.Image, size: Size) -> Tensor:
    """1 at the pixels (1, 1, H, W) whose place in a grey mask is white, 0 elsewhere."""
    resized = mask.resize(size[::-1], Image.Resampling.NEAREST)
    return torch.from_numpy(np.asarray(resized) == 255)[None, None].float()


def _inside(x: Tensor, radius: int) -> Tensor:
    """Weights x (1, 1, H, W) with a transition inside: what is 0 stays 0. It is narrower where x is too narrow for it."""
    inner = 1 - _grown(1 - x, radius)
    while radius:
        apart = 1 - dilate((inner > 0).float(), 2 * radius)
        radius //= 2
        inner = torch.maximum(inner, apart * (1 - _grown(1 - x, radius)))
    return inner


def _grown(x: Tensor, radius: int) -> Tensor:
    """Weights x (1, 1, H, W) with a transition outside: what is 1 stays 1."""
    return blur(dilate(x, 2 * radius), radius)
