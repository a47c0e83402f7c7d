"""Decoding and encoding within limits, and an error sentence for every file that is refused."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import TypeVar

from PIL import Image

from nst.domain.prints import PRINT_DPI
from nst.domain.regions import check_mask_shape
from nst.errors import FileUnreadable, InvalidParams, NotAPicture, PasticheError, PictureTooLarge, PictureTooSmall, TruncatedPicture
from nst.images import decoders
from nst.images.crops import Crop
from nst.images.decoders import DecodingPlan
from nst.images.formats import INPUT_FORMATS, Format, InputFormat, describe_unsupported, detect_format
from nst.images.headers import UnsupportedVariant
from nst.images.masks import mask_of
from nst.images.pixels import picture_bytes, srgb_profile, without_metadata
from nst.settings import Settings

T = TypeVar("T")
_LZW = {"compression": "tiff_lzw", "tiffinfo": {317: 2}}  # tag 317: differences of neighbours are encoded
# Bytes for each pixel that encoding takes at most, measured with noise, which no format makes smaller: TIFF 8.3, PNG 3.1.
_ENCODER_BYTES = 9
_ON_WHITE_BYTES = 4  # besides, where transparent pixels are blended with white

Encodings = Sequence[tuple[Format, int]]
"""Formats with their qualities, the preferred one first."""
PRINT_QUALITY = 95
"""Of paintings in JPEG and WebP."""


@dataclass(frozen=True)
class Limits:
    """The pictures that are accepted.

    Attributes:
        max_bytes: of the file.
        max_pixels: width times height, checked before anything is decoded. A JPEG may have four times as many: it is then decoded at half
            its width and height, since no painting is larger.
        min_side: the shortest side in pixels.
        max_aspect: the long side over the short one. A strip of 100,000 x 40 pixels passes every other limit and cannot be painted.
    """

    max_bytes: int
    max_pixels: int
    min_side: int
    max_aspect: float = 20.0

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(settings.max_bytes, settings.max_pixels, settings.min_side)


STORED_LIMITS = Limits(max_bytes=10**9, max_pixels=10**8, min_side=1, max_aspect=float("inf"))
"""For pictures that were accepted before. Encoded again, they may have more bytes than the upload, or than a site accepts."""
_MEASURES = "The picture measures"
THUMBNAIL_SIDE = 480  # pixels of the long side
THUMBNAIL_QUALITY = 70


def read(path: Traversable, limits: Limits, *, max_side: int | None = None) -> Image.Image:
    """Decode the picture in a file, as `decode` does. No more of the file is read than the limit allows.

    Raises:
        FileUnreadable: when it is missing, is not a file, or may not be read.
        InvalidImage: as `decode`.
    """
    return decode(read_bytes(path, limits), limits, max_side=max_side)


def read_bytes(path: Traversable, limits: Limits) -> bytes:
    """The bytes of a file, without decoding them.

    Raises:
        FileUnreadable: when it is missing, is not a file, or may not be read.
        NotAPicture: when it is empty.
        PictureTooLarge: when it has more bytes than the limit allows.
    """
    try:
        if not path.is_file():  # checked first, because opening a pipe would block
            raise FileUnreadable("There is no such file. Check its name and folder.")
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise FileUnreadable("The file cannot be read. Check its permissions.") from error
    _check_bytes(data, limits)
    return data


def decode(data: bytes, limits: Limits, *, max_side: int | None = None) -> Image.Image:
    """Decode a picture from a file's bytes: upright, in sRGB, first frame, without any metadata.

    Waits when the pictures that other threads are decoding leave too little memory (`nst.images.memory_budget`).

    Args:
        max_side: the long side that is needed, in pixels. A larger picture is reduced to it, which saves memory and time.

    Returns:
        RGB, or RGBA if any pixel is transparent.

    Raises:
        NotAPicture: when the bytes are not a picture of a format that is read, whatever the file's name.
        TruncatedPicture: when they begin as one, but are damaged or cut off.
        PictureTooLarge: too many bytes or pixels.
        PictureTooSmall: a side below the limit, or far too short for the other one.
    """
    return _decoded(data, limits, max_side, lambda picture: picture)


def transcode(
    data: bytes,
    limits: Limits,
    encodings: Encodings,
    *,
    transparent: Encodings | None = None,
    max_side: int | None = None,
    max_bytes: int | None = None,
) -> tuple[Format, bytes]:
    """Decode and encode a file, as `decode` and `encode` do, within the memory that is reserved for decoding.

    Args:
        encodings: candidates, the preferred one first.
        transparent: candidates for a picture with transparency; by default the same.
        max_bytes: the first candidate that needs no more bytes is used, or else the last one.

    Raises:
        InvalidImage: as `decode`.
    """
    return _decoded(data, limits, max_side, lambda picture: _encoded(picture, encodings, transparent or encodings, max_bytes))


def transcode_part(
    data: bytes, limits: Limits, crop: Crop, encodings: Encodings, transparent: Encodings, max_bytes: int
) -> tuple[Format, bytes]:
    """Decode a file, and encode a part of it with all its pixels, as `transcode` does.

    Raises:
        InvalidImage: as `decode`; and when the part is not an acceptable picture.
    """

    def encoded(picture: Image.Image) -> tuple[Format, bytes]:
        part = crop.of(picture)
        _check_sides(part.size, limits, "That part of the picture measures")
        return _encoded(part, encodings, transparent, max_bytes)

    return _decoded(data, limits, None, encoded, encodes_all=True, copies=1)


def printable(data: bytes, file_format: Format, dpi: int = PRINT_DPI) -> bytes:
    """A stored painting as a file to keep or to print, in another format; its memory is reserved as `decode` does.

    Raises:
        InvalidImage: when the bytes are no picture.
    """
    return _decoded(data, STORED_LIMITS, None, lambda picture: encode(picture, file_format, PRINT_QUALITY, dpi), encodes_all=True)


def transcode_mask(data: bytes, limits: Limits, photo_size: tuple[int, int]) -> bytes:
    """Decode a mask, as `mask_of` understands it, and encode it as an 8-bit grey PNG, no larger than its photo.

    Args:
        photo_size: width and height of the photo in pixels.

    Raises:
        InvalidImage: as `decode`.
        InvalidParams: when it has another shape than the photo, or is black everywhere.
    """
    return _decoded(data, limits, max(photo_size), lambda picture: _encoded_mask(picture, photo_size))


def transcode_style_mask(data: bytes, limits: Limits, max_side: int) -> bytes:
    """Decode the mask of a part of a style picture, of any shape, and encode it as `transcode_mask` does.

    Args:
        max_side: the long side that is needed, in pixels. A larger mask is reduced to it.

    Raises:
        InvalidImage: as `decode`.
        InvalidParams: when it is black everywhere.
    """
    return _decoded(data, limits, max_side, lambda picture: _grey_png(_visible_mask(picture)))


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height, in pixels, of a file that `encode` or `transcode` has made. Only its header is read.

    Raises:
        NotAPicture, TruncatedPicture: when the bytes are no picture.
    """
    with _translated_errors():
        return _plan(data, STORED_LIMITS.max_pixels).size


