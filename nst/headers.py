"""What is done to a file before a decoder may see it: everything taken away that decoders would read at length and nobody needs.

Metadata is where a small file costs most: a directory of EXIF whose entries all point at the same megabyte, a million comments, a
progressive JPEG of a hundred thousand scans. Here each file is gone through once, by the lengths that it states itself; what is kept is
what pixels are made of. It knows the structure of the formats, and nothing of pixels.
"""

import re
import struct
import zlib
from typing import NamedTuple

_PARTS = 100_000  # segments or chunks; pictures have some thousands at most
_SCANS = 64  # of a progressive JPEG, each of which goes over all of the picture; encoders write about ten


class Lean(NamedTuple):
    """A file without metadata, and the EXIF block that it had; empty when there was none."""

    data: bytes
    exif: bytes


class Overloaded(ValueError):
    """A file of so many parts that no program would have written it to show a picture."""


# --- JPEG -------------------------------------------------------------------------------------------------------------------------

_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length behind them
_KEPT_MARKERS = {*range(0xC0, 0xD0), 0xDB, 0xDD}  # frame headers; Huffman, arithmetic and quantisation tables; restart intervals
_KEPT_SEGMENTS = {0xE0: b"JFIF\0", 0xEE: b"Adobe", 0xE2: b"ICC_PROFILE\0"}  # how colours are meant
_EXIF = b"Exif\0\0"
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_MARKER_BEHIND_A_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def lean_jpeg(data: bytes) -> Lean:
    """Without comments, EXIF, XMP, thumbnails, further pictures, and whatever hangs behind its end.

    Raises:
        Overloaded: when there are too many segments or scans.
    """
    kept, exif, scans, place = [data[:2]], b"", 0, 2
    for _ in range(_PARTS):
        found = (_MARKER_BEHIND_A_SCAN if scans else _MARKER).search(data, place)
        if found is None:  # it breaks off: let the decoder say so
            return Lean(b"".join([*kept, data[place:]]), exif)
        marker = found[1][0]
        if scans:  # what was coded, from the scan's header to here
            kept.append(data[place : found.start()])
        if marker == _END:
            return Lean(b"".join([*kept, b"\xff\xd9"]), exif)
        if marker in _ALONE:
            place = found.end()
            continue
        body = data[found.end() + 2 : (place := found.end() + int.from_bytes(data[found.end() : found.end() + 2]))]
        if marker == 0xE1 and body.startswith(_EXIF):
            exif = exif or body
        elif marker == _START_OF_SCAN:
            scans += 1
            if scans > _SCANS:
                raise Overloaded("too many scans")
            kept.append(_segment(marker, body))
        elif _is_kept(marker, body):
            kept.append(_segment(marker, body))
    raise Overloaded("too many segments")


def _is_kept(marker: int, body: bytes) -> bool:
    return marker in _KEPT_MARKERS or (marker in _KEPT_SEGMENTS and body.startswith(_KEPT_SEGMENTS[marker]))


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


# --- PNG --------------------------------------------------------------------------------------------------------------------------

_SIGNATURE = 8
_KEPT_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PROFILE = 1 << 20  # bytes unpacked; the decoder refuses a picture with a larger one, though it can be seen without


def lean_png(data: bytes) -> Lean:
    """Without text, times, further frames, and whatever hangs behind its end; of colour profiles the first.

    Raises:
        Overloaded: when there are too many chunks.
    """
    kept, exif, has_profile, place = [data[:_SIGNATURE]], b"", False, _SIGNATURE
    for _ in range(_PARTS):
        kind, end = data[place + 4 : place + 8], place + 12 + int.from_bytes(data[place : place + 4])
        if end > len(data):  # it breaks off: let the decoder say so
            return Lean(b"".join([*kept, data[place:]]), exif)
        if kind in _KEPT_CHUNKS:
            kept.append(data[place:end])
        elif kind == b"iCCP" and not has_profile:
            has_profile = True
            if _is_moderate(data[place + 8 : end - 4]):
                kept.append(data[place:end])
        elif kind == b"eXIf":
            exif = exif or data[place + 8 : end - 4]
        if kind == b"IEND":
            return Lean(b"".join(kept), exif)
        place = end
    raise Overloaded("too many chunks")


def _is_moderate(profile: bytes) -> bool:
    """Whether a profile, packed behind its name, is neither enormous nor broken."""
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(profile.partition(b"\0")[2][1:], _PROFILE)
    except zlib.error:
        return False
    return not unpacking.unconsumed_tail


# --- EXIF -------------------------------------------------------------------------------------------------------------------------

_ORIENTATION = 0x0112
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_WHOLE_NUMBERS = {3: "H", 4: "I"}


def orientation(exif: bytes) -> int | None:
    """How the camera was held, from 1 to 8; None when the block does not say, or makes no sense. Nothing else of it is looked at."""
    tiff = exif.removeprefix(_EXIF)
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for place in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, place)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(f"{order}{_WHOLE_NUMBERS.get(kind, 'H')}", tiff, place + 8)
                return int(value)
    except struct.error:  # it breaks off
        pass
    return None
