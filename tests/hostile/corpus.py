"""Files that strangers send: broken, lying, exploding, disguised. All are made here, the same every time, and none lies in the repository.

What is smuggled into a file says SECRET, so that it can be looked for in what is stored. `OUTCOMES` says of each kind whether it must be
refused, must be let in (as pixels and nothing else), or may be either.
"""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageCms

SECRET = b"SECRET"
Outcome = Literal["refused", "let in", "either"]
Make = Callable[[], bytes]


@dataclass(frozen=True)
class Hostile:
    """A file.

    Attributes:
        name: kind and peculiarity.
        heavy: as large as a picture may be, so that it is read once and not in every way.
    """

    name: str
    make: Make
    outcome: Outcome
    heavy: bool = False


def corpus() -> Iterator[Hostile]:
    """Every file; the bytes are made when they are asked for."""
    for outcome, kinds in KINDS.items():
        for kind in kinds:
            for name, make in kind().items():
                yield Hostile(f"{kind.__name__}: {name}", make, outcome)
    for name, make in as_large_as_may_be().items():
        yield Hostile(f"as_large_as_may_be: {name}", make, "let in", heavy=True)


# --- tools ------------------------------------------------------------------------------------------------------------------------


def file_of(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format, **options)
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


# --- what is no picture of ours ---------------------------------------------------------------------------------------------------


def nothing() -> dict[str, Make]:
    files = {
        "empty": b"",
        "one byte": b"\xff",
        "zeros": b"\0" * 5000,
        "ones": b"\xff" * 5000,
        "line ends": b"\r\n" * 100,
        "jpeg's first bytes": b"\xff\xd8\xff",
        "png's first bytes": b"\x89PNG\r\n\x1a\n",
        "webp's first bytes": b"RIFF\xff\xff\xff\xffWEBP",
        "jpeg of zeros": b"\xff\xd8\xff" + b"\0" * 5000,
        "jpeg of ones": b"\xff\xd8" + b"\xff" * 5000,
        "jpeg of junk": b"\xff\xd8\xff\xfe\0\2" + b"a" * 5_000_000,
        "png of zeros": b"\x89PNG\r\n\x1a\n" + b"\0" * 5000,
        "webp of zeros": b"RIFF\x88\x13\0\0WEBPVP8 " + b"\0" * 5000,
        "a sound": riff((b"fmt ", b"\0" * 16)).replace(b"WEBP", b"WAVE"),
    }
    return {name: later(data) for name, data in files.items()}


def disguised() -> dict[str, Make]:
    """Other formats under the name of a JPEG. Nobody looks at the name."""
    written = ["TIFF", "BMP", "GIF", "ICO", "PPM", "TGA", "ICNS", "DDS", "PCX", "SGI", "EPS", "PDF", "JPEG2000", "DIB", "MSP", "AVIF"]
    files = {
        "psd": b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + b"\0" * 5000,
        "gif that fills a wall": b"GIF89a\xff\xff\xff\xff\xf7\0\0"
        + b"\0" * 768
        + b",\0\0\0\0\xff\xff\xff\xff\0\x08\xff"
        + b"a" * 255
        + b"\0;",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 500,
        "eps that runs a program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(%pipe%id) (r) file\n",
        "video": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 500,
        "program": b"\x7fELF\2\1\1" + b"\0" * 500,
        "script": b"#!/bin/sh\nrm -rf /\n",
        "image magick's": b"push graphic-context\nviewbox 0 0 64 64\nfill 'url(https://example.com/\"|id\")'\n",
    }

    def saved(format: str) -> Make:
        mode = {"MSP": "1", "EPS": "RGB"}.get(format, "RGB")
        return lambda: file_of(noise(mode, 64), format)

    return {**{name: later(data) for name, data in files.items()}, **{format.lower(): saved(format) for format in written}}


