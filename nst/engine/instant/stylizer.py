"""The instant network applied to photos of any size, with caches for style codes and for features of photos."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from nst.domain import Precision, StyleShare
from nst.engine.bundled_weights import load_bundled
from nst.engine.devices import uses_bfloat16
from nst.engine.guides import Guides, LayerGuides, style_guidance
from nst.engine.inputs import RenderInputs
from nst.engine.instant import statistics
from nst.engine.instant.convolution import fastest_format
from nst.engine.instant.network import STRIDE, InstantNetwork
from nst.engine.instant.statistics import FeatureStatistics, PartMoments, Rescaling, feature_statistics
from nst.engine.instant.tiling import Tiles
from nst.engine.instant.wct import FADE_BELOW, CodedPart, StyleCode, WctLayers
from nst.engine.noise import add_noise_to_flat, multiscale_noise
from nst.engine.regions import StyleTensor, mixed
from nst.engine.tensors import MARGIN, Size, crop, pad
from nst.errors import NOT_FINITE, RenderingFailed
from nst.lru import LRUCache

# Called before every tile of every stage; an exception that it raises ends the work.
BeforeTile = Callable[[], None]
# Side of a tile in pixels: overlaps cost an eighth.
TILE = 1024
# Pixels up to which a photo's features (about 80 bytes a pixel) and noise are cached. Larger paintings are too slow for a slider.
MAX_CACHED_PIXELS = 2_000_000

NOISE = 0.12
"""Least standard deviation of what is painted from, at strength 1: with less, skies stay plain; with more, content is lost."""


def _do_nothing() -> None:
    pass


def _whole() -> None:
    return None


class InstantStylizer:
    """The instant network with its caches. Keep one, so that repeated styles and photos cost less. It is not thread-safe."""

    name = "instant"

    def __init__(
        self,
        network: InstantNetwork,
        digest: str,
        device: torch.device,
        precision: Precision = Precision.AUTO,
        codes: int = 64,
        photos: int = 2,
    ) -> None:
        """
        Args:
            digest: SHA-256 of the file with the weights, for the recipe.
            codes: number of style codes that are cached.
            photos: number of photos whose features are cached.
        """
        self.digest, self.device = digest, device
        self.precision = precision
        self._uses_bfloat16 = uses_bfloat16(device, precision)
        self._format = fastest_format(device, self._uses_bfloat16)
        self._network = network.requires_grad_(False).eval().to(device).to(memory_format=self._format)
        self._codes: LRUCache[Hashable, StyleCode] = LRUCache(codes)
        self._photos: LRUCache[Hashable, _EncodedPhoto] = LRUCache(photos)
        self._noise: LRUCache[Hashable, Tensor] = LRUCache(1)  # of the last size and seed: photos of one camera have the same

    @torch.inference_mode()
    def code(self, key: Hashable, style: Callable[[], StyleTensor], before_tile: BeforeTile = _do_nothing) -> StyleCode:
        """The code of a style picture.

        Args:
            key: identifies what `style` returns.
        """
        return self._codes.get_or_make(key, lambda: self._computed_code(style(), before_tile))

    def coded_parts(self, inputs: RenderInputs, long_side: int, before_tile: BeforeTile = _do_nothing) -> list[CodedPart]:
        """The parts with the blended codes of their styles, for a painting with that long side."""

        def code(part: int, index: int) -> StyleCode:
            return self.code(inputs.style_key(part, index, long_side), lambda: inputs.style(part, index, long_side), before_tile)

        return [
            CodedPart(blend([StyleShare(code(number, index), style.share) for index, style in enumerate(part.styles)]), part.strength)
            for number, part in enumerate(inputs.parts)
        ]

    @torch.inference_mode()
    def stylize(
        self,
        key: Hashable | None,
        picture: Callable[[], Tensor],
        parts: Sequence[CodedPart],
        before_tile: BeforeTile = _do_nothing,
        *,
        weights: Callable[[], Tensor | None] = _whole,
        noise: float = NOISE,
        seed: int = 0,
    ) -> Tensor:
        """Render a photo (1, 3, H, W) in the styles of its parts.

        At strength 0 the result is the photo. The network alone would reproduce it approximately, so below `FADE_BELOW` the result is
        interpolated with the photo.

        Args:
            key: identifies the results of `picture` and `weights`; None for a picture that will not be painted again.
            weights: of the parts and what is kept (see `Layout.weights`), (1, P + 1, H, W); None for one part that covers everything.
            noise: least standard deviation of the input at strength 1 (see `add_noise_to_flat`).

        Raises:
            RenderingFailed: when the result is not finite.
        """
        levels = [round(noise * part.transfer**2, 3) for part in parts]

        def encoded() -> _EncodedPhoto:
            return self._encoded(picture(), before_tile, weights(), levels, seed)

        photo = encoded() if key is None else self._photos.get_or_make((key, *levels, seed), encoded)
        features = dict(photo.features)
        if key is None or photo.pixels > MAX_CACHED_PIXELS:
            self._photos.pop((key, *levels, seed))
            photo.features.clear()  # so that decoding frees each as soon as it is used
        run = _tiles(photo.padded_size, before_tile)
        with self._autocast():
            decoded = self._network.decode(features, WctLayers(parts, photo.guides), run)
        painting = crop(self._network.to_rgb(decoded, run), photo.size)
        del decoded
        shown = mixed([min(1.0, part.strength / FADE_BELOW) for part in parts], photo.weights).to(painting)
        painting = (painting if shown.min() >= 1 else picture().lerp(painting, shown)).clamp(0, 1)
        if not painting.isfinite().all():
            raise RenderingFailed(NOT_FINITE)
        return painting

    def _encoded(self, x: Tensor, before_tile: BeforeTile, weights: Tensor | None, levels: Sequence[float], seed: int) -> "_EncodedPhoto":
        """Encode a photo x (1, 3, H, W).

        Args:
            weights: as the result of `weights` in `stylize`.
            levels: least standard deviation of each part.
        """
        size, noise = (x.shape[-2], x.shape[-1]), mixed(levels, weights)
        x = _padded(x)
        run = _tiles((x.shape[-2], x.shape[-1]), before_tile)
        if noise.any():
            x = run(add_noise_to_flat, [x, self._noise_of(size, seed), _padded(noise.to(x).expand(1, 1, *size))])
        guides = None if weights is None else LayerGuides(_padded(weights))
        return _EncodedPhoto(size, (x.shape[-2], x.shape[-1]), self._features(x, run), weights, guides)

    def _noise_of(self, size: Size, seed: int) -> Tensor:
        """Padded noise for a photo of that size, without padding."""

        def make() -> Tensor:
            return _padded(multiscale_noise(size, seed, self.device))

        return make() if size[0] * size[1] > MAX_CACHED_PIXELS else self._noise.get_or_make((size, seed), make)

    def _computed_code(self, style: StyleTensor, before_tile: BeforeTile) -> StyleCode:
        code: StyleCode = {}
        # Without a margin, which statistics hardly notice: it would cost an eighth more.
        x, weights = (None if each is None else pad(each, 0, _encodable) for each in (style.pixels, style.weights))
        assert x is not None  # noqa: S101

        def record(layer: str, x: Tensor) -> Rescaling:
            code[layer] = _style_statistics(x, weights)
            return Rescaling(None if layer in InstantNetwork.UNNORMALISED else code[layer])

        run = _tiles((x.shape[-2], x.shape[-1]), before_tile)
        with self._autocast():
            self._network.decode(self._features(x, run), record, run)
        return code

    def _features(self, x: Tensor, run: Tiles) -> dict[str, Tensor]:
        with self._autocast():
            return self._network.encode(x.contiguous(memory_format=self._format), run)

    def _autocast(self) -> torch.autocast:
        """bfloat16 where it is used, except for pixels: a painting then differs by less than half a level of 255."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._uses_bfloat16)


