"""Strips a file before decoding: removes everything that decoders would process at length and no pixel needs.

Metadata is where a small file can cost the most: an EXIF directory whose entries all point to the same megabyte, a million comments, a
progressive JPEG with a hundred thousand scans. Each file is scanned once, by the lengths that it states itself, and only what pixels are
made from is kept. This package knows the structure of the formats, and nothing about pixels.
"""

from nst.images.headers.heif import AV1, HEVC, StrippedHeif, UnsupportedVariant, strip_heif
from nst.images.headers.jpeg import StrippedJpeg, strip_jpeg
from nst.images.headers.png import strip_png
from nst.images.headers.stripped import Excessive, StrippedFile
from nst.images.headers.webp import strip_webp

__all__ = ["AV1", "HEVC", "Excessive", "StrippedFile", "StrippedHeif", "StrippedJpeg", "UnsupportedVariant"]
__all__ += ["strip_heif", "strip_jpeg", "strip_png", "strip_webp"]