def polyglots() -> dict[str, Make]:
    """Documents that browsers would run."""
    files = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="64" height="64"/>',
        "svg behind a declaration": b'<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "svg that includes": b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
        "svg that explodes": b"<!DOCTYPE s [<!ENTITY a 'aa'>"
        + b"".join(b"<!ENTITY a%d '&a;&a;&a;'>" % i for i in range(50))
        + b"]><svg>&a;</svg>",
        "html": b"<!doctype html><script>alert(1)</script>",
        "html with a jpeg in it": b"<!--" + good("JPEG") + b"--><script>alert(1)</script>",
        "html with a byte order mark": b"\xef\xbb\xbf<html><body onload=alert(1)>",
        "zip": b"PK\3\4" + b"\0" * 26 + b"SECRET",
        "zip with a png in it": b"PK\3\4" + b"\0" * 26 + good("PNG"),
        "pdf with a jpeg in it": b"%PDF-1.7\n1 0 obj<</Length 9>>stream\n" + good("JPEG") + b"endstream",
        "gif that is a script": b"GIF89a=1/*" + b"\0" * 200 + b"*/;alert(1)",
        "php": b"<?php system($_GET['c']); ?>",
    }
    return {name: later(data) for name, data in files.items()}


# --- what begins as a picture and is none -----------------------------------------------------------------------------------------


def truncated() -> dict[str, Make]:
    def cut(format: str, part: float) -> Make:
        return lambda: good(format)[: max(16, int(len(good(format)) * part))]

    parts = (0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.8, 0.95)
    return {f"{format} after {part:.1%}": cut(format, part) for format in ("JPEG", "PNG", "WEBP") for part in parts}


def lying() -> dict[str, Make]:
    """Headers that promise what is not there."""
    return {
        "png, no size": lambda: png(0, 0, pixels=b""),
        "png, no height": lambda: png(64, 0, pixels=b""),
        "png, far larger than its pixels": lambda: png(5000, 5000, pixels=b"\0" * 100),
        "png, of 3 bits": lambda: png(64, 64, depth=3),
        "png, of an unknown colour type": lambda: png(64, 64, colour=7),
        "png, a palette without one": lambda: png(64, 64, colour=3)[:-12],
        "png, a chunk of 4 GB": lambda: png(64, 64, chunk(b"IDAT", b"abc", length=0xFFFFFFFF)),
        "png, a header of 2 GB": lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13, length=0x7FFFFFFF),
        "png, pixels that are no deflate": lambda: png(64, 64).replace(zlib.compress(b"\0" * 64 * 193), b"\xff" * 30),
        "jpeg, no size": lambda: jpeg_sized(0, 0),
        "jpeg, a segment longer than the file": lambda: b"\xff\xd8\xff\xe0\xff\xff" + b"\0" * 50,
        "jpeg, scans without tables": lambda: b"\xff\xd8" + good("JPEG")[good("JPEG").index(b"\xff\xc0") :],
        "jpeg, of 12 bits": lambda: patched(good("JPEG"), good("JPEG").index(b"\xff\xc0") + 4, b"\x0c"),
        "jpeg, of 255 components": lambda: patched(good("JPEG"), good("JPEG").index(b"\xff\xc0") + 9, b"\xff"),
        "webp, of 4 GB": lambda: b"RIFF\xff\xff\xff\xffWEBP" + good("WEBP")[12:40],
        "webp, a canvas without pixels": lambda: riff(canvas(96, 96)),
        "webp, a picture larger than its canvas": lambda: riff(canvas(40, 40), still(96)),
        "webp, frames without end": lambda: riff(canvas(96, 96, 2), (b"ANIM", b"\0" * 6), (b"ANMF", b"\xff" * 16)),
    }


