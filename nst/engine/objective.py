"""What a painting is measured by: style statistics, kept content, smoothness. Built once a scale, called once a step."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import Loss, StyleParams
from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS, Encoder
from nst.engine.losses import (
    GramDistance,
    Moments,
    StyleDistance,
    WassersteinDistance,
    blend,
    content_distance,
    moments,
    out_of_range,
    total_variation,
)

DISTANCES: dict[Loss, Callable[[Moments], StyleDistance]] = {Loss.GRAM: GramDistance, Loss.WASSERSTEIN: WassersteinDistance}
# Content weight at strengths 0, 1/2 and 1 for each style loss, between which it is interpolated geometrically.
CONTENT_WEIGHTS = {Loss.WASSERSTEIN: (2.0, 0.05, 0.002), Loss.GRAM: (2.0, 0.05, 0.002)}
# Below strength 1/2 the pixels are held, too, ever more firmly: features alone let colours go, and strength 0 is to be the photo.
PIXEL_WEIGHT, PIXEL_POWER = 1000.0, 6
OUT_OF_RANGE_WEIGHT = 10.0
SMOOTHNESS_WEIGHT = 1.0  # at smoothness 1


class Objective:
    """Maps a picture (1, 3, H, W) to the weighted terms ``style``, ``content`` and ``smoothness``."""

    def __init__(self, encoder: Encoder, content: Tensor, styles: Sequence[tuple[Tensor, float]], params: StyleParams) -> None:
        """`styles` are pictures of any size with their share in the blend."""
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
    """The weight of the content term for a strength from 0 to 1; the style term has weight 1."""
    least, middle, most = CONTENT_WEIGHTS[params.loss]
    low, high, position = (least, middle, params.strength * 2) if params.strength < 0.5 else (middle, most, params.strength * 2 - 1)
    return float(low ** (1 - position) * high**position)


def pixel_weight(params: StyleParams) -> float:
    """The weight of the mean squared difference from the photo's pixels."""
    return PIXEL_WEIGHT * max(0.0, 1 - 2 * params.strength) ** PIXEL_POWER


def _targets(encoder: Encoder, styles: Sequence[tuple[Tensor, float]], layers: list[str]) -> dict[str, Moments]:
    """Blended moments by layer. Pictures are encoded one after another: only their statistics are kept."""
    parts: dict[str, list[tuple[Moments, float]]] = {layer: [] for layer in layers}
    for picture, share in styles:
        for layer, features in encoder(picture, layers).items():
            parts[layer].append((moments(features), share))
    return {layer: blend(entries) for layer, entries in parts.items()}
