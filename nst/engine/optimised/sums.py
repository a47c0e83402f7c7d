"""Sums over the positions of a picture's features, at once or tile by tile: the objective knows a picture through such sums alone.

Tile by tile, a first pass without gradients adds up the sums. The loss's gradient with respect to them is then known, and a second pass
carries it back to the pixels. Values and gradients are those of the whole picture, up to rounding, in the memory of a tile.

Encoders are run stage by stage: tiles overlap by the receptive field of a stage, which is much smaller than that of the whole network. What
is between two stages is stored for the whole picture.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nst.allocator import give_back_freed
from nst.engine.encoders.blocks import StageShape
from nst.engine.encoders.registry import Encoder, Stage, StagedEncoder
from nst.engine.optimised.areas import Area
from nst.engine.tensors import Size, spans

# Instead of a layer's name: the picture itself.
PICTURE = "picture"
# Pixels of a picture that is encoded at once. On a CPU, a step tile by tile is hardly slower; on other devices, memory sets the limit.
PIXELS_AT_ONCE = 1_500_000
# Values of a stage's first activation in a tile: of a square of 384 pixels at the first stage of the compact encoder.
TILE_VALUES = 16 * 384 * 384
# The same of a whole picture up to which a stage has one tile, whose activations are kept from the first pass to the second: that saves a
# pass. It takes 200 MB at most.
KEPT_VALUES = 5_000_000

# Maps features around an area to sums over the area's positions, which can be added to those over other areas.
Term = Callable[[Tensor, Area], tuple[Tensor, ...]]
# Layers, or `PICTURE`, and what is summed there.
Terms = Sequence[tuple[str, Term]]
BeforeTile = Callable[[], None]


# Maps a picture (1, 3, H, W) to the sums of terms over all of it, in their order; differentiable.
Sums = Callable[[Tensor, Terms], list[tuple[Tensor, ...]]]


class WholeSums:
    """Sums over a picture that is encoded at once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def __call__(self, x: Tensor, terms: Terms) -> list[tuple[Tensor, ...]]:
        features = self._encoder(x, _layers(terms)) | {PICTURE: x}
        return [term(features[name], Area.whole(features[name])) for name, term in terms]


class TiledSums:
    """Sums over a picture that is encoded tile by tile."""

    def __init__(
        self,
        encoder: StagedEncoder,
        before_tile: BeforeTile = lambda: None,
        tile_values: int = TILE_VALUES,
        kept_values: int = KEPT_VALUES,
    ) -> None:
        """
        Args:
            before_tile: called before every tile; an exception that it raises ends the work.
            tile_values: values of a stage's first activation in a tile.
            kept_values: the same up to which a stage has one tile, whose activations are kept.
        """
        self._encoder, self._before_tile, self._values = encoder, before_tile, (tile_values, kept_values)

    def __call__(self, x: Tensor, terms: Terms) -> list[tuple[Tensor, ...]]:
        stages = [_TiledStage(stage, terms, self._before_tile, *self._values) for stage in self._encoder.stages(_layers(terms))]
        stages[0].factors[PICTURE] = 1
        passes = _TwoPasses(stages)
        if torch.is_grad_enabled() and x.requires_grad:
            found = iter(_Differentiable.apply(x, passes))
        else:
            found = iter(passes.forward(x, keep=False))
        by_term = {number: tuple(next(found) for _ in range(count)) for stage in stages for number, count in stage.counts.items()}
        return [by_term[number] for number in range(len(terms))]


def sums_of(encoder: Encoder, pixels_at_once: int = PIXELS_AT_ONCE, before_tile: BeforeTile = lambda: None) -> Sums:
    """Sums at once for pictures of up to `pixels_at_once` pixels, and tile by tile for larger ones, if the encoder can be run so."""
    at_once = WholeSums(encoder)
    if not isinstance(encoder, StagedEncoder):
        return at_once
    tiled = TiledSums(encoder, before_tile)

    def sums(x: Tensor, terms: Terms) -> list[tuple[Tensor, ...]]:
        return (at_once if x.shape[-2] * x.shape[-1] <= pixels_at_once else tiled)(x, terms)

    return sums


