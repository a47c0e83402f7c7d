"""The objective of the optimised rendering: style, content and smoothness. It is built once a scale and called once a step."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from nst.domain import Loss, StyleParams
from nst.engine.encoders.registry import CONTENT_LAYER
from nst.engine.moments import Moments
from nst.engine.optimised.areas import Area
from nst.engine.optimised.guided_style_term import StyleTerm
from nst.engine.optimised.losses import (
    GramDistance,
    StyleDistance,
    WassersteinDistance,
    content_distance,
    out_of_range,
    target_energy,
    total_variation,
)
from nst.engine.optimised.sums import PICTURE, Sums, Term
from nst.engine.optimised.targets import Target, layer_weights
from nst.engine.regions import mixed
from nst.engine.tensors import Size, pooled

DISTANCES: dict[Loss, Callable[[Moments], StyleDistance]] = {Loss.GRAM: GramDistance, Loss.WASSERSTEIN: WassersteinDistance}
# Content weight at strengths 0, 1/2 and 1; interpolated geometrically between them. The style has weight 1.
CONTENT_WEIGHTS = (2.0, 0.05, 0.01)
# Weight of the mean squared difference from the photo's pixels at strength 0, and the power of (1 - 2 strength) with which it falls to 0
# at strength 1/2. Features alone do not keep colours, and strength 0 has to give the photo.
PIXEL_WEIGHT = 1000.0
PIXEL_POWER = 6
# Weight of `out_of_range`.
OUT_OF_RANGE_WEIGHT = 10.0
# Weight of `total_variation` at smoothness 1; it grows with the square of the smoothness.
SMOOTHNESS_WEIGHT = 1.0


class Objective:
    """Maps a picture (1, 3, H, W) to the weighted terms ``style``, ``content`` and ``smoothness``."""

    def __init__(
        self,
        sums: Sums,
        content: Tensor,
        targets: Sequence[Target],
        params: StyleParams,
        weights: Tensor | None = None,
    ) -> None:
        """
        Args:
            sums: over the encoder's features, at once or tile by tile (see `sums_of`).
            content: (1, 3, H, W), of the size of the pictures that are evaluated.
            targets: of the parts.
            weights: where each part is painted (see `Layout.weights`), (1, P + 1, H, W); None for one part that covers everything.
        """
        self._sums = sums
        self._layers = layer_weights(params)
        # The strength sets how firmly content and pixels are held. Both terms are sums over positions, so a map of weights is exact; the
        # style terms, which compare statistics, keep a weight of 1.
        strength = mixed([target.strength for target in targets], weights).to(content)
        with torch.no_grad():
            sizes, photo = _encoded(self._sums, content, list(self._layers) if weights is not None else [])
            self._content = ContentTerm(photo, content_weight(pooled(strength, _size(photo))))
        self._pixels = PixelTerm(content, pixel_weight(strength), SMOOTHNESS_WEIGHT * params.smoothness**2)
        self._style = [
            StyleTerm(DISTANCES[params.loss], [target.style[layer] for target in targets], weights, sizes.get(layer, _size(content)))
            for layer in self._layers
        ]

    def __call__(self, x: Tensor) -> Mapping[str, Tensor]:
        style_terms = [(layer, term.sums) for layer, term in zip(self._layers, self._style, strict=True)]
        *sums, (content,), (pixels, smoothness) = self._sums(x, [*style_terms, (CONTENT_LAYER, self._content), (PICTURE, self._pixels)])
        distances = [term.distance(*found) for term, found in zip(self._style, sums, strict=True)]
        style = torch.stack(
            [weight * distance.to(x.device) for weight, distance in zip(self._layers.values(), distances, strict=True)]
        ).sum()
        return {"style": style, "content": content + pixels, "smoothness": smoothness}


class ContentTerm:
    """Sums the weighted distance of features from a photo's."""

    def __init__(self, target: Tensor, weight: Tensor) -> None:
        """
        Args:
            target: (1, C, H, W)
            weight: (1, 1, H, W), or (1, 1, 1, 1).
        """
        self._target, self._weight, self._energy = target, weight, target_energy(target)

    def __call__(self, features: Tensor, area: Area) -> tuple[Tensor]:
        return (content_distance(area.crop(features), area.of(self._target), area.of(self._weight), self._energy),)


class PixelTerm:
    """Sums what pixels are held to: the weighted distance from the photo's, smoothness, and the range of values."""

    def __init__(self, photo: Tensor, weight: Tensor, smoothness: float) -> None:
        """
        Args:
            photo: (1, 3, H, W)
            weight: of the photo's pixels, (1, 1, H, W), or (1, 1, 1, 1).
            smoothness: weight of the total variation.
        """
        self._held = (photo, weight) if weight.any() else None
        self._smoothness = smoothness

    def __call__(self, x: Tensor, area: Area) -> tuple[Tensor, Tensor]:
        smoothness = self._smoothness * total_variation(x, area) + OUT_OF_RANGE_WEIGHT * out_of_range(x, area)
        if self._held is None:
            return x.new_zeros(()), smoothness
        photo, weight = (area.of(held) for held in self._held)
        return area.share * (weight * (area.crop(x) - photo).square()).mean(), smoothness


def content_weight(strength: Tensor) -> Tensor:
    """Weight of the content term, relative to the style term's, for strengths from 0 to 1."""
    least, middle, most = CONTENT_WEIGHTS
    position = 2 * strength
    return torch.where(strength < 0.5, least * (middle / least) ** position, middle * (most / middle) ** (position - 1))


def pixel_weight(strength: Tensor) -> Tensor:
    """Weight of the mean squared difference from the photo's pixels, for strengths from 0 to 1."""
    return PIXEL_WEIGHT * (1 - 2 * strength).clamp(min=0) ** PIXEL_POWER


def _size(x: Tensor) -> Size:
    return x.shape[-2], x.shape[-1]


def _encoded(sums: Sums, photo: Tensor, layers: list[str]) -> tuple[dict[str, Size], Tensor]:
    """The sizes of `layers`, and the photo's features at the content layer."""
    sizes: dict[str, Size] = {}
    content: Tensor | None = None

    def record_content(features: Tensor, area: Area) -> tuple[()]:
        nonlocal content
        if content is None:
            shape = (1, features.shape[1], *area.size)
            content = torch.empty(shape, dtype=features.dtype, device=features.device, memory_format=torch.channels_last)
        area.of(content).copy_(area.crop(features))
        return ()

    def size_recorder(layer: str) -> Term:
        def record(_: Tensor, area: Area) -> tuple[()]:
            sizes[layer] = area.size
            return ()

        return record

    sums(photo, [*((layer, size_recorder(layer)) for layer in layers), (CONTENT_LAYER, record_content)])
    assert content is not None  # noqa: S101
    return sizes, content
