"""The objective of the optimised rendering: style, content and smoothness. It is built once a scale and called once a step."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import Loss, StyleParams, StyleShare
from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS, Encoder
from nst.engine.moments import Moments, blend, moments
from nst.engine.optimised.losses import GramDistance, StyleDistance, WassersteinDistance, content_distance, out_of_range, total_variation

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

    def __init__(self, encoder: Encoder, content: Tensor, styles: Sequence[StyleShare[Tensor]], params: StyleParams) -> None:
        """
        Args:
            content: (1, 3, H, W), of the size of the pictures that are evaluated.
            styles: (1, 3, h, w) of any size, with shares that sum to 1.
        """
        self._encoder = encoder
        self._layers = layer_weights(params)
        self._content_weight, self._pixel_weight, self._photo = content_weight(params), pixel_weight(params), content
        self._smoothness_weight = SMOOTHNESS_WEIGHT * params.smoothness**2
        with torch.no_grad():
            targets = _targets(encoder, styles, list(self._layers))
            self._style = {layer: DISTANCES[params.loss](target) for layer, target in targets.items()}
            self._content = encoder(content, [CONTENT_LAYER])[CONTENT_LAYER]

    def __call__(self, x: Tensor) -> Mapping[str, Tensor]:
        features = self._encoder(x, [*self._layers, CONTENT_LAYER])
        style = torch.stack([weight * self._style[layer](features[layer]) for layer, weight in self._layers.items()]).sum()
        content = self._content_weight * content_distance(features[CONTENT_LAYER], self._content)
        if self._pixel_weight:
            content = content + self._pixel_weight * F.mse_loss(x, self._photo)
        smoothness = self._smoothness_weight * total_variation(x) + OUT_OF_RANGE_WEIGHT * out_of_range(x)
        return {"style": style, "content": content, "smoothness": smoothness}


def layer_weights(params: StyleParams) -> dict[str, float]:
    """Weights of the style layers, summing to 1."""
    chosen = dict(params.layer_weights) if params.layer_weights else dict.fromkeys(STYLE_LAYERS, 1.0)
    total = sum(chosen.values())
    return {layer: weight / total for layer, weight in chosen.items() if weight > 0}


def content_weight(params: StyleParams) -> float:
    """Weight of the content term, relative to the style term's."""
    least, middle, most = CONTENT_WEIGHTS
    low, high, position = (least, middle, params.strength * 2) if params.strength < 0.5 else (middle, most, params.strength * 2 - 1)
    return float(low ** (1 - position) * high**position)


def pixel_weight(params: StyleParams) -> float:
    """Weight of the mean squared difference from the photo's pixels."""
    return PIXEL_WEIGHT * max(0.0, 1 - 2 * params.strength) ** PIXEL_POWER


def _targets(encoder: Encoder, styles: Sequence[StyleShare[Tensor]], layers: list[str]) -> dict[str, Moments]:
    """Blended moments by layer. Pictures are encoded one after another, and only their moments are kept."""
    parts: dict[str, list[StyleShare[Moments]]] = {layer: [] for layer in layers}
    for style in styles:
        for layer, features in encoder(style.style, layers).items():
            parts[layer].append(StyleShare(moments(features), style.share))
    return {layer: blend(entries) for layer, entries in parts.items()}
