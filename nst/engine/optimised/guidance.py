"""The style term of one layer, guided by regions: each part's moments against its own target (Gatys et al. 2017, "Controlling Perceptual
Factors in Neural Style Transfer")."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nst.engine.moments import Guide, guidance, guided_moments, moments
from nst.engine.optimised.losses import StyleDistance
from nst.engine.tensors import Size


class StyleTerm:
    """Maps a layer's features (1, C, H, W) to their style distance: that of each part, weighted by its share of the area."""

    def __init__(self, distances: Sequence[StyleDistance], weights: Tensor | None, size: Size) -> None:
        """
        Args:
            distances: one for each part.
            weights: of the parts and what is kept (see `Layout.weights`), for a picture of any size.
            size: of the features.
        """
        self._guides: list[Guide] | None = None
        self._distances = [(1.0, distance) for distance in distances]
        if weights is not None:
            areas, guides = weights[0, :-1].mean((1, 2)).tolist(), map(Guide.of, guidance(weights[:, :-1], size))
            found = [entry for entry in zip(areas, distances, guides, strict=True) if entry[2]]
            self._distances = [(area, distance) for area, distance, _ in found]
            self._guides = [guide for *_, guide in found if guide]

    def __call__(self, features: Tensor) -> Tensor:
        if self._guides == []:
            return features.new_zeros((), dtype=torch.float32)
        found = [moments(features)] if self._guides is None else guided_moments(features, self._guides)
        parts = [area * distance(part) for (area, distance), part in zip(self._distances, found, strict=True)]
        return torch.stack(parts).sum()
