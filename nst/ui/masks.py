"""Masks of a photo's parts: what pages send, which may be anything, and automatic regions."""

import binascii
from base64 import b64decode
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

import streamlit as st
from PIL import Image

from nst import images
from nst.client_network import client_network
from nst.errors import InvalidParams
from nst.images import STORED_LIMITS, Format, Limits
from nst.ui import singletons, urls
from nst.ui.parts import Mask

SIDE = 1024  # long side of a mask in pixels
_MOST_PIXELS = 8 * SIDE**2  # of what a page sends: its own masks have SIDE, and a message may have dozens, a few kB each


def read(text: str, ratio: float) -> Mask:
    """The mask in base64 that a page has sent for a photo of this ratio.

    Raises:
        InvalidImage: when it is no picture.
        InvalidParams: when it has another shape than the photo, or is black everywhere.
        ServerBusy: when there are too many pictures in memory.
    """
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    with singletons.picture_budget().reserve(len(data), client_network(st.context.ip_address or "here")) as keep:
        limits = Limits.of(singletons.settings())
        limits = replace(limits, max_pixels=min(limits.max_pixels, _MOST_PIXELS), min_side=1)
        mask = Mask(images.transcode_mask(data, limits, size_for(ratio)))
        keep(mask, len(mask.png))
    return mask


def of_region(data: bytes, ratio: float) -> Mask | None:
    """The mask of an automatic region as `Previews.find` returns it; None where there is no such region."""
    with suppress(InvalidParams):  # it is black everywhere
        return Mask(images.transcode_mask(data, STORED_LIMITS, size_for(ratio)))
    return None


def size_for(ratio: float) -> tuple[int, int]:
    """Width and height of a mask for a photo of this ratio."""
    long = SIDE / max(1.0, ratio)
    return max(1, round(long * ratio)), max(1, round(long))


@lru_cache(maxsize=64)
def full(ratio: float) -> bytes:
    """A mask of the whole photo."""
    return images.encode(Image.new("L", size_for(ratio), 255), Format.PNG)


def is_full(mask: bytes) -> bool:
    """Whether a stored mask covers the whole photo."""
    return images.decode(mask, STORED_LIMITS, max_side=SIDE).convert("L").getextrema() == (255, 255)


def data_url(mask: Mask) -> str:
    return urls.data_url(mask.png, Format.PNG)
