"""The WCT layers of the instant network: the whitening and colouring transform (Li et al. 2017) of features, by Cholesky factors.

Where the parts of a painting have different styles, every part is whitened and coloured by itself, and the results are mixed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from nst.engine.devices import one_thread
from nst.engine.guides import Guides
from nst.engine.instant.convolution import like
from nst.engine.instant.network import InstantNetwork
from nst.engine.instant.statistics import (
    AffineMap,
    FeatureStatistics,
    PartMoments,
    feature_statistics,
    identity,
    stacked,
    whiten_and_colour,
)
from nst.engine.regions import BlendedPart
from nst.engine.tensors import Size, halved, pooled

# What the network knows of a style: statistics of its features by WCT layer, about 200 kB.
StyleCode = dict[str, FeatureStatistics]

# Strength below which the result is blended with the photo's own pixels.
FADE_BELOW = 0.25


class CodedPart(BlendedPart[FeatureStatistics]):
    """A part with the blended style code."""

    @property
    def transfer(self) -> float:
        """Weight of the map to the style's statistics; that of the identity is the rest."""
        return self.strength * (2 - self.strength)


class WctLayers:
    """The WCT layers of one painting, by the parts of it and their weights. Called with a layer's name and input, it returns the output."""

    def __init__(self, parts: Sequence[CodedPart], weights: Tensor | None) -> None:
        """
        Args:
            weights: of the parts and what is kept (see `Layout.weights`), (1, P + 1, H, W) with the padding of the network's input; None
                for one part that covers everything.
        """
        self._parts = parts
        self._weights = None if weights is None else halved(weights)
        self._guides: dict[Size, Guides] = {}

    def __call__(self, layer: str, x: Tensor) -> Tensor:
        if self._weights is None:
            return _maps(layer, self._parts, feature_statistics(x))(x)
        guides = self._guides_of(self._weights, (x.shape[-2], x.shape[-1]))
        rows = guides.read(x)
        moved = torch.empty_like(rows)
        shown = [number for number, here in enumerate(guides.slices) if here.stop > here.start]
        slices = [guides.slices[number] for number in shown]
        moments = PartMoments.of([(rows[here], guides.weights[here]) for here in slices], x.shape[-2] * x.shape[-1])
        whole = moments.together()
        painted = [self._parts[number] for number in shown if number < len(self._parts)]
        if painted:
            _maps(layer, painted, moments.first(len(painted)).statistics(whole)).of_rows(rows, slices, moved)
        if len(painted) < len(slices):  # the last is what is kept
            identity_map(layer, whole).of_rows(rows, slices[-1:], moved)
        return like(x, guides.put_back(moved))

    def _guides_of(self, weights: Tensor, size: Size) -> Guides:
        """Where each part and what is kept has a weight at a resolution. Layers share it."""
        if size not in self._guides:
            self._guides[size] = Guides(pooled(weights, size)[0])
        return self._guides[size]


def _maps(layer: str, parts: Sequence[CodedPart], sources: FeatureStatistics) -> AffineMap:
    """The maps of a layer for features of P parts, which have the statistics `sources`."""
    targets = stacked([part.style[layer] for part in parts])
    transfers = [part.transfer for part in parts]
    transfer = transfers[0] if len(set(transfers)) == 1 else sources.mean.new_tensor(transfers)[:, None, None]
    with one_thread():
        to_style = style_map(layer, sources, targets)
    return identity_map(layer, sources).lerp(to_style, transfer)


def style_map(layer: str, source: FeatureStatistics, target: FeatureStatistics) -> AffineMap:
    """The map of a WCT layer that gives features with the statistics `source` those of `target`."""
    to_target = whiten_and_colour(source, target)
    return to_target if layer in InstantNetwork.UNNORMALISED else to_target.normalised(target)


def identity_map(layer: str, source: FeatureStatistics) -> AffineMap:
    """The map of a WCT layer that transfers no style to features with the statistics `source`."""
    unchanged = identity(source)
    return unchanged if layer in InstantNetwork.UNNORMALISED else unchanged.normalised(source)
