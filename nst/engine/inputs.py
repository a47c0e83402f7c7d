"""The pictures of one rendering as tensors of any size: photo, styles, initial painting, and the finished picture. It knows no network."""

import hashlib
from collections.abc import Callable, Hashable, Sequence

import torch
from PIL import Image
from torch import Tensor

from nst.domain import Init, KeepColours, StyleParams, StyleShare
from nst.engine.colour import match_colours, transfer_luminance
from nst.engine.moments import moments, square_root
from nst.engine.tensors import Size, alpha_of, aspect_excess, fit, opaque, tile_to, to_picture, to_tensor


class RenderInputs:
    """The inputs of one rendering.

    Attributes:
        aspect_excess: of the photo (see `tensors.aspect_excess`).
    """

    def __init__(
        self, content: Image.Image, styles: Sequence[StyleShare[Image.Image]], params: StyleParams, min_side: int, device: torch.device
    ) -> None:
        """
        Args:
            styles: with shares that sum to 1.
            min_side: pixels; a style picture with a shorter side is repeated.
        """
        self._content, self._params = opaque(content), params
        self._styles = [StyleShare(opaque(style.style), style.share) for style in styles]
        self.aspect_excess = aspect_excess(content)
        self._alpha, self._min_side, self._device = alpha_of(content), min_side, device
        self._random = torch.Generator().manual_seed(params.seed)

    def size_at(self, long_side: int) -> Size:
        return fit(self._content, long_side)

    def photo(self, size: Size) -> Tensor:
        return to_tensor(self._content, size, self._device)

    @property
    def shares(self) -> list[float]:
        """Of the styles, in their order; they sum to 1."""
        return [style.share for style in self._styles]

    def style(self, index: int, long_side: int, photo: Callable[[], Tensor]) -> Tensor:
        """A style picture for a painting with that long side, with its own aspect ratio.

        It is never enlarged: a blurred style would lead to blurred paintings. `photo` is called when the style takes on its colours.
        """
        x = tile_to(to_tensor(self._styles[index].style, self._style_size(index, long_side), self._device), self._min_side)
        return match_colours(x, photo()) if self._params.keep_colours is KeepColours.RECOLOUR else x

    def styles(self, long_side: int, photo: Tensor) -> list[StyleShare[Tensor]]:
        """All styles as `style` has them, with their shares."""
        return [StyleShare(self.style(index, long_side, lambda: photo), share) for index, share in enumerate(self.shares)]

    def photo_key(self, size: Size) -> Hashable:
        """A cache key for the result of `photo`."""
        return (digest(self._content), size)

    def style_key(self, index: int, long_side: int, size: Size) -> Hashable:
        """A cache key for the result of `style` with the photo at `size`."""
        recoloured = self._params.keep_colours is KeepColours.RECOLOUR
        return (digest(self._styles[index].style), self._style_size(index, long_side), self.photo_key(size) if recoloured else None)

    def _style_size(self, index: int, long_side: int) -> Size:
        picture = self._styles[index].style
        return fit(picture, min(long_side / self.aspect_excess * self._params.style_scale, max(picture.size)))

    def initial(self, photo: Tensor, style: Tensor) -> Tensor:
        """The initial painting of the coarsest scale, of the photo's shape: the photo, noise, or noise in the colours of a style."""
        if self._params.init is Init.PHOTO:
            return photo
        noise = torch.randn(photo.shape, generator=self._random).to(photo)
        if self._params.init is Init.NOISE:
            return (0.5 + 0.15 * noise).clamp(0, 1)
        colours = moments(style)
        spread = square_root(colours.covariance + 1e-6 * torch.eye(3).to(photo))
        return (torch.einsum("ij,bjhw->bihw", spread, noise) + colours.mean.view(1, 3, 1, 1)).clamp(0, 1)

    def finish(self, x: Tensor) -> Image.Image:
        """Convert x (1, 3, H, W) to the finished picture, with the photo's colours and transparency where they are kept."""
        painting = to_picture(x)
        if self._params.keep_colours is KeepColours.LUMINANCE:
            painting = transfer_luminance(self._content.resize(painting.size, Image.Resampling.LANCZOS), painting)
        if self._alpha is not None:
            painting.putalpha(self._alpha.resize(painting.size, Image.Resampling.LANCZOS))
        return painting


def digest(picture: Image.Image) -> str:
    """A hash of a picture's pixels, size and mode."""
    return hashlib.blake2b(picture.tobytes(), digest_size=16, key=repr((picture.mode, picture.size)).encode()).hexdigest()
