"""The picture formats that are read and written. A file's format is detected from its first bytes, never from its name."""

from enum import StrEnum
from pathlib import PurePath


class Format(StrEnum):
    """A format that is written. All but TIFF are read as well."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    # For printers: lossless, without transparency.
    TIFF = "tiff"

    @property
    def suffix(self) -> str:
        return {Format.JPEG: ".jpg", Format.TIFF: ".tif"}.get(self, f".{self}")

    @property
    def media_type(self) -> str:
        return f"image/{self}"


class InputFormat(StrEnum):
    """A format that is read. The value is its name in sentences."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    HEIC = "HEIC"
    AVIF = "AVIF"


OUTPUT_SUFFIXES = {
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".png": Format.PNG,
    ".webp": Format.WEBP,
    ".tif": Format.TIFF,
    ".tiff": Format.TIFF,
}
"""File extensions that are written, with their formats."""
WEB_FORMATS = (Format.JPEG, Format.PNG, Format.WEBP)
"""The formats of stored pictures, which every browser shows."""
INPUT_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".jpe", ".jfif", ".heic", ".heif", ".hif", ".avif")
"""File extensions that are read."""
INPUT_FORMATS = f"{', '.join(list(InputFormat)[:-1])} or {list(InputFormat)[-1]}"
"""The formats that are read, for sentences."""

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"mif1", b"msf1", b"miaf", b"MiHE", b"MiHB"}
_MAX_BRANDS = 64
_UNSUPPORTED_BRANDS = {  # by their first three letters
    b"crx": "a camera's raw file",
    **dict.fromkeys((b"iso", b"mp4", b"qt ", b"M4V", b"3gp", b"avc", b"das"), "a video"),
}
_UNSUPPORTED = {  # by their first bytes
    b"GIF8": "a GIF",
    b"II*\0": "a TIFF, or a camera's raw file",
    b"MM\0*": "a TIFF, or a camera's raw file",
    b"8BPS": "a Photoshop file",
    b"%PDF": "a PDF",
    b"%!PS": "PostScript",
    b"\xff\x0a": "a JPEG XL",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"\0\0\1\0": "an icon",
    b"\x1a\x45\xdf\xa3": "a video",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
    b"PK\x03\x04": "an archive or a document",
    b"<svg": "an SVG drawing",
    b"<?xml": "an SVG drawing or another text",
}


def format_of(path: PurePath) -> Format | None:
    """The format in which a file of this name is written; None for other extensions."""
    return OUTPUT_SUFFIXES.get(path.suffix.lower())


def has_input_suffix(path: PurePath) -> bool:
    """Whether a file's extension is one of a format that is read."""
    return path.suffix.lower() in INPUT_SUFFIXES


def detect_format(data: bytes) -> InputFormat | None:
    """The format of a file, from its first bytes; None when it is not one that is read."""
    if data.startswith(b"\xff\xd8\xff"):
        return InputFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return InputFormat.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return InputFormat.WEBP
    brands = _brands(data)
    if brands & _AVIF_BRANDS:
        return InputFormat.AVIF
    return InputFormat.HEIC if brands & (_HEIC_BRANDS | _HEIF_BRANDS) else None


def describe_unsupported(data: bytes) -> str | None:
    """What a file of another format is, with its article, for sentences; None when it is not recognised."""
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return "a BMP"
    if data[4:8] == b"ftyp":
        return _UNSUPPORTED_BRANDS.get(data[8:11])
    return next((name for start, name in _UNSUPPORTED.items() if data.startswith(start)), None)


def _brands(data: bytes) -> set[bytes]:
    """The major and compatible brands of an ISO base media file (ISO 14496-12)."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4]), len(data), 16 + 4 * _MAX_BRANDS)
    return {data[8:12], *(data[start : start + 4] for start in range(16, end - 3, 4))}