def encode(picture: Image.Image, file_format: Format, quality: int = 92, dpi: int | None = None) -> bytes:
    """Encode the pixels of a picture, without its metadata.

    Args:
        picture: in any mode. Transparent pixels are blended with white where there is no transparency (JPEG, TIFF).
        quality: from 1 to 100, for JPEG and WebP.
        dpi: the resolution that the file carries, in pixels per inch, together with a profile of sRGB. None for neither. WebP has no field
            for the resolution, and gets the profile alone.
    """
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    plain = without_metadata(picture if picture.mode == mode else picture.convert(mode))
    buffer, facts = BytesIO(), {"dpi": (dpi, dpi), "icc_profile": srgb_profile()} if dpi else {}
    match file_format:
        case Format.JPEG:
            # No chroma subsampling, which shows at the edges of saturated strokes. No `optimize`, which needs the whole file in one
            # buffer, whose size Pillow guesses too small for noise.
            _on_white(plain).save(buffer, "JPEG", quality=quality, subsampling=0, **facts)
        case Format.PNG:
            plain.save(buffer, "PNG", **facts)
        case Format.WEBP:
            plain.save(buffer, "WEBP", quality=quality, **facts)
        case Format.TIFF:
            _on_white(plain).save(buffer, "TIFF", **_LZW, **facts)
    return buffer.getvalue()


def thumbnail(picture: Image.Image) -> bytes:
    """A small version of a picture: a WebP with a long side of `THUMBNAIL_SIDE` pixels at most."""
    scale = THUMBNAIL_SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0) if scale < 1 else picture
    return encode(small, Format.WEBP, THUMBNAIL_QUALITY)


