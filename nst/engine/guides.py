"""Where the parts of a layer are (guidance channels: Gatys et al. 2017, "Controlling Perceptual Factors"): weights and positions."""

from functools import cached_property
from itertools import accumulate, pairwise, starmap

import torch
from torch import Tensor

from nst.engine.tensors import Size, halved, pooled, window_mean

# Positions around one, in a layer, of which its features depend mostly: half the receptive radius of a VGG's layers.
REACH = 2


class Guides:
    """The positions where parts of a layer have a weight, part after part.

    Rows of features are read in this order, and results are put back. It hardly matters how many parts share the positions. Where a weight
    is 1, a row is only copied: scale weights so that most are.

    Attributes:
        positions: (n,), indices into the H*W positions; several parts may have the same one.
        weights: (n, 1)
        slices: where each part is in both.
    """

    def __init__(self, weights: Tensor) -> None:
        """
        Args:
            weights: (P, H, W)
        """
        flat = weights.flatten(1)
        parts, self.positions = flat.nonzero(as_tuple=True)
        self.weights = flat[parts, self.positions][:, None]
        counts = torch.bincount(parts, minlength=len(flat)).tolist()
        self.slices = list(starmap(slice, pairwise(accumulate(counts, initial=0))))
        self._size = (weights.shape[-2], weights.shape[-1])

    @cached_property
    def roots(self) -> Tensor:
        """Square roots of the weights, (n, 1)."""
        return self.weights.sqrt()

    def read(self, features: Tensor) -> Tensor:
        """Rows (n, C) of features (1, C, H, W). In memory, channels are first or last as in the features: a change of order costs more."""
        if (channels := features[0].flatten(1)).is_contiguous():
            return channels.index_select(1, self.positions).T
        return rows_of(features).contiguous().index_select(0, self.positions)

    def put_back(self, rows: Tensor) -> Tensor:
        """Features (1, C, H, W): at each position, the sum of its rows, of (n, C), times their weights. Channels are first or last as in
        `rows`."""
        if not len(rows):
            return rows.new_zeros(1, rows.shape[1], *self._size)
        if rows.is_contiguous():
            return self._sums(rows, 0).view(1, *self._size, -1).permute(0, 3, 1, 2)
        return self._sums(rows.T, 1).view(1, -1, *self._size)

    def _sums(self, x: Tensor, dim: int) -> Tensor:
        """Sums of weighted features by position. Dimension `dim` of x is that of the rows."""
        first, factors, partly, others = self._order

        def weighted(rows: Tensor, weights: Tensor) -> Tensor:
            # In single precision: a product with a column takes several times as long in bfloat16.
            return x.index_select(dim, rows).to(weights).mul_(weights.movedim(0, dim)).to(x)

        if x.dtype is torch.float32:
            result = weighted(first, factors)
        else:
            result = x.index_select(dim, first)
            result.index_copy_(dim, partly, weighted(first.index_select(0, partly), factors.index_select(0, partly)))
        added = weighted(others, self.weights.index_select(0, others))
        return result.index_add_(dim, self.positions.index_select(0, others), added)

    @cached_property
    def _order(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Most positions have one row, of weight 1. For each position, the index of its first row (H*W,) and that row's weight (H*W, 1), 0
        where there is no row; the positions with another weight than 1; the indices of the other rows."""
        count = len(self.positions)
        rows = torch.arange(count, device=self.positions.device)
        first = self.positions.new_full((self._size[0] * self._size[1],), count)
        whole = (self.weights[:, 0] == 1).nonzero()[:, 0]
        for chosen in (rows, whole):  # of several, any one, but one of weight 1 if there is one
            first[self.positions[chosen]] = chosen
        others = (first[self.positions] != rows).nonzero()[:, 0]
        factors = torch.cat([self.weights, self.weights.new_zeros(1, 1)])[first]
        return first.where(first < count, 0), factors, (factors[:, 0] != 1).nonzero()[:, 0], others


class LayerGuides:
    """The guides of all layers of one picture, by their resolution. They are computed once."""

    def __init__(self, weights: Tensor) -> None:
        """
        Args:
            weights: (1, P, H, W), of the parts at twice the finest layer's resolution.
        """
        self._weights = halved(weights)
        self._found: dict[Size, Guides] = {}

    def at(self, size: Size) -> Guides:
        if size not in self._found:
            self._found[size] = Guides(pooled(self._weights, size)[0])
        return self._found[size]


def rows_of(features: Tensor) -> Tensor:
    """Features (1, C, H, W) as (H*W, C)."""
    return features[0].flatten(1).T


def guidance(weights: Tensor, size: Size) -> Tensor:
    """Weights (P, H, W) of a layer's positions, of any sum, by part.

    A position near a border sees both sides, and its gradient would carry one part's style across: features of two parts at once belong to
    neither style. So a position counts by the fourth power of its part's share within its reach. In a part that is nowhere wider than a
    receptive field, all count little, and thereby alike.

    Args:
        weights: (1, P, H, W) of the parts of a picture.
        size: of the layer's features.
    """
    seen = pooled(weights, size)
    return (seen * window_mean(seen, REACH).square().square())[0]


def style_guidance(weights: Tensor, size: Size) -> Tensor:
    """Weights (1, H, W), whose sum is 1, of a layer's positions in the part of a style picture that its own weights (1, 1, H, W) show."""
    seen = pooled(weights, size)
    found = guidance(seen / seen.max(), size)  # no mask of a style is black
    return found / found.sum()
