"""From a stripped file to pixels, within memory that is computed from the file's header and reserved before decoding."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import AvifImagePlugin, Image
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from nst.allocator import give_back_freed
from nst.images import headers, pixels
from nst.images.formats import InputFormat
from nst.images.headers import StrippedFile, StrippedHeif, StrippedJpeg, UnsupportedVariant
from nst.images.jpeg_decoder import check_size, decode_jpeg
from nst.images.memory_budget import MemoryBudget
from nst.images.pixels import REDUCING_GAP, Size

JPEG_PIXELS_FACTOR = 4
"""A JPEG may have this many times the pixels that may be decoded, because it can be decoded at half its width and height."""
MAX_DECODER_BYTES = 14
"""Bytes for each pixel that may be decoded, which a decoder may use besides the picture. Coefficients of large JPEGs may need more."""

# Shared by all threads: enough for a photo of 50 megapixels, or for four of 12 at a time, and for small pictures besides them.
_BUDGET = MemoryBudget(total_bytes=448_000_000, small_bytes=128_000_000, small_request=64_000_000)

_JPEG_DIVISORS = (8, 4, 2)
# Bytes for each pixel, measured like those in `nst.images.pixels.peak_bytes`: WebP 8.3, lossless 9.7; HEIC 3.8, with alpha 4.7; AVIF 5.3,
# with alpha 7.7.
_DECODER_BYTES = {InputFormat.PNG: 0, InputFormat.WEBP: 10, InputFormat.HEIC: 8, InputFormat.AVIF: 10}
_DECODER_THREADS = 2  # of decoders that have their own threads
_STRIPPERS: dict[InputFormat, Callable[[bytes], StrippedFile]] = {
    InputFormat.JPEG: headers.strip_jpeg,
    InputFormat.PNG: headers.strip_png,
    InputFormat.WEBP: headers.strip_webp,
    InputFormat.HEIC: headers.strip_heif,
    InputFormat.AVIF: headers.strip_heif,
}


@dataclass(frozen=True)
class DecodingPlan:
    """How a file is decoded.

    Attributes:
        divisor: the decoder itself reduces width and height by it.
        size: width and height of the result, before it is turned upright.
        decoder_bytes: memory that the decoder uses besides the picture.
        peak_bytes: memory that decoding uses at its peak.
    """

    input_format: InputFormat
    file: StrippedFile
    divisor: int
    size: Size
    decoder_bytes: int
    peak_bytes: int


def plan(input_format: InputFormat, data: bytes, max_pixels: int, max_side: int | None) -> DecodingPlan:
    """Plan the decoding from the file's header.

    Args:
        max_pixels: that may be decoded. A JPEG with more is decoded at half its width and height.
        max_side: the long side that is needed, in pixels.

    Raises:
        Exception: of any kind, when the file is malformed.
    """
    file = _STRIPPERS[input_format](data)
    if not all(file.size):
        raise ValueError("the header does not say the size")
    divisor = _divisor(file.size, max_pixels, max_side) if input_format is InputFormat.JPEG else 1
    size = _reduced_size(file.size, divisor, max_side)
    decoded = (-(-file.size[0] // divisor), -(-file.size[1] // divisor))
    decoder_bytes = _decoder_bytes(input_format, file)
    decoding = decoder_bytes + pixels.picture_bytes(file.mode, decoded)
    normalising = pixels.peak_bytes(file.mode, decoded, size, file.orientation, file.is_transparent)
    # `len(data)` for the copy of the file without metadata.
    return DecodingPlan(input_format, file, divisor, size, decoder_bytes, len(data) + max(decoding, normalising))


@contextmanager
def reserved_memory(plan: DecodingPlan, use_bytes: int = 0) -> Iterator[None]:
    """Wait until the memory for a plan is free, and reserve it until the end of the block.

    Args:
        use_bytes: what the use of the decoded picture takes, the picture included.
    """
    with _BUDGET.reserve(max(plan.peak_bytes, use_bytes)):
        try:
            yield
        finally:
            give_back_freed()  # otherwise, eight threads in turn would keep eight pictures


def decode(plan: DecodingPlan) -> Image.Image:
    """
    Raises:
        Exception: of any kind, when the file is damaged.
    """
    width, height = plan.file.size
    extent = (width / plan.divisor, height / plan.divisor)
    return pixels.normalise(_decoded(plan), plan.size, plan.file.orientation, extent)


def _divisor(size: Size, max_pixels: int, max_side: int | None) -> int:
    enough = REDUCING_GAP * (max_side or max(size))
    least = 2 if size[0] * size[1] > max_pixels else 1
    return next((divisor for divisor in _JPEG_DIVISORS if max(size) // divisor >= enough), least)


def _reduced_size(size: Size, divisor: int, max_side: int | None) -> Size:
    """The size that Pillow's `thumbnail` computes: the short side is rounded to whichever value is nearer to the aspect ratio."""
    width, height = (-(-side // divisor) for side in size)
    long_side = max_side or max(size)
    if long_side >= max(width, height):
        return width, height
    short = long_side * min(size) / max(size)
    sides = max(1, math.floor(short)), max(1, math.ceil(short))
    if height > width:
        return min(sides, key=lambda side: abs(size[0] / size[1] - side / long_side)), long_side
    return long_side, min(sides, key=lambda side: abs(size[0] / size[1] - long_side / side))


def _decoder_bytes(input_format: InputFormat, file: StrippedFile) -> int:
    """Memory that the decoder uses besides the picture.

    Of a JPEG in several scans it keeps the coefficients: 3.1 bytes for each pixel were measured with, 6.2 without chroma subsampling.
    """
    number = file.size[0] * file.size[1]
    if isinstance(file, StrippedJpeg):
        return round(2 * file.frame.coefficients_per_pixel * number)
    return number * _DECODER_BYTES[input_format]


def _decoded(plan: DecodingPlan) -> Image.Image:
    if isinstance(plan.file, StrippedJpeg):
        return decode_jpeg(plan.file, plan.divisor)
    if plan.input_format is InputFormat.WEBP:
        return _decode_webp(plan.file)
    if isinstance(plan.file, StrippedHeif):
        return _decode_heic(plan.file) if plan.file.codec == headers.HEVC else _decode_avif(plan.file)
    # Not `Image.open`, which checks `Image.MAX_IMAGE_PIXELS`: that is shared by all threads, and it warns where we refuse.
    opened = PngImageFile(BytesIO(plan.file.data))
    check_size(opened.size, plan.file.size)
    opened.load()
    return opened


def _decode_webp(file: StrippedFile) -> Image.Image:
    """As Pillow's `load`, which makes one more copy while libwebp has three."""
    opened = WebPImageFile(BytesIO(file.data))
    check_size(opened.size, file.size)
    mode, info = opened.rawmode, opened.info
    data, _, _ = opened._get_next()
    del opened
    picture = Image.frombuffer(mode, file.size, data, "raw", mode, 0, 1)
    picture.info = info
    return picture


def _decode_heic(file: StrippedHeif) -> Image.Image:
    """
    Raises:
        UnsupportedVariant: when pi_heif is not installed.
    """
    try:
        import pi_heif  # imported late: it takes a while, and most pictures do not need it
    except ImportError as error:
        raise UnsupportedVariant("picture (HEIC)") from error
    pi_heif.options.DECODE_THREADS = _DECODER_THREADS
    opened = pi_heif.open_heif(file.data)
    check_size(opened.size, file.coded_size)
    data, stride, mode = memoryview(opened.data), opened.stride, opened.mode
    (left, top), (width, _) = file.crop_origin, file.size
    picture = Image.new("RGBA" if mode in ("RGBA", "RGBa") else "RGB", file.size)
    for _, first, _, last in pixels.strips(picture):
        rows = data[(top + first) * stride : (top + last) * stride]
        strip = Image.frombytes(mode, (file.coded_size[0], last - first), rows, "raw", mode, stride)
        picture.paste(strip.crop((left, 0, left + width, last - first)).convert(picture.mode), (0, first))
    picture.info["icc_profile"] = file.profile or pixels.profile_of(file.primaries, file.transfer)
    return picture


def _decode_avif(file: StrippedHeif) -> Image.Image:
    """
    Raises:
        UnsupportedVariant: when Pillow is built without AVIF.
    """
    if not AvifImagePlugin.SUPPORTED:
        raise UnsupportedVariant("picture (AVIF)")
    AvifImagePlugin.DEFAULT_MAX_THREADS = _DECODER_THREADS
    picture: Image.Image = AvifImagePlugin.AvifImageFile(BytesIO(file.data))
    check_size(picture.size, file.coded_size)
    picture.load()
    if file.size != file.coded_size:
        left, top = file.crop_origin
        picture = picture.crop((left, top, left + file.size[0], top + file.size[1]))
    picture.info["icc_profile"] = file.profile or pixels.profile_of(file.primaries, file.transfer)
    return picture
