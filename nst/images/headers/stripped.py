"""A file that has been stripped for decoding."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_PARTS = 100_000
"""Segments, chunks or boxes of a file. Pictures have some thousands at most."""


class Excessive(ValueError):
    """A file with more or larger parts than any program writes to show a picture."""


@dataclass(frozen=True)
class StrippedFile:
    """A file without metadata, in pieces. Most are slices of the original, which need no memory.

    Attributes:
        size: width and height as stored; zeros where the header does not say.
        mode: Pillow's mode of the decoded picture.
        is_transparent: whether pixels may be transparent.
        orientation: EXIF orientation, 1 to 8; None where none is stated.
    """

    pieces: Sequence[bytes | memoryview]
    size: tuple[int, int]
    mode: str
    is_transparent: bool
    orientation: int | None

    @property
    def data(self) -> bytes:
        """The file, as a copy."""
        return b"".join(self.pieces)
