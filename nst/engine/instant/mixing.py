"""WCT layers of a painting whose parts have different styles: every part is whitened and coloured by itself, and the results are mixed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.engine.instant.network import identity_map, style_map
from nst.engine.instant.statistics import AffineMap, FeatureStatistics, feature_statistics, part_statistics

# What the network knows of a style: statistics of its features by WCT layer, about 200 kB.
StyleCode = dict[str, FeatureStatistics]

# Strength below which the result is blended with the photo's own pixels.
FADE_BELOW = 0.25


@dataclass(frozen=True)
class CodedPart:
    """What is painted alike, with the blended code of its styles; `strength` is from 0 to 1."""

    code: StyleCode
    strength: float

    @property
    def transfer(self) -> float:
        """Weight of the map to the style's statistics; that of the identity is the rest."""
        return self.strength * (2 - self.strength)

    def map(self, layer: str, source: FeatureStatistics) -> AffineMap:
        return identity_map(layer, source).lerp(style_map(layer, source, self.code[layer]), self.transfer)


class Mixture:
    """The parts of a painting with their weights. Called with the name of a WCT layer and its input, it returns the layer's output."""

    def __init__(self, parts: Sequence[CodedPart], weights: Tensor | None) -> None:
        """
        Args:
            weights: of the parts and what is kept (see `Layout.weights`), (1, P + 1, H, W) with the padding of the network's input; None
                for one part that covers everything.
        """
        self._parts = parts
        self._weights = None if weights is None else F.avg_pool2d(weights, 2)

    def __call__(self, layer: str, x: Tensor) -> Tensor:
        if self._weights is None:
            return self._parts[0].map(layer, feature_statistics(x))(x)
        *weights, kept = torch.split(F.adaptive_avg_pool2d(self._weights, (x.shape[-2], x.shape[-1])), 1, dim=1)
        whole = feature_statistics(x)
        result: Tensor = kept.to(x) * identity_map(layer, whole)(x)
        for part, weight in zip(self._parts, weights, strict=True):
            if weight.any():
                result.addcmul_(weight.to(x), part.map(layer, part_statistics(x, weight, whole))(x).to(x))
        return result


def mixed(values: Sequence[float], weights: Tensor | None) -> Tensor:
    """The value of the part at every position, 0 where the photo is kept: (1, 1, H, W), or (1, 1, 1, 1) without weights."""
    column = torch.tensor(values).view(1, -1, 1, 1)
    return column if weights is None else (column.to(weights) * weights[:, :-1]).sum(1, keepdim=True)