def bombs() -> dict[str, Make]:
    """A few bytes that would fill the memory or take hours."""

    def progressive(times: int) -> bytes:
        data = file_of(noise(), "JPEG", progressive=True)
        return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * times + b"\xff\xd9"

    return {
        "png, 20,000 pixels square": lambda: png(20_000, 20_000, pixels=b"\0" * 50_000_000),
        "png, 2**31 - 1 pixels square": lambda: png(2**31 - 1, 2**31 - 1, pixels=b""),
        "png, 2**32 - 1 pixels wide": lambda: png(2**32 - 1, 1, pixels=b""),
        "png, a thread": lambda: png(1_000_000, 33, pixels=b""),
        "png, over the limit by a row": lambda: png(7072, 7072, pixels=b""),
        "png, a million chunks": lambda: png(40, 40, chunk(b"prVt", b"") * 1_000_000),
        "png, a million chunks of pixels": lambda: png(40, 40, chunk(b"IDAT", b"") * 1_000_000),
        "jpeg, 65,500 pixels square": lambda: jpeg_sized(65_500, 65_500),
        "jpeg, 65,535 by 40": lambda: jpeg_sized(65_535, 40),
        "jpeg, a thousand scans": lambda: progressive(1000),
        "jpeg, a hundred thousand scans": lambda: progressive(100_000),
        "jpeg, a million comments": lambda: jpeg_with(segment(0xFE, b"") * 1_000_000),
        "jpeg, a million blocks of exif": lambda: jpeg_with(
            segment(0xE1, b"Exif\0\0" + b"x" * 65_000) * 100, segment(0xE1, b"Exif\0\0x") * 1_000_000
        ),
        "webp, a canvas of 16,383 pixels square": lambda: riff(canvas(16_383, 16_383, 2), (b"ANIM", b"\0" * 6), frame(16, 16)),
        "webp, a canvas of 2**24 pixels square": lambda: riff(canvas(2**24, 2**24, 2), (b"ANIM", b"\0" * 6), frame(16, 16)),
        "webp, lossless, 16,384 pixels square": lambda: patched(
            file_of(noise(), "WEBP", lossless=True), 21, struct.pack("<I", 16_383 | 16_383 << 14)
        ),
        "webp, lossy, 16,383 pixels square": lambda: patched(good("WEBP"), 26, struct.pack("<HH", 16_383, 16_383)),
        "gif, 65,535 pixels square": lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\x02L\x01\0;",
        "gif, ten thousand frames": lambda: b"GIF89a\0\x04\0\x04\0\0\0" + b",\0\0\0\0\0\x04\0\x04\0\2\2L\1\0" * 10_000 + b";",
        "more bytes than may be": lambda: good("JPEG") + b"\0" * 20_000_000,
        "tiny": lambda: file_of(noise(side=31), "PNG"),
    }


# --- what is let in, as pixels ----------------------------------------------------------------------------------------------------


def carriers() -> dict[str, Make]:
    """Pictures with something hidden in or behind them."""
    behind = {
        "a page": b"<html><script>SECRET</script>",
        "an archive": b"PK\3\4SECRETPK\5\6" + b"\0" * 18,
        "a script": b"<?php SECRET ?>",
        "another picture": b"SECRET" + b"\xff\xda" * 500,
    }
    files: dict[str, Make] = {
        f"{format} with {what} behind": later(good(format) + data) for format in ("JPEG", "PNG", "WEBP") for what, data in behind.items()
    }
    files |= {
        "jpeg with a script in a comment": lambda: jpeg_with(segment(0xFE, b"*/=1;alert('SECRET')/*")),
        "jpeg with php in exif": lambda: jpeg_with(
            segment(0xE1, b"Exif\0\0" + tiff((0x010E, 2, 22, 26), more=b"<?php SECRET ?>       \0"))
        ),
        "jpeg with xmp": lambda: jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET</x:xmpmeta>")),
        "jpeg with photoshop's": lambda: jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\6SECRET")),
        "jpeg with photoshop's that lies": lambda: jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\4\4\xff\0\xff\xff\xff\xffSECRET")),
        "jpeg with further pictures": lambda: jpeg_with(segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xffSECRET")),
        "png with text": lambda: png(64, 64, chunk(b"tEXt", b"Comment\0SECRET")),
        "png with text that unpacks without end": lambda: png(64, 64, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"SECRET" * 10_000_000))),
        "png with a thousand such texts": lambda: png(64, 64, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 900_000)) * 1000),
        "png with ten thousand profiles": lambda: png(64, 64, chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 900_000)) * 10_000),
        "png with a chunk of its own": lambda: png(64, 64, chunk(b"seCr", b"SECRET")),
        "webp with xmp": lambda: riff(canvas(96, 96, 4), still(), (b"XMP ", b"<x:xmpmeta>SECRET</x:xmpmeta>")),
        "webp with a chunk of its own": lambda: riff(canvas(96, 96), still(), (b"SECR", b"SECRET")),
    }
    return files


