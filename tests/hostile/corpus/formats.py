"""Pictures and pieces of them, byte by byte, so that a file can lie in any of its fields."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

Make = Callable[[], bytes]
FORMATS = ("JPEG", "PNG", "WEBP", "HEIC", "AVIF")


def file_of(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    if format == "HEIC":
        options["enc_params"] = {"x265:pools": "none", "x265:frame-threads": "1", **options.get("enc_params", {})}
        pillow_heif.from_pillow(picture).save(buffer, **options)
    else:
        picture.save(buffer, format, **options, **({"max_threads": 1} if format == "AVIF" else {}))
    return buffer.getvalue()


@cache
def noise(mode: str = "RGB", side: int = 96) -> Image.Image:
    channels = np.random.default_rng(7).integers(0, 256, (side, side, 4), dtype=np.uint8)
    return Image.fromarray(channels).convert(mode)


@cache
def good(format: str) -> bytes:
    return file_of(noise(), format)


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I", len(body) if length is None else length) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *more: bytes, pixels: bytes | None = None, depth: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    """A PNG of any header, with `more` chunks in front of its pixels, which are black and as many as it takes by default."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 3)
    body = zlib.compress(b"\0" * (height * (width * channels * depth // 8 + 1)) if pixels is None else pixels)
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(*segments: bytes, of: bytes | None = None) -> bytes:
    data = good("JPEG") if of is None else of
    return data[:2] + b"".join(segments) + data[2:]


def jpeg_sized(width: int, height: int) -> bytes:
    """A JPEG whose header lies about its size."""
    data = bytearray(good("JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def heif_sized(format: str, width: int, height: int, side: int = 96) -> bytes:
    """A HEIC or AVIF file that lies about its size."""
    data = file_of(noise(side=side), format)
    return patched(data, data.index(b"ispe") + 8, struct.pack(">II", width, height))


def heif_with_boxes(kind: bytes, body: bytes, count: int) -> bytes:
    """A HEIC file whose description begins with many boxes."""
    data = good("HEIC")
    place = data.index(b"meta")
    more = (struct.pack(">I", len(body) + 8) + kind + body) * count
    return (
        data[: place - 4]
        + struct.pack(">I", int.from_bytes(data[place - 4 : place]) + len(more))
        + data[place : place + 8]
        + more
        + data[place + 8 :]
    )


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for kind, part in chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    return b"VP8X", struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def still(side: int = 96) -> tuple[bytes, bytes]:
    """The chunk of a lossless WebP picture."""
    data = file_of(noise(side=side), "WEBP", lossless=True)
    return data[12:16], data[20 : 20 + struct.unpack("<I", data[16:20])[0]]


def frame(width: int, height: int, x: int = 0) -> tuple[bytes, bytes]:
    kind, pixels = still(16)
    place = (x // 2).to_bytes(3, "little") + b"\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"ANMF", place + b"\1\0\0\0" + kind + struct.pack("<I", len(pixels)) + pixels


def tiff(*entries: tuple[int, int, int, int], following: int = 0, order: str = "<", more: bytes = b"") -> bytes:
    """An EXIF block: (tag, type, count, value or place) for each entry."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    return start + b"".join(struct.pack(f"{order}HHII", *entry) for entry in entries) + struct.pack(f"{order}I", following) + more


@cache
def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def patched(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def later(value: bytes) -> Make:
    return lambda: value
