"""The objective of the optimised rendering: style, content and smoothness. It is built once a scale and called once a step."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import Loss, StyleParams, StyleShare
from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS, Encoder
from nst.engine.moments import Moments, blend, moments_of_part
from nst.engine.optimised.guidance import StyleTerm
from nst.engine.optimised.losses import GramDistance, StyleDistance, WassersteinDistance, content_distance, out_of_range, total_variation
from nst.engine.regions import Part, StyleTensor, mixed
from nst.engine.tensors import Size

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
        self, encoder: Encoder, content: Tensor, parts: Sequence[Part[StyleTensor]], params: StyleParams, weights: Tensor | None = None
    ) -> None:
        """
        Args:
            content: (1, 3, H, W), of the size of the pictures that are evaluated.
            parts: with styles of any size.
            weights: where each part is painted (see `Layout.weights`), (1, P + 1, H, W); None for one part that covers everything.
        """
        self._encoder, self._photo = encoder, content
        self._layers = layer_weights(params)
        self._smoothness_weight = SMOOTHNESS_WEIGHT * params.smoothness**2
        # The strength sets how firmly content and pixels are held. Both terms are sums over positions, so a map of weights is exact; the
        # style terms, which compare statistics, keep a weight of 1.
        strength = mixed([part.strength for part in parts], weights).to(content)
        self._pixel_weight = pixel_weight(strength)
        with torch.no_grad():
            targets = [_targets(encoder, part.styles, list(self._layers)) for part in parts]
            features = encoder(content, [*(self._layers if weights is not None else ()), CONTENT_LAYER])
            self._content = features[CONTENT_LAYER]
            self._content_weight = content_weight(F.adaptive_avg_pool2d(strength, _size(self._content)))
        self._style = {
            layer: StyleTerm([DISTANCES[params.loss](target[layer]) for target in targets], weights, _size(features.get(layer, content)))
            for layer in self._layers
        }

    def __call__(self, x: Tensor) -> Mapping[str, Tensor]:
        features = self._encoder(x, [*self._layers, CONTENT_LAYER])
        style = torch.stack([weight * self._style[layer](features[layer]) for layer, weight in self._layers.items()]).sum()
        content = content_distance(features[CONTENT_LAYER], self._content, self._content_weight)
        if self._pixel_weight.any():
            content = content + (self._pixel_weight * (x - self._photo).square()).mean()
        smoothness = self._smoothness_weight * total_variation(x) + OUT_OF_RANGE_WEIGHT * out_of_range(x)
        return {"style": style, "content": content, "smoothness": smoothness}


def layer_weights(params: StyleParams) -> dict[str, float]:
    """Weights of the style layers, summing to 1."""
    chosen = dict(params.layer_weights) if params.layer_weights else dict.fromkeys(STYLE_LAYERS, 1.0)
    total = sum(chosen.values())
    return {layer: weight / total for layer, weight in chosen.items() if weight > 0}


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


def _targets(encoder: Encoder, styles: Sequence[StyleShare[StyleTensor]], layers: list[str]) -> dict[str, Moments]:
    """Blended moments by layer. Pictures are encoded one after another, and only their moments are kept."""
    parts: dict[str, list[StyleShare[Moments]]] = {layer: [] for layer in layers}
    for style in styles:
        for layer, features in encoder(style.style.pixels, layers).items():
            parts[layer].append(StyleShare(moments_of_part(features, style.style.weights), style.share))
    return {layer: blend(entries) for layer, entries in parts.items()}