def harmless_lies() -> dict[str, Make]:
    """What decoders take no notice of."""
    return {
        "jpeg, a segment of no length": lambda: b"\xff\xd8\xff\xe0\0\0" + good("JPEG")[2:],
        "webp, a frame larger than its canvas": lambda: riff(canvas(64, 64, 2), (b"ANIM", b"\0" * 6), frame(16383, 16383)),
    }


def exif() -> dict[str, Make]:
    """EXIF blocks that are broken, go round in circles, or are enormous: the pixels are as good as any."""
    many = [(number, 7, 1_000_000, 8) for number in range(60_000)]
    blocks = {
        "nonsense": b"nonsense SECRET",
        "nothing": b"",
        "a place that there is not": b"II*\0\xff\xff\xff\xff",
        "a directory in its own header": b"II*\0\0\0\0\0",
        "more entries than there are": b"II*\0\x08\0\0\0\xff\xff" + b"\x12\1\3\0" * 20,
        "a directory that follows itself": tiff((0x010E, 2, 8, 8), following=8),
        "a gps directory that is itself": tiff((0x8825, 4, 1, 8), (0x8769, 4, 1, 8), (0x014A, 4, 1, 8)),
        "a text of 4 GB": tiff((0x010E, 2, 0xFFFFFFFF, 8)),
        "a fraction by zero": tiff((0x011A, 5, 1, 38), (0x0128, 3, 1, 2), more=b"\0" * 8),
        "an unknown type": tiff((0x0112, 99, 1, 6)),
        "an orientation of 4 billion": tiff((0x0112, 4, 1, 0xFFFFFFFF)),
        "an orientation in words": tiff((0x0112, 2, 4, 0x74666C)),
        "a thumbnail elsewhere": tiff((0x0201, 4, 1, 0x7FFFFFFF), (0x0202, 4, 1, 0x7FFFFFFF)),
        "many that share a megabyte": tiff(*many, more=b"\0" * 300_000),
    }
    kinds: dict[str, Callable[[bytes], bytes]] = {
        "jpeg": lambda block: jpeg_with(*(segment(0xE1, b"Exif\0\0" + part) for part in pieces(block))),
        "png": lambda block: png(64, 64, chunk(b"eXIf", block)),
        "webp": lambda block: riff(canvas(96, 96, 8), still(), (b"EXIF", block)),
    }

    def made(kind: str, block: bytes) -> Make:
        return lambda: kinds[kind](block)

    return {f"{kind}, {name}": made(kind, block) for kind in kinds for name, block in blocks.items()}


def pieces(block: bytes, size: int = 65_000) -> list[bytes]:
    return [block[place : place + size] for place in range(0, len(block), size)] or [b""]


def profiles() -> dict[str, Make]:
    """Colour profiles that are broken, or not for this picture: the pixels count."""
    blocks = {
        "nothing": b"\0",
        "nonsense": b"SECRET" * 100,
        "cut off": srgb()[:200],
        "a million tags": patched(srgb(), 128, struct.pack(">I", 1_000_000)),
        "a tag beyond its end": patched(srgb(), 136, b"\xff" * 8),
        "of another colour space": patched(srgb(), 16, b"CMYK"),
        "of a device that links": patched(srgb(), 12, b"link"),
        "of 4 GB": patched(srgb(), 0, b"\xff" * 4),
        "with 9 MB behind": srgb() + b"SECRET" * 1_500_000,
    }

    def made(format: str, block: bytes) -> Make:
        return lambda: file_of(noise(), format, icc_profile=block)

    return {f"{format}, {name}": made(format, block) for format in ("JPEG", "PNG", "WEBP") for name, block in blocks.items()}


