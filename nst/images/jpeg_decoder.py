"""Decodes JPEGs, and refuses those that are cut off.

libjpeg fills the missing part of a picture with grey and reports no error. But the bytes after the coded data of a complete picture do not
change it, while those after a cut are decoded as pixels. So a doubtful picture is decoded with nothing after its coded data, which libjpeg
reads as zeros, and with noise after it, and the results must be equal.
"""

import hashlib
from io import BytesIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from nst.images.headers import StrippedJpeg
from nst.images.pixels import Size, strips

_NOISES = (b"\xfe\xaa" + bytes(range(1, 251)) * 16, b"\x55\x2a" + bytes(range(250, 0, -1)) * 16)
_KEPT_ZEROS = 8  # bytes of zero padding that are kept, since coded data may end in some
_PLAIN_START = 64  # bytes of coded data; a picture whose data is all zeros after them is plain
_FILL_LEVELS = (127, 128)  # of libjpeg's grey


def check_size(found: Size, expected: Size) -> None:
    """
    Raises:
        ValueError: when a decoder finds another size than the one that memory was reserved for.
    """
    if found != expected:
        raise ValueError("the decoder finds another size than the header")


def decode_jpeg(file: StrippedJpeg, divisor: int) -> Image.Image:
    """
    Args:
        divisor: of width and height: 1, 2, 4 or 8.

    Raises:
        ValueError, OSError: when the file is cut off.
    """
    coded = bytes(file.pieces[file.last_scan]) if file.last_scan else b""
    if file.has_end_marker and file.frame.is_complete and not coded.endswith(bytes(2 * _KEPT_ZEROS)):
        picture = _decode(file, file.data, divisor)
        corner = picture.getpixel((picture.width - 1, picture.height - 1))
        if not all(level in _FILL_LEVELS for level in (corner if isinstance(corner, tuple) else (corner,))):
            return picture
        del picture
    elif not file.has_end_marker and not file.frame.is_complete:
        raise ValueError("scans are missing")
    if not file.has_all_restart_intervals:
        raise ValueError("the picture breaks off between two restart markers")
    return _decode_if_complete(file, coded.rstrip(b"\xff"), divisor)


def _decode_if_complete(file: StrippedJpeg, coded: bytes, divisor: int) -> Image.Image:
    length = len(coded.rstrip(b"\0"))
    if length < _PLAIN_START or len(coded) - length < 2 * _KEPT_ZEROS:
        return _decode_unless_noise_shows(file, coded, divisor)
    try:
        return _decode_unless_noise_shows(file, coded[: length + _KEPT_ZEROS], divisor)
    except ValueError:
        # The zeros may be coded data, where a picture ends in a plain area. Then there are no more of them than needed.
        if _is_complete(file, coded[:-_KEPT_ZEROS], divisor):
            raise
        return _decode_unless_noise_shows(file, coded, divisor)


def _is_complete(file: StrippedJpeg, coded: bytes, divisor: int) -> bool:
    try:
        _decode_unless_noise_shows(file, coded, divisor)
    except ValueError:
        return False
    return True


def _decode_unless_noise_shows(file: StrippedJpeg, coded: bytes, divisor: int) -> Image.Image:
    expected = _digest(_decode(file, file.with_scan(coded), divisor))
    for noise in _NOISES:
        picture = _decode(file, file.with_scan(coded, noise), divisor)
        if _digest(picture) != expected:
            raise ValueError("the picture breaks off")
    return picture


def _decode(file: StrippedJpeg, data: bytes, divisor: int) -> Image.Image:
    opened = JpegImageFile(BytesIO(data))
    check_size(opened.size, file.size)
    opened.draft(None, (file.size[0] // divisor, file.size[1] // divisor))
    opened.load()
    return opened


def _digest(picture: Image.Image) -> bytes:
    digest = hashlib.blake2b()
    for box in strips(picture):
        digest.update(picture.crop(box).tobytes())
    return digest.digest()