def _decoded(
    data: bytes, limits: Limits, max_side: int | None, use: Callable[[Image.Image], T], *, encodes_all: bool = False, copies: int = 0
) -> T:
    """The result of `use`, which is called while the picture's memory is reserved.

    Args:
        encodes_all: whether `use` encodes the whole picture, which takes more memory than decoding it.
        copies: of the picture, which `use` has besides.
    """
    _check_bytes(data, limits)
    with _translated_errors():
        plan = _plan(data, limits.max_pixels, max_side)
        _check_size(plan, limits)
        with decoders.reserved_memory(plan, _encoding_bytes(plan, copies) if encodes_all else 0):
            return use(decoders.decode(plan))


def _encoding_bytes(plan: DecodingPlan, copies: int) -> int:
    """Memory that encoding takes, the picture and its copies included."""
    number, white = plan.size[0] * plan.size[1], _ON_WHITE_BYTES if plan.file.is_transparent else 0
    return (1 + copies) * picture_bytes("RGBA", plan.size) + (_ENCODER_BYTES + white) * number


def _plan(data: bytes, max_pixels: int, max_side: int | None = None) -> DecodingPlan:
    input_format = detect_format(data)
    if input_format is None:
        raise _not_a_picture(data)
    return decoders.plan(input_format, data, max_pixels, max_side)


def _check_bytes(data: bytes, limits: Limits) -> None:
    if not data:
        raise NotAPicture(f"The file is empty. Choose a {INPUT_FORMATS} picture.")
    if len(data) > limits.max_bytes:
        raise PictureTooLarge(f"The file is larger than {limits.max_bytes / 1e6:g} MB. Save the picture smaller and try again.")


def _not_a_picture(data: bytes) -> NotAPicture:
    name = describe_unsupported(data)
    what = f"{name}, not a" if name else "not a"
    return NotAPicture(f"This is {what} {INPUT_FORMATS} picture. Save it in one of these formats and try again.")


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except PasticheError:
        raise
    except UnsupportedVariant as error:
        raise NotAPicture(f"This kind of {error} cannot be read here. Save it as JPEG, PNG or WebP and try again.") from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise PictureTooLarge("The picture has far too many pixels. Make it smaller and try again.") from error
    except Exception as error:  # decoders raise almost any kind of error for arbitrary bytes
        raise TruncatedPicture("The picture is damaged, or breaks off before its end. Copy or export it again and retry.") from error


def _check_size(plan: DecodingPlan, limits: Limits) -> None:
    width, height = plan.file.size
    measures = f"{_MEASURES} {width} x {height} pixels"
    most = limits.max_pixels * (decoders.JPEG_PIXELS_FACTOR if plan.input_format is InputFormat.JPEG else 1)
    if width * height > most or plan.decoder_bytes > decoders.MAX_DECODER_BYTES * limits.max_pixels:
        raise PictureTooLarge(f"{measures}; at most {most / 1e6:g} million are accepted. Make it smaller and try again.")
    _check_sides((width, height), limits, _MEASURES)


def _check_sides(size: tuple[int, int], limits: Limits, words: str) -> None:
    width, height = size
    measures = f"{words} {width} x {height} pixels"
    if min(width, height) < limits.min_side:
        raise PictureTooSmall(f"{measures}; each side needs at least {limits.min_side}. Choose a larger picture.")
    if max(width, height) > limits.max_aspect * min(width, height):
        raise PictureTooSmall(f"{measures}; its long side may be at most {limits.max_aspect:g} times the short one. Crop it and try again.")


def _encoded(picture: Image.Image, opaque: Encodings, transparent: Encodings, max_bytes: int | None) -> tuple[Format, bytes]:
    for file_format, quality in transparent if picture.has_transparency_data else opaque:
        data = encode(picture, file_format, quality)
        if max_bytes is None or len(data) <= max_bytes:
            break
    return file_format, data


def _encoded_mask(picture: Image.Image, photo_size: tuple[int, int]) -> bytes:
    check_mask_shape(picture.size, photo_size)
    mask = _visible_mask(picture)
    if mask.width > photo_size[0] or mask.height > photo_size[1]:
        mask = mask.resize(photo_size, Image.Resampling.BOX)
    return _grey_png(mask)


def _visible_mask(picture: Image.Image) -> Image.Image:
    mask = mask_of(picture)
    if mask.getbbox() is None:
        raise InvalidParams("The mask is black everywhere; it must be white where the region is.")
    return mask


def _grey_png(mask: Image.Image) -> bytes:
    buffer = BytesIO()
    without_metadata(mask).save(buffer, "PNG")
    return buffer.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    background = Image.new("RGB", picture.size, "white")
    background.paste(picture, mask=picture.getchannel("A"))
    return background
