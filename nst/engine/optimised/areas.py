"""Stretches of a layer, in which terms of the objective take their sums over positions."""

from dataclasses import dataclass

from torch import Tensor

from nst.engine.tensors import Size


@dataclass(frozen=True)
class Area:
    """A tile of a layer, and where it is in the features that were computed around it.

    Attributes:
        size: of the whole layer.
        rows, columns: of the tile in the layer.
        inner_rows, inner_columns: of the tile in the features around it.
    """

    size: Size
    rows: slice
    columns: slice
    inner_rows: slice
    inner_columns: slice

    @classmethod
    def whole(cls, x: Tensor) -> "Area":
        """All of a layer's features x (1, C, H, W)."""
        height, width = x.shape[-2:]
        return cls((height, width), slice(0, height), slice(0, width), slice(0, height), slice(0, width))

    @property
    def is_whole(self) -> bool:
        return self.share == 1

    @property
    def share(self) -> float:
        """The tile's share of the layer's positions."""
        height, width = self.size
        positions: int = (self.rows.stop - self.rows.start) * (self.columns.stop - self.columns.start)
        return positions / (height * width)

    def crop(self, x: Tensor) -> Tensor:
        """The tile of the features x around it."""
        return x[..., self.inner_rows, self.inner_columns]

    def of(self, x: Tensor) -> Tensor:
        """The tile of what is known of the whole layer, (..., H, W), or of all its positions alike, (..., 1, 1)."""
        return x if tuple(x.shape[-2:]) == (1, 1) else x[..., self.rows, self.columns]