@dataclass(frozen=True)
class _EncodedPhoto:
    """A photo's size without and with padding, the network's features of it, and the weights of its parts."""

    size: Size
    padded_size: Size
    features: dict[str, Tensor]
    weights: Tensor | None
    guides: LayerGuides | None

    @property
    def pixels(self) -> int:
        return self.size[0] * self.size[1]


def _style_statistics(x: Tensor, weights: Tensor | None) -> FeatureStatistics:
    """Statistics of features (1, C, H, W) of a style picture, where its weights (1, 1, h, w) show a part of it; None for all of it."""
    whole = feature_statistics(x)
    if weights is None:
        return whole
    guides = Guides(style_guidance(weights, (x.shape[-2], x.shape[-1])))
    return PartMoments.of([(guides.read(x), guides.weights)], x.shape[-2] * x.shape[-1]).statistics(whole)


def tile_count(size: Size) -> int:
    """The number of tiles of a picture of that size."""
    height, width = (_multiple_of_stride(side + 2 * MARGIN) for side in size)
    return _tiles((height, width), _do_nothing).count


def _tiles(size: Size, before_tile: BeforeTile) -> Tiles:
    return Tiles(size, TILE, InstantNetwork.RECEPTIVE_RADIUS, before_tile)


def _padded(x: Tensor) -> Tensor:
    """A photo, or weights or noise of one, with the margin that is cropped from the painting."""
    return pad(x, length=_multiple_of_stride)


def _encodable(least: int) -> int:
    """The smallest side that is at least `least` and that the network can encode."""
    return max(2 * STRIDE, _multiple_of_stride(least))


def _multiple_of_stride(least: int) -> int:
    """The smallest multiple of the network's stride that is at least `least`."""
    return math.ceil(least / STRIDE) * STRIDE


def blend(codes: Sequence[StyleShare[StyleCode]]) -> StyleCode:
    """A weighted mean of codes; shares sum to 1."""
    if len(codes) == 1:
        return codes[0].style
    return {layer: statistics.blend([StyleShare(code.style[layer], code.share) for code in codes]) for layer in codes[0].style}


class RenderingStopped(Exception):
    """Raised by a `BeforeTile` to leave the network early; not an error."""


@cache
def load_instant_network(device: torch.device) -> tuple[InstantNetwork, str]:
    """Load the network with its embedded weights, and their SHA-256, once for each device."""
    state, digest = load_bundled("instant")
    network = InstantNetwork()
    network.load_state_dict(state)
    return network.to(device), digest


def load_instant(device: torch.device, precision: Precision = Precision.AUTO) -> InstantStylizer:
    """An `InstantStylizer` with the embedded weights and caches of its own."""
    return InstantStylizer(*load_instant_network(device), device, precision)
