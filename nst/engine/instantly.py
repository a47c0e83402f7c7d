"""The instant rendering: one pass of the instant network, with style codes and features of photos remembered.

It knows no presets and no files (see `stylize.py`).
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import torch
from PIL import Image
from torch import Tensor

from nst.domain import StyleParams
from nst.engine import weights
from nst.engine.devices import multiplies_bfloat16
from nst.engine.easel import Easel
from nst.engine.grain import without_grain
from nst.engine.instant import STRIDE, InstantNetwork, Statistics, joined, mixed, statistics, transferred, unchanged
from nst.engine.palette import Palette, looked_up, mixed_palette, palette, table
from nst.engine.pictures import MARGIN, Size, crop_to, framed, resize
from nst.engine.results import Iterate
from nst.engine.tiles import Tiles
from nst.errors import NOT_FINITE, RenderingFailed

BeforeEach = Callable[[], None]
"""Called before every tile of every stage; what it raises ends the work."""

TILE = 1024
"""Side of a tile in pixels: overlaps cost an eighth."""
REMEMBERED = 2_000_000
"""Pixels up to which a photo's features are remembered (some 80 bytes a pixel): beyond it nobody drags a slider."""

FADING = 0.25
"""Strength below which the photo itself shines through."""
STAGES = 15
"""Each of which sees every tile: the photo loses its grain, the network has thirteen, and what is plain is joined in."""

T = TypeVar("T")


@dataclass(frozen=True)
class StyleCode:
    """What the network knows of a style, some 200 kB: statistics of its features by station, and its colours."""

    statistics: dict[str, Statistics]
    palette: Palette


class Memory(Generic[T]):
    """The last `capacity` values by key; the least recently used is forgotten first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`, made now if it is not remembered."""
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        while len(self._values) > self._capacity:
            self._values.popitem(last=False)
        return self._values[key]

    def forget(self, key: Hashable) -> None:
        self._values.pop(key, None)


def _nothing() -> None:
    pass


class Instant:
    """The instant network and what it remembers: keep one, and styles and photos that come again cost less.

    Not for several threads at a time.
    """

    name = "instant"

    def __init__(self, network: InstantNetwork, digest: str, device: torch.device, codes: int = 64, photos: int = 2) -> None:
        """`codes` and `photos` are how many of each are remembered."""
        self.digest, self.device = digest, device
        self._is_in_half = multiplies_bfloat16(device)
        self._network = network.requires_grad_(False).eval().to(device).to(memory_format=torch.channels_last)
        self._codes: Memory[StyleCode] = Memory(codes)
        self._photos: Memory[_Encoded] = Memory(photos)

    @torch.inference_mode()
    def code(self, key: Hashable, picture: Callable[[], Tensor], before_each: BeforeEach = _nothing) -> StyleCode:
        """Of the style (1, 3, H, W) that `picture` gives; `key` stands for that tensor."""
        return self._codes.get(key, lambda: self._recorded(picture(), before_each))

    @torch.inference_mode()
    def paint(
        self,
        key: Hashable,
        picture: Callable[[], Tensor],
        code: StyleCode,
        strength: float,
        before_each: BeforeEach = _nothing,
    ) -> Tensor:
        """The photo (1, 3, H, W) that `picture` gives in the style of `code`; `key` stands for that tensor.

        The photo loses its grain first: stations give it what spread the style has, and would make ripples of it in calm skies. A style
        keeps its own, which is its texture.

        At strength 0 the photo comes out. The network alone would reproduce it nearly, so below `FADING` it is faded in.
        """

        def station(name: str, x: Tensor) -> Tensor:
            found = statistics(x)
            return unchanged(name, found).lerp(transferred(name, found, code.statistics[name]), strength)(x)

        def finished(painting: Tensor, plain: Tensor, photo: Tensor) -> Tensor:
            return joined(painting, plain, looked_up(tones, photo))

        photo = self._photos.get(key, lambda: self._encoded(picture(), before_each, is_photo=True))
        if photo.pixels > REMEMBERED:
            self._photos.forget(key)
        run = _tiles(photo.padded, before_each)
        tones = table(photo.palette, code.palette, strength)
        with self._precision():
            features = self._network.carry(photo.features, station, run)
        painting = self._network.show(features.float(), run)
        painting = crop_to(run(finished, [painting, photo.features["plain"], photo.picture]), photo.size)
        return painting if strength >= FADING else picture().lerp(painting, strength / FADING)

    def _encoded(self, x: Tensor, before_each: BeforeEach, is_photo: bool = False) -> "_Encoded":
        size = (x.shape[-2], x.shape[-1])
        x = framed(x, length=_whole)
        run = _tiles((x.shape[-2], x.shape[-1]), before_each)
        if is_photo:
            x = run(without_grain, [x])
        with self._precision():
            features = self._network.encode(x.contiguous(memory_format=torch.channels_last), run)
            if is_photo:
                features["plain"] = self._network.plain(features, run)
        return _Encoded(size, x, palette(x), features)

    def _recorded(self, x: Tensor, before_each: BeforeEach) -> StyleCode:
        code: dict[str, Statistics] = {}

        def station(name: str, x: Tensor) -> Tensor:
            code[name] = statistics(x)
            return x if name in InstantNetwork.KEPT else unchanged(name, code[name])(x)

        style = self._encoded(x, before_each)
        with self._precision():
            self._network.carry(style.features, station, _tiles(style.padded, before_each))
        return StyleCode(code, style.palette)

    def _precision(self) -> torch.autocast:
        """Half where that is faster, but never for the pixels themselves: a painting differs by less than half a level of 255."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_in_half)


@dataclass(frozen=True)
class _Encoded:
    """A picture's size, the picture as the network saw it, (1, 3, H, W), its colours and its features."""

    size: Size
    picture: Tensor
    palette: Palette
    features: dict[str, Tensor]

    @property
    def padded(self) -> Size:
        return self.picture.shape[-2], self.picture.shape[-1]

    @property
    def pixels(self) -> int:
        return self.size[0] * self.size[1]


