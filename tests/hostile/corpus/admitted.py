"""What is let in, as pixels and nothing else, whatever hides in it."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from PIL import Image

from tests.hostile.corpus.formats import (
    FORMATS,
    Make,
    canvas,
    chunk,
    file_of,
    frame,
    good,
    jpeg_with,
    later,
    noise,
    patched,
    png,
    riff,
    segment,
    srgb,
    still,
    tiff,
)


def carriers() -> dict[str, Make]:
    """Pictures with something hidden in or after them."""
    appended = {
        "a page": b"<html><script>SECRET</script>",
        "an archive": b"PK\3\4SECRETPK\5\6" + b"\0" * 18,
        "a script": b"<?php SECRET ?>",
        "another picture": b"SECRET" + b"\xff\xda" * 500,
    }
    files: dict[str, Make] = {
        f"{format} with {what} after it": later(good(format) + data) for format in FORMATS for what, data in appended.items()
    }
    files |= {
        "jpeg with a script in a comment": lambda: jpeg_with(segment(0xFE, b"*/=1;alert('SECRET')/*")),
        "jpeg with php in exif": lambda: jpeg_with(
            segment(0xE1, b"Exif\0\0" + tiff((0x010E, 2, 22, 26), more=b"<?php SECRET ?>       \0"))
        ),
        "jpeg with xmp": lambda: jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET</x:xmpmeta>")),
        "jpeg with photoshop's": lambda: jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\6SECRET")),
        "jpeg with photoshop's of a wrong length": lambda: jpeg_with(
            segment(0xED, b"Photoshop 3.0\x008BIM\4\4\xff\0\xff\xff\xff\xffSECRET")
        ),
        "jpeg with further pictures": lambda: jpeg_with(segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xffSECRET")),
        "png with text": lambda: png(64, 64, chunk(b"tEXt", b"Comment\0SECRET")),
        "png with text that unpacks without end": lambda: png(64, 64, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"SECRET" * 10_000_000))),
        "png with a thousand such texts": lambda: png(64, 64, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 900_000)) * 1000),
        "png with ten thousand profiles": lambda: png(64, 64, chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 900_000)) * 10_000),
        "png with a chunk of its own": lambda: png(64, 64, chunk(b"seCr", b"SECRET")),
        "webp with xmp": lambda: riff(canvas(96, 96, 4), still(), (b"XMP ", b"<x:xmpmeta>SECRET</x:xmpmeta>")),
        "heic with xmp": lambda: file_of(noise(), "HEIC", xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>"),
        "heic with exif": lambda: file_of(noise(), "HEIC", exif=b"Exif\0\0" + tiff((0x010E, 2, 22, 26), more=b"<?php SECRET ?>       \0")),
        "avif with xmp": lambda: file_of(noise(), "AVIF", xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>"),
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
        "with 9 MB after it": srgb() + b"SECRET" * 1_500_000,
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
        "heic, alpha": lambda: file_of(noise("RGBA"), "HEIC"),
        "avif, alpha": lambda: file_of(noise("RGBA"), "AVIF"),
        "avif, grey": lambda: file_of(noise("L"), "AVIF"),
        "avif, animated": animated_avif,
        "webp, alpha": lambda: file_of(noise("RGBA"), "WEBP"),
        "webp, animated": lambda: file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "webp, ten thousand frames": lambda: riff(canvas(64, 64, 2), (b"ANIM", b"\0" * 6), *[frame(16, 16)] * 10_000),
    }


@cache  # it holds the second of its making
def animated_avif() -> bytes:
    return file_of(noise(), "AVIF", save_all=True, append_images=[Image.new("RGB", (96, 96), "red")] * 10)


def as_large_as_may_be() -> dict[str, Make]:
    """Just inside the limit: what is let in must be borne."""

    def black(mode: str, format: str, **options: Any) -> Make:
        return lambda: file_of(Image.new(mode, (8060, 8060)), format, **options)

    return {
        "png": black("RGB", "PNG"),
        "png with alpha and a profile": lambda: file_of(Image.new("RGBA", (8060, 8060), (9, 9, 9, 9)), "PNG", icc_profile=srgb()),
        "jpeg, progressive, with a profile": black("RGB", "JPEG", progressive=True, icc_profile=srgb()),
        "jpeg, cmyk": black("CMYK", "JPEG"),
        "webp": black("RGB", "WEBP"),
        "avif": black("RGB", "AVIF", speed=10),
        "heic": black("RGB", "HEIC", enc_params={"preset": "ultrafast"}),
    }
