"""The pictures of one rendering as tensors of any size: photo, styles, initial painting, and the finished picture. It knows no network."""

from collections.abc import Hashable
from functools import cached_property
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from nst.domain import Init, KeepColours, StyleParams, StyleShare
from nst.engine.colour import match_colours, transfer_luminance
from nst.engine.moments import moments_of_part, square_root
from nst.engine.regions import Layout, MaskedStyle, Part, StyleTensor, style_weights
from nst.engine.tensors import Size, alpha_of, aspect_excess, digest, fingerprint, fit, opaque, tile_to, to_picture, to_tensor


class RenderInputs:
    """The inputs of one rendering.

    Attributes:
        aspect_excess: of the photo (see `tensors.aspect_excess`).
        parts: what is painted alike, with the styles' pictures and masks.
        earlier_side: the long side in pixels of the painting that is enlarged; 0 without one.
    """

    def __init__(
        self,
        content: Image.Image,
        layout: Layout,
        params: StyleParams,
        min_side: int,
        device: torch.device,
        earlier: Image.Image | None = None,
    ) -> None:
        """
        Args:
            min_side: pixels; a style picture with a shorter side is repeated.
            earlier: a smaller painting of the photo, which is enlarged.
        """
        self._earlier, self.earlier_side = earlier, max(earlier.size) if earlier else 0
        self._content, self._params, self._layout = opaque(content), params, layout
        self._original = content
        self.parts = [Part([_opaque(style) for style in part.styles], part.strength) for part in layout.parts]
        self.aspect_excess = aspect_excess(content)
        self._alpha, self._min_side, self._device = alpha_of(content), min_side, device
        self._random = torch.Generator().manual_seed(params.seed)

    def size_at(self, long_side: int) -> Size:
        return fit(self._content, long_side)

    def photo(self, size: Size) -> Tensor:
        return to_tensor(self._content, size, self._device)

    def earlier(self) -> Tensor | None:
        """The painting that is enlarged, in its own size; None without one."""
        earlier = self._earlier
        return None if earlier is None else to_tensor(earlier, (earlier.height, earlier.width), self._device)

    def on_device(self, x: Tensor) -> Tensor:
        return x.to(self._device)

    def weights(self, size: Size) -> Tensor | None:
        """Of the parts and of what is kept (see `Layout.weights`)."""
        return self._layout.weights(size, self._device)

    def style(self, part: int, index: int, long_side: int) -> StyleTensor:
        """A style picture of a part for a painting with that long side, with its own aspect ratio.

        It is never enlarged: a blurred style would lead to blurred paintings.
        """
        source = self.parts[part].styles[index].style
        style_size = self._style_size(source.picture, long_side)
        x = tile_to(to_tensor(source.picture, style_size, self._device), self._min_side)
        shown = None if source.mask is None else tile_to(style_weights(source.mask, style_size).to(self._device), self._min_side)
        if self._params.keep_colours is not KeepColours.RECOLOUR:
            return StyleTensor(x, shown)
        size = self.size_at(long_side)
        weights = self.weights(size)
        return StyleTensor(match_colours(x, self.photo(size), None if weights is None else weights[0, part], shown), shown)

    def facts(self) -> list[Any]:
        """What distinguishes these inputs from others, in any process: digests, shares and strengths, ready for JSON.

        It takes longer than `key` and `style_key`, which are for caches of this process.
        """
        pictures = [self._original, *([self._earlier] if self._earlier else [])]
        parts = [[part.strength, [_facts(style) for style in part.styles]] for part in self.parts]
        return [list(map(digest, pictures)), parts, repr(self._layout.key)]

    def key(self, size: Size) -> Hashable:
        """A cache key for the results of `photo` and `weights`."""
        return (fingerprint(self._content), size, self._layout.key)

    def style_key(self, part: int, index: int, long_side: int) -> Hashable:
        """A cache key for the result of `style`."""
        source = self.parts[part].styles[index].style
        recoloured = self._params.keep_colours is KeepColours.RECOLOUR
        colours = (self.key(self.size_at(long_side)), part) if recoloured else None
        return (*self._style_prints[part][index], self._style_size(source.picture, long_side), colours)

    @cached_property
    def _style_prints(self) -> list[list[tuple[Hashable, Hashable]]]:
        pictures = [[style.style for style in part.styles] for part in self.parts]
        return [[(fingerprint(style.picture), style.mask and fingerprint(style.mask)) for style in styles] for styles in pictures]

    def _style_size(self, picture: Image.Image, long_side: int) -> Size:
        return fit(picture, min(long_side / self.aspect_excess * self._params.style_scale, max(picture.size)))

    def initial(self, photo: Tensor, weights: Tensor | None, long_side: int) -> Tensor:
        """The initial painting of the coarsest scale: the photo, noise, or noise in the colours of each part's first style.

        Args:
            photo: (1, 3, H, W), padded.
            weights: as of `weights`, padded.
            long_side: of the painting, without padding.
        """
        if self._params.init is Init.PHOTO:
            return photo
        noise = torch.randn(photo.shape, generator=self._random).to(photo)
        if self._params.init is Init.NOISE:
            initial = [(0.5 + 0.15 * noise).clamp(0, 1)] * len(self.parts)
        else:
            initial = [_with_colours(noise, self.style(part, 0, long_side)) for part in range(len(self.parts))]
        if weights is None:
            return initial[0]
        return sum(
            (x * weight for x, weight in zip([*initial, photo], torch.split(weights, 1, dim=1), strict=True)), torch.zeros_like(photo)
        )

    def finish(self, x: Tensor) -> Image.Image:
        """Convert x (1, 3, H, W) to the finished picture, with the photo's colours, pixels and transparency where they are kept."""
        painting = to_picture(x)
        if self._params.keep_colours is KeepColours.LUMINANCE:
            painting = transfer_luminance(self._content.resize(painting.size, Image.Resampling.LANCZOS), painting)
        kept = self._layout.kept((painting.height, painting.width))
        if kept is not None:
            mask = Image.fromarray((255 * kept).round().to(torch.uint8).numpy())
            painting.paste(self._original.resize(painting.size, Image.Resampling.LANCZOS).convert("RGB"), mask=mask)
        if self._alpha is not None:
            painting.putalpha(self._alpha.resize(painting.size, Image.Resampling.LANCZOS))
        return painting


def _facts(style: StyleShare[MaskedStyle]) -> list[Any]:
    picture, mask = style.style.picture, style.style.mask
    return [style.share, digest(picture), mask and digest(mask)]


def _opaque(style: StyleShare[MaskedStyle]) -> StyleShare[MaskedStyle]:
    return StyleShare(MaskedStyle(opaque(style.style.picture), style.style.mask), style.share)


def _with_colours(noise: Tensor, style: StyleTensor) -> Tensor:
    """Noise (1, 3, H, W) of variance 1 with the mean and covariance of a style's colours."""
    colours = moments_of_part(style.pixels, style.weights)
    spread = square_root(colours.covariance + 1e-6 * torch.eye(3).to(noise))
    return (torch.einsum("ij,bjhw->bihw", spread, noise) + colours.mean.view(1, 3, 1, 1)).clamp(0, 1)
