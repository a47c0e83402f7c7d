"""What begins as a picture and is none that can be read, or would fill the memory: it must be refused. And what chance does."""

import random
import struct
import zlib

from tests.hostile.corpus.formats import (
    FORMATS,
    Make,
    canvas,
    chunk,
    file_of,
    frame,
    good,
    heif_sized,
    heif_with_boxes,
    jpeg_sized,
    jpeg_with,
    noise,
    patched,
    png,
    riff,
    segment,
    still,
)


def truncated() -> dict[str, Make]:
    def cut(format: str, part: float) -> Make:
        return lambda: good(format)[: max(16, int(len(good(format)) * part))]

    parts = (0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.8, 0.95)
    return {f"{format} after {part:.1%}": cut(format, part) for format in FORMATS for part in parts}


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
        "heic, far larger than its pixels": lambda: heif_sized("HEIC", 5000, 5000),
        "heic, far smaller than its pixels": lambda: heif_sized("HEIC", 40, 40, side=512),
        "avif, far larger than its pixels": lambda: heif_sized("AVIF", 5000, 5000).replace(b"pixi", b"free"),
        "avif, far smaller than its pixels": lambda: heif_sized("AVIF", 40, 40, side=512),
        "heic, no size": lambda: good("HEIC").replace(b"ispe", b"free"),
        "heic, without its codec's header": lambda: good("HEIC").replace(b"hvcC", b"free"),
        "heic, without a primary item": lambda: good("HEIC").replace(b"pitm", b"free"),
        "heic, of a codec that there is not": lambda: good("HEIC").replace(b"hvc1", b"xxxx"),
        "heic, a sequence alone": lambda: good("HEIC").replace(b"meta", b"moov"),
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
        "png, over the limit by a row": lambda: png(8063, 8063, pixels=b""),
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
        "heic, 2**32 - 1 pixels square": lambda: heif_sized("HEIC", 2**32 - 1, 2**32 - 1),
        "avif, 65,535 pixels square": lambda: heif_sized("AVIF", 65_535, 65_535),
        "heic, a million boxes": lambda: heif_with_boxes(b"free", b"", 1_000_000),
        "heic, a million items": lambda: heif_with_boxes(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0", 1_000_000),
        "gif, 65,535 pixels square": lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\x02L\x01\0;",
        "gif, ten thousand frames": lambda: b"GIF89a\0\x04\0\x04\0\0\0" + b",\0\0\0\0\0\x04\0\x04\0\2\2L\1\0" * 10_000 + b";",
        "more bytes than may be": lambda: good("JPEG") + b"\0" * 40_000_000,
        "tiny": lambda: file_of(noise(side=31), "PNG"),
    }


def damaged() -> dict[str, Make]:
    """Some bytes are others: sometimes nothing happens."""

    def flipped(format: str, seed: int) -> Make:
        def make() -> bytes:
            chance, data = random.Random(f"{format} {seed}"), bytearray(good(format))
            for _ in range(6):
                data[chance.randrange(len(data) if seed % 2 else 200)] = chance.randrange(256)
            return bytes(data)

        return make

    return {f"{format} {seed}": flipped(format, seed) for format in FORMATS for seed in range(12)}