def kinds_of_pixels() -> dict[str, Make]:
    """Ordinary pictures of less ordinary kinds."""
    frames = [noise(), Image.new("RGB", (96, 96), "red")] * 50
    return {
        "jpeg, cmyk": lambda: file_of(noise("CMYK"), "JPEG"),
        "jpeg, grey": lambda: file_of(noise("L"), "JPEG"),
        "jpeg, progressive": lambda: file_of(noise(), "JPEG", progressive=True),
        "png, black and white": lambda: file_of(noise("1"), "PNG"),
        "png, grey and alpha": lambda: file_of(noise("LA"), "PNG"),
        "png, alpha": lambda: file_of(noise("RGBA"), "PNG"),
        "png, wholly transparent": lambda: file_of(Image.new("RGBA", (64, 64)), "PNG"),
        "png, palette": lambda: file_of(noise().quantize(32), "PNG"),
        "png, palette with alpha": lambda: file_of(noise().quantize(4), "PNG", transparency=bytes([0, 90, 180, 255])),
        "png, more transparency than palette": lambda: file_of(noise().quantize(4), "PNG", transparency=bytes(256)),
        "png, 16 bits of grey": lambda: png(64, 64, depth=16, colour=0),
        "png, 16 bits of colour and alpha": lambda: png(64, 64, depth=16, colour=6),
        "png, interlaced": lambda: png(64, 64, pixels=b"\0" * 20_000, interlaced=1),
        "png, animated": lambda: file_of(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "png, of a billion frames": lambda: png(64, 64, chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))),
        "webp, alpha": lambda: file_of(noise("RGBA"), "WEBP"),
        "webp, animated": lambda: file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "webp, ten thousand frames": lambda: riff(canvas(64, 64, 2), (b"ANIM", b"\0" * 6), *[frame(16, 16)] * 10_000),
    }


def as_large_as_may_be() -> dict[str, Make]:
    """Just inside the limit: what is let in must be borne."""

    def black(mode: str, format: str, **options: Any) -> Make:
        return lambda: file_of(Image.new(mode, (7000, 7000)), format, **options)

    return {
        "png": black("RGB", "PNG"),
        "png with alpha and a profile": lambda: file_of(Image.new("RGBA", (7000, 7000), (9, 9, 9, 9)), "PNG", icc_profile=srgb()),
        "jpeg, progressive, with a profile": black("RGB", "JPEG", progressive=True, icc_profile=srgb()),
        "jpeg, cmyk": black("CMYK", "JPEG"),
        "webp": black("RGB", "WEBP"),
    }


# --- chance -----------------------------------------------------------------------------------------------------------------------


def damaged() -> dict[str, Make]:
    """Some bytes are others: sometimes nothing happens."""

    def flipped(format: str, seed: int) -> Make:
        def make() -> bytes:
            chance, data = random.Random(f"{format} {seed}"), bytearray(good(format))
            for _ in range(6):
                data[chance.randrange(len(data) if seed % 2 else 200)] = chance.randrange(256)
            return bytes(data)

        return make

    return {f"{format} {seed}": flipped(format, seed) for format in ("JPEG", "PNG", "WEBP") for seed in range(12)}


KINDS: dict[Outcome, list[Callable[[], dict[str, Make]]]] = {
    "refused": [nothing, disguised, polyglots, truncated, lying, bombs],
    "let in": [carriers, harmless_lies, exif, profiles, kinds_of_pixels],
    "either": [damaged],
}

NAMES = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\system32\\config",
    "holiday.jpg\0.html",
    "\0",
    "holiday\n.jpg",
    "%2e%2e%2fetc%2fpasswd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "style/../../secret.jpg",
    "con",
    "$(id)",
    "'; DROP TABLE jobs; --",
    "<script>alert(1)</script>",
    "\ud800",
    "\u202egpj.exe",
    "a" * 1_000_000,
]
"""What stands where an id, a style or a file is expected."""
