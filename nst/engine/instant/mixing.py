"""WCT layers of a painting whose parts have different styles: every part is whitened and coloured by itself, and the results are mixed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.engine.instant.network import identity_map, style_map
from nst.engine.instant.statistics import AffineMap, FeatureStatistics, feature_statistics, part_statistics
from nst.engine.moments import rows_of

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
        self._chosen: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}

    def __call__(self, layer: str, x: Tensor) -> Tensor:
        if self._weights is None:
            return self._parts[0].map(layer, feature_statistics(x))(x)
        whole = feature_statistics(x)
        rows = rows_of(x)
        result = torch.zeros_like(x, memory_format=torch.channels_last)
        result_rows = rows_of(result)
        for part, (positions, weights) in zip([*self._parts, None], self._positions(x.shape[-2], x.shape[-1]), strict=True):
            if len(positions):
                moves = part.map(layer, part_statistics(rows, positions, weights, whole)) if part else identity_map(layer, whole)
                moved = moves.of_rows(rows.index_select(0, positions))
                result_rows.index_add_(0, positions, (moved * weights).to(result))
        return result

    def _positions(self, height: int, width: int) -> list[tuple[Tensor, Tensor]]:
        """Where each part and what is kept has a weight at a resolution: positions (n,) and weights (n, 1). Layers share them."""
        assert self._weights is not None  # noqa: S101
        if (height, width) not in self._chosen:
            pooled = F.adaptive_avg_pool2d(self._weights, (height, width))[0].flatten(1)
            found = [(weights, weights.nonzero()[:, 0]) for weights in pooled]
            self._chosen[height, width] = [(positions, weights[positions, None]) for weights, positions in found]
        return self._chosen[height, width]
