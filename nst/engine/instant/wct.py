"""The WCT layers of the instant network: the whitening and colouring transform (Li et al. 2017) of features, by Cholesky factors.

Where the parts of a painting have different styles, every part is whitened and coloured by itself, and the results are mixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from nst.engine.devices import one_thread
from nst.engine.guides import Guides, LayerGuides
from nst.engine.instant.convolution import PointwiseConv
from nst.engine.instant.network import FeatureMap, InstantNetwork
from nst.engine.instant.statistics import (
    AffineMap,
    FeatureStatistics,
    PartMoments,
    feature_statistics,
    identity,
    whiten_and_colour,
)
from nst.engine.regions import BlendedPart

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

    def with_share(self, share: float) -> "CodedPart":
        """The part with a share of its transfer, from 0 to 1."""
        return self if share == 1 else CodedPart(self.style, 1 - (1 - share * self.transfer) ** 0.5)


class WctLayers:
    """The WCT layers of one painting, by the parts of it and their weights. Called with a layer's name and input, it returns what the
    layer does to it."""

    def __init__(self, parts: Sequence[CodedPart], guides: LayerGuides | None) -> None:
        """
        Args:
            guides: of the parts and what is kept (see `Layout.weights`), with the padding of the network's input; None for one part that
                covers everything.
        """
        self._parts, self._guides = parts, guides

    def __call__(self, layer: str, x: Tensor) -> FeatureMap:
        if self._guides is None:
            return _maps(layer, self._parts, feature_statistics(x))
        guides = self._guides.at((x.shape[-2], x.shape[-1]))
        rows = guides.read(x)
        shown = [number for number, here in enumerate(guides.slices) if here.stop > here.start]
        slices = [guides.slices[number] for number in shown]
        moments = PartMoments.of([(rows[here], guides.weights[here]) for here in slices], x.shape[-2] * x.shape[-1])
        whole = moments.together()
        painted = [self._parts[number] for number in shown if number < len(self._parts)]
        maps = [_maps(layer, painted, moments.first(len(painted)).statistics(whole))] if painted else []
        maps += [identity_map(layer, whole)] if len(painted) < len(slices) else []  # the last is what is kept
        return PartMaps(guides, rows, slices, AffineMap.stacked(maps))


@dataclass(frozen=True)
class PartMaps:
    """The maps of the parts of one layer's features.

    Attributes:
        rows: the features.
        slices: where the parts that are seen are in `rows`.
        maps: of these parts, one after another.
    """

    guides: Guides
    rows: Tensor
    slices: Sequence[slice]
    maps: AffineMap

    def __call__(self, x: Tensor) -> Tensor:  # noqa: ARG002  # as of other maps
        """Apply the maps to the features x (1, C, H, W), from which `rows` was read."""
        count, channels = len(self.rows), self.maps.matrix.shape[1]
        moved = self.rows.new_empty(count, channels) if self.rows.is_contiguous() else self.rows.new_empty(channels, count).T
        self.maps.of_rows(self.rows, self.slices, moved)
        return self.guides.put_back(moved)

    def then(self, conv: PointwiseConv) -> "PartMaps":
        return replace(self, maps=self.maps.then(conv))


def _maps(layer: str, parts: Sequence[CodedPart], sources: FeatureStatistics) -> AffineMap:
    """The maps of a layer for features of P parts, which have the statistics `sources`."""
    transfers = [part.transfer for part in parts]
    transfer = transfers[0] if len(set(transfers)) == 1 else sources.mean.new_tensor(transfers)[:, None, None]
    with one_thread():
        to_style = style_map(layer, sources, FeatureStatistics.stacked([part.style[layer] for part in parts]))
    return identity_map(layer, sources).lerp(to_style, transfer)


def style_map(layer: str, source: FeatureStatistics, target: FeatureStatistics) -> AffineMap:
    """The map of a WCT layer that gives features with the statistics `source` those of `target`."""
    to_target = whiten_and_colour(source, target)
    return to_target if layer in InstantNetwork.UNNORMALISED else to_target.normalised(target)


def identity_map(layer: str, source: FeatureStatistics) -> AffineMap:
    """The map of a WCT layer that transfers no style to features with the statistics `source`."""
    unchanged = identity(source)
    return unchanged if layer in InstantNetwork.UNNORMALISED else unchanged.normalised(source)
