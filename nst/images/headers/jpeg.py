"""JPEG: without comments, EXIF, XMP, thumbnails, further pictures, and data after its end."""

import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from nst.images.headers import orientation
from nst.images.headers.stripped import MAX_PARTS, Excessive, StrippedFile

_END_MARKER = b"\xff\xd9"
_MAX_SCANS = 64  # of a progressive JPEG, each of which covers the whole picture; encoders write about ten
_SOS = 0xDA
_EOI = 0xD9
_APP1 = 0xE1
_DRI = 0xDD
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = {0xC0, 0xC1, 0xC9}  # a scan codes its components completely
_PROGRESSIVE = {0xC2, 0xCA}
_KEPT_MARKERS = {*range(0xC0, 0xD0), 0xDB, _DRI}  # frame headers; Huffman, arithmetic and quantisation tables; restart intervals
_KEPT_SEGMENTS = {0xE0: b"JFIF\0", 0xEE: b"Adobe", 0xE2: b"ICC_PROFILE\0"}  # they define how colours are interpreted
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_MARKER_AFTER_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_RESTART_MARKER = re.compile(rb"\xff[\xd0-\xd7]")
_COEFFICIENTS = 64  # of a block
_UNKNOWN_BIT = 14  # above the highest bit of a coefficient


@dataclass
class Frame:
    """A frame header, and the bits of each coefficient that the scans so far have coded.

    Attributes:
        sampling: for each component, its horizontal and vertical sampling factors.
        lowest_bits: for each component, the lowest coded bit of each coefficient; 14 before the first scan.
        restart_interval: MCUs between two restart markers; 0 for none.
        last_components: the components of the last scan.
        is_buffered: whether the decoder has to keep the coefficients of the whole picture, since they come in several scans.
    """

    marker: int
    height: int
    width: int
    sampling: dict[int, tuple[int, int]] = field(default_factory=dict)
    lowest_bits: dict[int, list[int]] = field(default_factory=dict)
    restart_interval: int = 0
    last_components: tuple[int, ...] = ()
    is_buffered: bool = False

    @classmethod
    def parse(cls, marker: int, body: bytes) -> "Frame | None":
        if len(body) < 6:
            return None
        height, width = struct.unpack(">HH", body[1:5])
        frame = cls(marker, height, width, is_buffered=marker in _PROGRESSIVE)
        for component, factors in zip(body[6::3], body[7::3], strict=False):
            frame.sampling[component] = (max(1, factors >> 4), max(1, factors & 15))
            frame.lowest_bits[component] = [_UNKNOWN_BIT] * _COEFFICIENTS
        return frame

    def add_scan(self, header: bytes) -> None:
        """Record what a scan codes, according to its header."""
        count = header[0] if header else 0
        if len(header) < 4 + 2 * count:
            return
        first, last, lowest_bit = header[-3], header[-2], header[-1] & 15
        if self.marker in _SEQUENTIAL:
            first, last, lowest_bit = 0, _COEFFICIENTS - 1, 0
            self.is_buffered |= count < len(self.lowest_bits)
        self.last_components = tuple(component for component in header[1 : 1 + 2 * count : 2] if component in self.lowest_bits)
        for component in self.last_components:
            if last < _COEFFICIENTS:
                self.lowest_bits[component][first : last + 1] = [lowest_bit] * (last + 1 - first)

    @property
    def is_complete(self) -> bool:
        """Whether the scans code every bit of every coefficient. Rare kinds of coding are assumed to be complete."""
        return self.marker not in _SEQUENTIAL | _PROGRESSIVE or not any(map(any, self.lowest_bits.values()))

    @property
    def restart_markers(self) -> int:
        """Restart markers that the last scan must have."""
        if not self.restart_interval or not self.last_components:
            return 0
        across = max(factors[0] for factors in self.sampling.values())
        down = max(factors[1] for factors in self.sampling.values())
        # A single component is coded block by block, several components in MCUs as large as the most subsampled one's block.
        own = self.sampling[self.last_components[0]] if len(self.last_components) == 1 else (1, 1)
        columns = math.ceil(self.width * own[0] / (8 * across))
        rows = math.ceil(self.height * own[1] / (8 * down))
        return (columns * rows - 1) // self.restart_interval

    @property
    def coefficients_per_pixel(self) -> float:
        """Coefficients that the decoder keeps for each pixel."""
        if not self.is_buffered or not self.sampling:
            return 0.0
        most = max(across for across, _ in self.sampling.values()) * max(down for _, down in self.sampling.values())
        return sum(across * down for across, down in self.sampling.values()) / most


