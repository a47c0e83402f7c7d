"""Picture files of every kind, and what to compare them by."""

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from nst.images import Limits

LIMITS = Limits(max_bytes=2_000_000, max_pixels=1_000_000, min_side=32)


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def file_of(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """Four quarters, each its own colour, so that every turn of the picture shows."""
    picture = Image.new("RGB", (width, height), WHITE)
    half = (width // 2, height // 2)
    for colour, corner in ((RED, (0, 0)), (GREEN, (half[0], 0)), (BLUE, (0, half[1]))):
        picture.paste(colour, (*corner, corner[0] + half[0], corner[1] + half[1]))
    return picture


def noise(side: int = 128) -> Image.Image:
    """What compresses badly, so that a file can be cut in its pixels."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes, *more: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def near(picture: Image.Image, other: Image.Image, tolerance: float = 4) -> bool:
    same_shape = picture.size == other.size and picture.mode == other.mode
    return same_shape and float(np.abs(np.asarray(picture, dtype=float) - np.asarray(other, dtype=float)).mean()) < tolerance


@cache  # a profile holds the second in which it was made
def swapped_profile() -> bytes:
    """sRGB with its red and green primaries exchanged: its (255, 0, 0) is green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)