def _layers(terms: Terms) -> list[str]:
    return list(dict.fromkeys(name for name, _ in terms if name != PICTURE))


class _Differentiable(torch.autograd.Function):
    """The sums of `_TwoPasses` as one step of a graph."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, passes: "_TwoPasses") -> tuple[Tensor, ...]:
        ctx.passes = passes
        return tuple(passes.forward(x, keep=True))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.passes.backward(list(gradients)), None


class _TwoPasses:
    """A pass for the sums and one for their gradient, each stage after stage.

    The memory of a stage's tiles is given back before the next stage: what the allocator keeps of both would add to the peak.
    """

    def __init__(self, stages: "list[_TiledStage]") -> None:
        self._stages = stages
        self._inputs: list[Tensor] = []  # of the stages

    def forward(self, x: Tensor, keep: bool) -> list[Tensor]:
        """The sums, in the order of the stages and of their terms.

        Args:
            keep: whether `backward` will follow, which needs the stages' inputs.
        """
        sums: list[Tensor] = []
        following: Tensor | None = x.detach()
        for stage in self._stages:
            assert following is not None  # noqa: S101  # a stage without output is the last
            give_back_freed()
            self._inputs = [*(self._inputs if keep else []), following]
            found, following = stage.forward(following, keep)
            sums += found
        return sums

    def backward(self, gradients: list[Tensor]) -> Tensor:
        """The gradient with respect to the picture. What the first pass has stored is freed on the way."""
        gradient: Tensor | None = None
        for stage in reversed(self._stages):
            give_back_freed()
            count = sum(stage.counts.values())
            own, gradients = gradients[len(gradients) - count :], gradients[: len(gradients) - count]
            gradient = stage.backward(self._inputs.pop(), own, gradient)
        assert gradient is not None  # noqa: S101  # there is at least one stage
        return gradient


@dataclass(frozen=True)
class _Tile:
    """Rows and columns of a stage's input, without and with overlap."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    outer_rows: tuple[int, int]
    outer_columns: tuple[int, int]

    def around(self, x: Tensor) -> Tensor:
        """A view of the tile with its overlap, in the stage's input."""
        return x[..., slice(*self.outer_rows), slice(*self.outer_columns)]

    def area(self, size: Size, factor: int) -> Area:
        """The tile in a layer that has a position for `factor` x `factor` of the stage's input, which has `size` positions."""
        edges = [(start // factor, end // factor, outer // factor) for (start, end), (outer, _) in self._sides]
        places = [slice(start, end) for start, end, _ in edges]
        inner = [slice(start - outer, end - outer) for start, end, outer in edges]
        return Area((size[0] // factor, size[1] // factor), *places, *inner)

    @property
    def _sides(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return [(self.rows, self.outer_rows), (self.columns, self.outer_columns)]


@dataclass(frozen=True)
class _Activations:
    """A window of a stage's input, and what the stage computes of it: sums over the tile within, and the output there."""

    window: Tensor
    sums: list[Tensor]
    output: Tensor | None


class _TiledStage:
    """A stage with the terms of its layers.

    Attributes:
        factors: positions of the input along one side of a position, by layer.
        counts: number of tensors by term, in the order in which they are returned; known after the first tile.
    """

    def __init__(self, stage: Stage, terms: Terms, before_tile: BeforeTile, tile_values: int, kept_values: int) -> None:
        self._stage, self._terms, self._before_tile = stage, terms, before_tile
        self._tile_values, self._kept_values = tile_values, kept_values
        self.factors, self.counts = dict(stage.shape.factors), dict[int, int]()
        self._kept: _Activations | None = None

    def forward(self, x: Tensor, keep: bool) -> tuple[list[Tensor], Tensor | None]:
        """The sums, and the output.

        Args:
            keep: whether `backward` will follow.
        """
        tiles = self._tiles(x)
        if keep and len(tiles) == 1:
            self._kept = kept = self._differentiable(x, tiles[0])
            return [found.detach() for found in kept.sums], None if kept.output is None else kept.output.detach()
        sums: list[Tensor] = []
        output: Tensor | None = None
        with torch.no_grad():
            for tile in tiles:
                found, part = self._run(tile.around(x), _size(x), tile)
                sums = [one + other for one, other in zip(sums, found, strict=True)] if sums else found
                if part is not None:
                    area = tile.area(_size(x), self._stage.shape.stride)
                    output = _empty(part, area.size) if output is None else output
                    area.of(output).copy_(area.crop(part))
        return sums, output

    def backward(self, x: Tensor, sums: list[Tensor], output: Tensor | None) -> Tensor:
        """The gradient with respect to the input x, from those with respect to the sums and to the output."""
        kept, self._kept = self._kept, None
        gradient = torch.zeros_like(x)
        for tile in self._tiles(x):
            found = kept or self._differentiable(x, tile)
            pairs = [pair for pair in zip(found.sums, sums, strict=True) if pair[0].requires_grad]
            if found.output is not None and output is not None:
                pairs.append((found.output, tile.area(_size(x), self._stage.shape.stride).of(output)))
            if pairs:  # nothing of the last stage counts where the whole photo is kept
                outputs, output_gradients = zip(*pairs, strict=True)
                tile.around(gradient).add_(torch.autograd.grad(outputs, found.window, output_gradients)[0])
        return gradient

    def _tiles(self, x: Tensor) -> list[_Tile]:
        size, shape = _size(x), self._stage.shape
        if shape.width * size[0] * size[1] <= self._kept_values:
            return [_Tile((0, size[0]), (0, size[1]), (0, size[0]), (0, size[1]))]
        return list(_tiles(size, shape, self._tile_values))

    def _differentiable(self, x: Tensor, tile: _Tile) -> "_Activations":
        """One tile, for gradients with respect to the window around it."""
        window = tile.around(x).detach().requires_grad_(True)
        with torch.enable_grad():
            sums, part = self._run(window, _size(x), tile)
            output = None if part is None else tile.area(_size(x), self._stage.shape.stride).crop(part)
        return _Activations(window, sums, output)

    def _run(self, window: Tensor, size: Size, tile: _Tile) -> tuple[list[Tensor], Tensor | None]:
        """The sums over one tile, and the output around it."""
        self._before_tile()
        features, output = self._stage.run(window)
        features[PICTURE] = window
        found: list[Tensor] = []
        for number, (name, term) in enumerate(self._terms):
            if name in self.factors:
                parts = term(features[name], tile.area(size, self.factors[name]))
                self.counts[number] = len(parts)
                found += parts
        return found, output


def _tiles(size: Size, shape: StageShape, values: int) -> Iterator[_Tile]:
    """Tiles of a stage's input, which has `size` positions."""
    side = max(2 * shape.overlap, round((values / shape.width) ** 0.5) // shape.stride * shape.stride)
    for rows in spans(size[0], side, shape.stride):
        for columns in spans(size[1], side, shape.stride):
            outer = [
                (max(0, start - shape.overlap), min(length, end + shape.overlap))
                for (start, end), length in zip((rows, columns), size, strict=True)
            ]
            yield _Tile(rows, columns, *outer)


def _size(x: Tensor) -> Size:
    return x.shape[-2], x.shape[-1]


def _empty(like: Tensor, size: Size) -> Tensor:
    """An uninitialised layer of `size` with the channels and the precision of `like` (1, C, h, w)."""
    return torch.empty((1, like.shape[1], *size), dtype=like.dtype, device=like.device, memory_format=torch.channels_last)