def tiles_of(size: Size) -> int:
    """How many tiles a picture of that size has."""
    return _tiles(_padded_size(size), _nothing).count


def _tiles(size: Size, before_each: BeforeEach) -> Tiles:
    return Tiles(size, TILE, InstantNetwork.REACH, before_each)


def _padded_size(size: Size) -> Size:
    height, width = (_whole(side + 2 * MARGIN) for side in size)
    return height, width


def _whole(least: int) -> int:
    """The smallest multiple of the network's stride that is not below `least`."""
    return math.ceil(least / STRIDE) * STRIDE


def blend(codes: Sequence[tuple[StyleCode, float]]) -> StyleCode:
    """A mixture by shares, which count relative to their sum."""
    stations = {name: mixed([(code.statistics[name], share) for code, share in codes]) for name in codes[0][0].statistics}
    return StyleCode(stations, mixed_palette([(code.palette, share) for code, share in codes]))


class OnePass:
    """Paints with an `Instant`, reports and obeys."""

    heeds = ("mode", "size", "strength", "style_scale", "keep_colours")

    def __init__(
        self,
        easel: Easel,
        instant: Instant,
        size: int,
        params: StyleParams,
        on_progress: Callable[[Iterate], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """`size` is the painting's long side."""
        self._easel, self._instant, self._params = easel, instant, params
        self._on_progress, self._should_stop = on_progress, should_stop
        self._long_side, self._size = size, easel.size_at(size)
        self.stopped = False
        self._done, self._started = 0, time.perf_counter()
        self._work = STAGES * tiles_of(self._size)

    def paint(self) -> Image.Image:
        """The painting; the photo when it should stop, for there is nothing between.

        Raises:
            RenderingFailed: when it is not finite.
        """
        try:
            return self._easel.finish(self._painted())
        except _Stopped:
            self.stopped = True
            return self._easel.finish(self._photo())

    def recipe(self) -> dict[str, Any]:
        return {"network": {"name": self._instant.name, "sha256": self._instant.digest}}

    def _painted(self) -> Tensor:
        self._obey()
        codes = [(self._code(index), share) for index, share in enumerate(self._easel.shares)]
        key = self._easel.photo_key(self._size)
        x = self._instant.paint(key, self._photo, blend(codes), self._params.strength, self._before_tile).clamp(0, 1)
        if not x.isfinite().all():
            raise RenderingFailed(NOT_FINITE)
        self._obey()
        self._done = self._work
        self._report(x)
        return x

    def _code(self, index: int) -> StyleCode:
        key = self._easel.style_key(index, self._long_side, self._size)
        return self._instant.code(key, lambda: self._easel.style(index, self._long_side, self._photo), self._obey)

    def _photo(self) -> Tensor:
        return self._easel.photo(self._size)

    def _obey(self) -> None:
        if self._should_stop():
            raise _Stopped

    def _before_tile(self) -> None:
        self._obey()
        self._done = min(self._done + 1, self._work - 1)
        if self._work > STAGES:
            self._report(None)

    def _report(self, x: Tensor | None) -> None:
        fraction = self._done / self._work
        spent = time.perf_counter() - self._started
        report = Iterate(
            fraction=fraction,
            scale=1,
            scales=1,
            step=self._done,
            steps=self._work,
            seconds_left=spent / fraction - spent,
            preview=lambda max_side: self._preview(x, max_side),
        )
        self._on_progress(report)

    def _preview(self, x: Tensor | None, max_side: int) -> Image.Image:
        size = self._easel.size_at(min(max_side, self._long_side))
        return self._easel.finish(self._easel.photo(size) if x is None else resize(x, size))


class _Stopped(Exception):
    """No error: the way out of the network."""


@cache
def load_instant_network(device: torch.device) -> tuple[InstantNetwork, str]:
    """The network with its embedded weights, and their digest, kept for the next call."""
    state, digest = weights.embedded("instant")
    network = InstantNetwork()
    network.load_state_dict(state)
    return network.to(device), digest


def load_instant(device: torch.device) -> Instant:
    """A painter with the embedded weights, and a memory of its own."""
    return Instant(*load_instant_network(device), device)
