"""Running a stage of a network tile by tile: the same result in less memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.engine.instant.network import STRIDE
from nst.engine.tensors import spans

Stage = Callable[..., Tensor]


@dataclass(frozen=True)
class Tiles:
    """Calls stages with tiles of their inputs. Sizes are in pixels of the picture, multiples of `STRIDE`.

    Inputs and outputs may have different resolutions: the picture's, divided by powers of two up to `STRIDE`.

    Attributes:
        size: (height, width) of the picture.
        side: of a tile without its overlap.
        overlap: on every side of a tile, cropped from its result; at least the receptive radius of the stages, or seams show.
        before_tile: called before every tile; an exception that it raises ends the work.
    """

    size: tuple[int, int]
    side: int
    overlap: int
    before_tile: Callable[[], None]

    @property
    def count(self) -> int:
        return sum(1 for _ in self._windows())

    def __call__(self, stage: Stage, inputs: list[Tensor]) -> Tensor:
        output: Tensor | None = None
        for inner, outer in self._windows():
            self.before_tile()
            part = stage(*(x[self._slices(x, outer)] for x in inputs))
            if inner == _Window(0, self.size[0], 0, self.size[1]):
                return part
            if output is None:
                output = self._empty_output(part, outer)
            output[self._slices(output, inner)] = part[self._slices_within(output, inner, outer)]
        assert output is not None  # noqa: S101  # there is at least one window
        return output

    def _windows(self) -> Iterator[tuple["_Window", "_Window"]]:
        """Tiles without and with their overlap."""
        for rows in spans(self.size[0], self.side, STRIDE):
            for columns in spans(self.size[1], self.side, STRIDE):
                inner = _Window(*rows, *columns)
                yield inner, inner.grown(self.overlap, self.size)

    def _empty_output(self, part: Tensor, outer: "_Window") -> Tensor:
        """An uninitialised tensor for the whole output, of which `part` is one tile."""
        down = (outer.bottom - outer.top) // part.shape[-2]
        shape = (part.shape[0], part.shape[1], self.size[0] // down, self.size[1] // down)
        memory_format = torch.contiguous_format if part.stride(-1) == 1 else torch.channels_last
        return torch.empty(shape, dtype=part.dtype, device=part.device, memory_format=memory_format)

    def _slices(self, x: Tensor, window: "_Window") -> tuple[slice, ...]:
        factor = self.size[0] // x.shape[-2]
        return (
            slice(None),
            slice(None),
            slice(window.top // factor, window.bottom // factor),
            slice(window.left // factor, window.right // factor),
        )

    def _slices_within(self, output: Tensor, inner: "_Window", outer: "_Window") -> tuple[slice, ...]:
        moved = _Window(inner.top - outer.top, inner.bottom - outer.top, inner.left - outer.left, inner.right - outer.left)
        return self._slices(output, moved)


@dataclass(frozen=True)
class _Window:
    top: int
    bottom: int
    left: int
    right: int

    def grown(self, by: int, size: tuple[int, int]) -> "_Window":
        height, width = size
        return _Window(max(0, self.top - by), min(height, self.bottom + by), max(0, self.left - by), min(width, self.right + by))
