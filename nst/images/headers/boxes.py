"""The boxes of ISO base media files (ISO 14496-12), which HEIC and AVIF files consist of: bounded reading, and writing."""

import struct
from collections.abc import Iterator

from nst.images.headers.stripped import Excessive

_MAX_STEPS = 50_000  # boxes and records of a file; tiled photos have some thousands


class Reader:
    """A part of a file, read from its start.

    Raises:
        ValueError: from every method, when the part ends too early.
        Excessive: when the file has too many boxes or records.
    """

    def __init__(self, view: memoryview, steps: "StepCounter") -> None:
        self.view = view
        self.place = 0
        self._steps = steps

    def number(self, size: int) -> int:
        """Read an unsigned integer of `size` bytes, which may be 0."""
        return int.from_bytes(self.take(size))

    def take(self, size: int) -> memoryview:
        start, self.place = self.place, self.place + size
        if self.place > len(self.view):
            raise ValueError("a box breaks off")
        return self.view[start : self.place]

    def version_and_flags(self) -> tuple[int, int]:
        """Read the start of a full box."""
        return self.number(1), self.number(3)

    def records(self, count: int) -> range:
        """Count the steps for `count` records, and return a range to loop over them."""
        self._steps.add(count)
        return range(count)

    def boxes(self) -> "Iterator[tuple[bytes, Reader]]":
        """Type and contents of each of the remaining boxes."""
        while len(self.view) - self.place >= 8:
            self._steps.add(1)
            start = self.place
            size, kind = self.number(4), bytes(self.take(4))
            if size == 1:
                size = self.number(8)
            elif size == 0:  # to the end
                size = len(self.view) - start
            if start + size < self.place:
                raise ValueError("a box is shorter than its header")
            yield kind, Reader(self.view[self.place : start + size], self._steps)
            self.place = start + size


class StepCounter:
    """Bounds the boxes and records that are read from one file."""

    def __init__(self) -> None:
        self._left = _MAX_STEPS

    def add(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise Excessive("too many boxes")


def box(kind: bytes, *parts: bytes | memoryview) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full_box(kind: bytes, *parts: bytes | memoryview, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)
