"""The pictures of one painting at any size: what is painted from, where to start, and how to finish. It knows no network."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from nst.domain import Init, KeepColours, StyleParams
from nst.engine import colour
from nst.engine.losses import moments, square_root
from nst.engine.pictures import Size, alpha_of, elongation, fit, opaque, tile_to, to_picture, to_tensor


@dataclass(frozen=True)
class Style:
    """A style picture and its share in the blend; shares count relative to their sum."""

    picture: Image.Image
    share: float = 1.0


class Easel:
    def __init__(self, content: Image.Image, styles: Sequence[Style], params: StyleParams, min_side: int, device: torch.device) -> None:
        """`min_side` is that of a style picture in pixels, below which it is repeated."""
        self._content, self._params = opaque(content), params
        self._styles = [Style(opaque(style.picture), style.share) for style in styles]
        self.elongation = elongation(content)
        self._alpha, self._min_side, self._device = alpha_of(content), min_side, device
        self._random = torch.Generator().manual_seed(params.seed)

    def size_at(self, long_side: int) -> Size:
        return fit(self._content, long_side)

    def photo(self, size: Size) -> Tensor:
        return to_tensor(self._content, size, self._device)

    @property
    def shares(self) -> list[float]:
        """Of the styles, in their order."""
        return [style.share for style in self._styles]

    def style(self, index: int, long_side: int, photo: Callable[[], Tensor]) -> Tensor:
        """A style for a painting of that long side, in its own shape and never enlarged: a blurred style would paint blurred pictures.

        `photo` is asked for where the style takes on its colours.
        """
        x = tile_to(to_tensor(self._styles[index].picture, self._style_size(index, long_side), self._device), self._min_side)
        return colour.recoloured(x, photo()) if self._params.keep_colours is KeepColours.RECOLOUR else x

    def photo_key(self, size: Size) -> Hashable:
        """Stands for what `photo` gives."""
        return (digest(self._content), size)

    def style_key(self, index: int, long_side: int, size: Size) -> Hashable:
        """Stands for what `style` gives with the photo at `size`."""
        recoloured = self._params.keep_colours is KeepColours.RECOLOUR
        return (digest(self._styles[index].picture), self._style_size(index, long_side), self.photo_key(size) if recoloured else None)

    def _style_size(self, index: int, long_side: int) -> Size:
        picture = self._styles[index].picture
        return fit(picture, min(long_side / self.elongation * self._params.style_scale, max(picture.size)))

    def start(self, photo: Tensor, styles: list[tuple[Tensor, float]]) -> Tensor:
        """What the coarsest scale begins with."""
        if self._params.init is Init.PHOTO:
            return photo
        noise = torch.randn(photo.shape, generator=self._random).to(photo)
        if self._params.init is Init.NOISE:
            return (0.5 + 0.15 * noise).clamp(0, 1)
        colours = moments(styles[0][0])
        spread = square_root(colours.covariance + 1e-6 * torch.eye(3).to(photo))
        return (torch.einsum("ij,bjhw->bihw", spread, noise) + colours.mean.view(1, 3, 1, 1)).clamp(0, 1)

    def finish(self, x: Tensor) -> Image.Image:
        """The painting at the size of x (1, 3, H, W), colours and transparency put back."""
        painting = to_picture(x)
        if self._params.keep_colours is KeepColours.LUMINANCE:
            painting = colour.with_colours_of(self._content.resize(painting.size, Image.Resampling.LANCZOS), painting)
        if self._alpha is not None:
            painting.putalpha(self._alpha.resize(painting.size, Image.Resampling.LANCZOS))
        return painting


def digest(picture: Image.Image) -> str:
    """Of a picture's pixels and size."""
    return hashlib.blake2b(picture.tobytes(), digest_size=16, key=repr((picture.mode, picture.size)).encode()).hexdigest()
