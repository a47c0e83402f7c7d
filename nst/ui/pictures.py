"""Pictures that visitors bring: decoded once, for the page and for sketches, and counted as long as they are kept."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image

from nst import images
from nst.client_network import client_network
from nst.errors import PasticheError
from nst.images import Crop, Format, Limits
from nst.ui import singletons
from nst.ui.urls import data_url

_SHOWN_SIDE = 900  # long side, in pixels, of a picture shown on the page
_SKETCH_QUALITY = 95
_STYLE_SCALE = 2  # long side of a style picture relative to a sketch's: enough for the largest style scale
_WHOLE = Crop()
_OPAQUE = ((Format.JPEG, 98), (Format.JPEG, 90), (Format.JPEG, 75))  # of a part of a picture, the best first
_TRANSPARENT = ((Format.PNG, 100), (Format.WEBP, 95), (Format.WEBP, 80))


@dataclass(frozen=True)
class Picture:
    """A picture that the visitor brought.

    Attributes:
        data: the file as it came, or the part of it that is used.
        shown: a data URL for the page.
        small: an encoded picture for sketches, which need no more pixels; transparency is kept.
        ratio: width over height.
        whole: the picture that this is a part of.
        crop: which part.
    """

    data: bytes
    shown: str
    small: bytes
    alt: str
    ratio: float
    whole: "Picture | None" = None
    crop: Crop = _WHOLE

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.data) + len(self.small) + len(self.shown) + (self.whole.size if self.whole else 0)


def read_photo(data: bytes, alt: str) -> tuple[Picture | None, str | None]:
    """The picture, or a sentence that says why it cannot be used."""
    return _read(len(data), lambda: _decoded(data, alt, singletons.settings().preview_side))


def read_style(data: bytes) -> tuple[Picture | None, str | None]:
    """The same for a style."""
    return _read(len(data), lambda: _decoded(data, "Your style picture", _STYLE_SCALE * singletons.settings().preview_side))


def cropped(photo: Picture, crop: Crop) -> tuple[Picture | None, str | None]:
    """A part of a photo, or a sentence that says why it cannot be used.

    Args:
        photo: of a part, the whole is used again.
    """
    whole = photo.whole or photo
    if crop.is_whole:
        return whole, None

    def make() -> Picture:
        limits = Limits.of(singletons.settings())
        _, data = images.transcode_part(whole.data, limits, crop, _OPAQUE, _TRANSPARENT, max_bytes=limits.max_bytes)
        return replace(_decoded(data, whole.alt, singletons.settings().preview_side), whole=whole, crop=crop)

    return _read(len(whole.data), make)


def _read(size: int, make: Callable[[], Picture]) -> tuple[Picture | None, str | None]:
    try:
        with singletons.picture_budget().reserve(size, client_network(st.context.ip_address or "here")) as keep:
            taken = make()
            keep(taken, taken.size - (taken.whole.size if taken.whole else 0))
    except PasticheError as error:
        return None, str(error)
    return taken, None


def _decoded(data: bytes, alt: str, small_side: int) -> Picture:
    picture = images.decode(data, Limits.of(singletons.settings()), max_side=max(_SHOWN_SIDE, small_side))
    shown = images.encode(_reduced(picture, _SHOWN_SIDE), Format.WEBP, images.THUMBNAIL_QUALITY)
    small = images.encode(_reduced(picture, small_side), Format.PNG if picture.mode == "RGBA" else Format.JPEG, _SKETCH_QUALITY)
    return Picture(data, data_url(shown, Format.WEBP), small, alt, picture.width / picture.height)


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    """A copy with a long side of at most `side` pixels."""
    copy = picture.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy
