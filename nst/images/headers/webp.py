"""WebP: the first picture and its colour profile, without metadata, further frames, and data after its end."""

import struct
from collections.abc import Iterator

from nst.images.headers import orientation
from nst.images.headers.stripped import MAX_PARTS, Excessive, StrippedFile

_HEADER_BYTES = 12
_METADATA_FLAGS = 0x0C  # of VP8X: EXIF and XMP are present
_KEPT = {b"VP8X", b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF", b"ICCP"}


def strip_webp(data: bytes) -> StrippedFile:
    """Rebuild the container, so that a wrong file length and a missing last padding byte do not matter.

    Raises:
        Excessive: when there are too many chunks.
    """
    pieces: list[bytes | memoryview] = []
    metadata: dict[bytes, list[bytes]] = {b"EXIF": [], b"XMP ": []}
    starts: dict[bytes, bytes] = {}  # the first bytes of each kind of chunk
    view = memoryview(data)
    for kind, start, end in _chunks(data):
        if kind in metadata and len(metadata[kind]) < orientation.MAX_BLOCKS:
            metadata[kind].append(data[start : min(end, start + orientation.MAX_BLOCK_BYTES)])
        elif kind in _KEPT and kind not in starts:
            starts[kind] = data[start : start + 16]
            body: bytes | memoryview = view[start:end]
            if kind == b"VP8X" and start < len(data):
                body = bytes([data[start] & ~_METADATA_FLAGS]) + view[start + 1 : end]
            pieces += [kind, struct.pack("<I", end - start), body, b"\0" * ((end - start) % 2)]
    turn = orientation.find_orientation(metadata[b"EXIF"], metadata[b"XMP "])
    length = 4 + sum(map(len, pieces))
    return StrippedFile([struct.pack("<4sI4s", b"RIFF", length, b"WEBP"), *pieces], _size(starts), "RGBA", True, turn)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and start and end of the body. A last chunk that is cut off keeps the end that it states: the decoder refuses it."""
    end = _HEADER_BYTES
    for _ in range(MAX_PARTS):
        if end + 8 > len(data):
            return
        kind, length = data[end : end + 4], int.from_bytes(data[end + 4 : end + 8], "little")
        start = end + 8
        yield kind, start, start + length
        end = start + length + length % 2
    raise Excessive("too many chunks")


def _size(starts: dict[bytes, bytes]) -> tuple[int, int]:
    """The size of the canvas, or of the only picture."""
    canvas, lossy, lossless = starts.get(b"VP8X"), starts.get(b"VP8 "), starts.get(b"VP8L")
    if canvas is not None and len(canvas) >= 10:
        return int.from_bytes(canvas[4:7], "little") + 1, int.from_bytes(canvas[7:10], "little") + 1
    if lossy is not None and lossy[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", lossy[6:10].ljust(4, b"\0"))
        return width & 0x3FFF, height & 0x3FFF
    if lossless is not None and lossless[:1] == b"\x2f":
        bits = int.from_bytes(lossless[1:5], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    return 0, 0
