"""The style term of one layer, guided by regions: each part's moments against its own target (Gatys et al. 2017, "Controlling Perceptual
Factors in Neural Style Transfer")."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nst.engine.moments import Guide, Moments, guidance, guided_moments, moments
from nst.engine.optimised.areas import Area
from nst.engine.optimised.losses import StyleDistance
from nst.engine.tensors import Size


class StyleTerm:
    """The style distance of a layer: that of each part, weighted by its share of the area."""

    def __init__(self, distances: Sequence[StyleDistance], weights: Tensor | None, size: Size) -> None:
        """
        Args:
            distances: one for each part.
            weights: of the parts and what is kept (see `Layout.weights`), for a picture of any size.
            size: of the features.
        """
        self._maps: list[Tensor] | None = None
        self._guides: list[Guide] = []
        self._distances = [(1.0, distance) for distance in distances]
        if weights is not None:
            areas, maps = weights[0, :-1].mean((1, 2)).tolist(), guidance(weights[:, :-1], size)
            found = [entry for entry in zip(areas, distances, maps, strict=True) if entry[2].any()]
            self._distances = [(area, distance) for area, distance, _ in found]
            self._maps = [weight.div_(weight.sum()) for *_, weight in found]

    def __call__(self, features: Tensor) -> Tensor:
        """The distance of features (1, C, H, W)."""
        return self.distance(*self.sums(features, Area.whole(features)))

    def sums(self, features: Tensor, area: Area) -> tuple[Tensor, ...]:
        """What an area adds to the means (R, C) and the second moments (R, C, C) of the parts. Features are those around it."""
        if self._maps is None:
            found = [moments(area.crop(features))]
            return area.share * found[0].mean[None], area.share * found[0].second[None]
        if not self._maps:
            return ()
        found = guided_moments(area.crop(features), self._guides_in(area))
        return torch.stack([part.mean for part in found]), torch.stack([part.second for part in found])

    def distance(self, *sums: Tensor) -> Tensor:
        """The distance, from the `sums` over the whole layer."""
        if not sums:
            return torch.zeros(())
        parts = [area * distance(Moments(*found)) for (area, distance), *found in zip(self._distances, *sums, strict=True)]
        return torch.stack(parts).sum()

    def _guides_in(self, area: Area) -> list[Guide]:
        assert self._maps is not None  # noqa: S101
        if not area.is_whole:
            return [Guide.within(area.of(weight)) for weight in self._maps]
        self._guides = self._guides or [Guide.within(weight) for weight in self._maps]
        return self._guides