@dataclass(frozen=True)
class StrippedJpeg(StrippedFile):
    """
    Attributes:
        has_end_marker: whether the file has one. `pieces` do not.
        last_scan: the coded data of the last scan, as an index of `pieces`; 0 when there is none.
    """

    frame: Frame
    has_end_marker: bool
    last_scan: int

    @property
    def data(self) -> bytes:
        return b"".join((*self.pieces, _END_MARKER))

    @property
    def has_all_restart_intervals(self) -> bool:
        coded = self.pieces[self.last_scan] if self.last_scan else b""
        return len(_RESTART_MARKER.findall(coded)) >= self.frame.restart_markers

    def with_scan(self, coded: bytes | memoryview, tail: bytes = b"") -> bytes:
        """The file with other data in its last scan, followed by `tail`."""
        after = self.last_scan + 1
        return b"".join((*self.pieces[: self.last_scan], coded, tail, *self.pieces[after:], _END_MARKER))


def strip_jpeg(data: bytes) -> StrippedJpeg:
    """
    Raises:
        Excessive: when there are too many segments or scans.
    """
    return _Stripper(data).result()


class _Stripper:
    """A single pass over a file, from marker to marker."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._view = memoryview(data)
        self._pieces: list[bytes | memoryview] = [data[:2]]
        self._exif_blocks: list[bytes] = []
        self._xmp_packets: list[bytes] = []
        self._frame: Frame | None = None
        self._scans = 0
        self._last_scan = 0

    def result(self) -> StrippedJpeg:
        has_end_marker = self._read_to_end()
        frame = self._frame or Frame(0, 0, 0)
        mode = {1: "L", 4: "CMYK"}.get(len(frame.sampling), "RGB")
        turn = orientation.find_orientation(self._exif_blocks, self._xmp_packets)
        return StrippedJpeg(self._pieces, (frame.width, frame.height), mode, False, turn, frame, has_end_marker, self._last_scan)

    def _read_to_end(self) -> bool:
        """Whether there is an end marker, rather than a cut."""
        place = 2
        for _ in range(MAX_PARTS):
            found = (_MARKER_AFTER_SCAN if self._scans else _MARKER).search(self._data, place)
            if self._scans:  # the coded data from the scan's header to here
                self._add_coded_data(place, found.start() if found else len(self._data))
            if found is None or found[1][0] == _EOI:
                return found is not None
            place = found.end()
            if found[1][0] not in _WITHOUT_LENGTH:
                start, place = place + 2, place + int.from_bytes(self._data[place : place + 2])
                self._add_segment(found[1][0], self._data[start:place])
        raise Excessive("too many segments")

    def _add_coded_data(self, start: int, end: int) -> None:
        if self._last_scan == len(self._pieces):  # data after other segments belongs to no scan
            self._pieces.append(self._view[start:end])

    def _add_segment(self, marker: int, body: bytes) -> None:
        if marker == _SOS:
            self._scans += 1
            if self._scans > _MAX_SCANS:
                raise Excessive("too many scans")
            if self._frame:
                self._frame.add_scan(body)
            self._last_scan = len(self._pieces) + 1
        elif marker == _APP1:
            self._add_metadata(body)
            return
        elif marker in _FRAME_HEADERS:
            self._frame = self._frame or Frame.parse(marker, body)
        elif not _is_kept(marker, body):
            return
        elif marker == _DRI and self._frame and len(body) >= 2:
            self._frame.restart_interval = int.from_bytes(body[:2])
        self._pieces.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)

    def _add_metadata(self, body: bytes) -> None:
        blocks: Sequence[tuple[bytes, list[bytes]]] = (
            (orientation.EXIF_START, self._exif_blocks),
            (orientation.XMP_START, self._xmp_packets),
        )
        for start, found in blocks:
            if body.startswith(start) and len(found) < orientation.MAX_BLOCKS:
                found.append(body)


def _is_kept(marker: int, body: bytes) -> bool:
    return marker in _KEPT_MARKERS or (marker in _KEPT_SEGMENTS and body.startswith(_KEPT_SEGMENTS[marker]))
