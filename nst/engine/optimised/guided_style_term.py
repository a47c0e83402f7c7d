"""The style term of one layer, guided by regions: each part's moments against its own target (Gatys et al. 2017, "Controlling Perceptual
Factors in Neural Style Transfer")."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nst.engine.guides import Guides, guidance
from nst.engine.moments import Moments, guided_moments, moments, stacked
from nst.engine.optimised.areas import Area
from nst.engine.optimised.losses import StyleDistance
from nst.engine.tensors import Size


class StyleTerm:
    """The style distance of a layer: that of each part, weighted by its share of the area."""

    def __init__(
        self, distance: Callable[[Moments], StyleDistance], targets: Sequence[Moments], weights: Tensor | None, size: Size
    ) -> None:
        """
        Args:
            distance: from the targets of several parts.
            targets: one for each part.
            weights: of the parts and what is kept (see `Layout.weights`), for a picture of any size.
            size: of the features.
        """
        self._guides: Guides | None = None
        self._maps = self._scales = torch.empty(0)
        self._is_guided = weights is not None
        self._areas, found = torch.ones(1), [True]
        if weights is not None:
            maps = guidance(weights[:, :-1], size)
            found = maps.flatten(1).any(1).tolist()
            self._areas = weights[0, :-1].mean((1, 2))[found]
            self._maps = maps[found] / maps[found].amax((1, 2), keepdim=True)
            self._scales = 1 / self._maps.sum((1, 2))
        seen = [target for target, is_found in zip(targets, found, strict=True) if is_found]
        self._distance = distance(stacked(seen)) if seen else None

    def __call__(self, features: Tensor) -> Tensor:
        """The distance of features (1, C, H, W)."""
        return self.distance(*self.sums(features, Area.whole(features)))

    def sums(self, features: Tensor, area: Area) -> tuple[Tensor, ...]:
        """What an area adds to the means (P, C) and the second moments (P, C, C) of the parts. Features are those around it."""
        if self._distance is None:
            return ()
        if not self._is_guided:
            found = moments(area.crop(features))
            return area.share * found.mean[None], area.share * found.second[None]
        found = guided_moments(area.crop(features), self._guides_in(area))
        return self._scales[:, None] * found.mean, self._scales[:, None, None] * found.second

    def distance(self, *sums: Tensor) -> Tensor:
        """The distance, from the `sums` over the whole layer."""
        if self._distance is None:
            return torch.zeros(())
        distances = self._distance(Moments(*sums))
        return (self._areas.to(distances) * distances).sum()

    def _guides_in(self, area: Area) -> Guides:
        if not area.is_whole:
            return Guides(area.of(self._maps))
        if self._guides is None:
            self._guides, self._maps = Guides(self._maps), torch.empty(0)  # which no tile will ask for
        return self._guides
