"""PNG: without text, times, further frames, and data after its end; of colour profiles, only the first."""

import struct
import zlib
from collections.abc import Iterator

from nst.images.headers import orientation
from nst.images.headers.stripped import MAX_PARTS, Excessive, StrippedFile

_SIGNATURE_BYTES = 8
_END_CHUNK = b"\0\0\0\0IEND\xaeB`\x82"
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW_EXIF_KEYWORDS = {b"Raw profile type exif", b"Raw profile type APP1"}  # as ImageMagick writes them
_RAW_XMP_KEYWORDS = {b"Raw profile type xmp", b"Raw profile type APP1"}
_MAX_PROFILE = 1 << 20  # bytes, decompressed. The decoder refuses a picture with a larger profile, which is readable without it
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}  # by colour type
_MODES_BY_DEPTH = {(0, 1): "1", (0, 16): "I;16", (4, 16): "RGBA"}  # by colour type and bit depth, where the depth matters


def strip_png(data: bytes) -> StrippedFile:
    """Add the end chunk if it is missing. Like libpng, drop optional chunks with a wrong checksum.

    Raises:
        Excessive: when there are too many chunks.
        ValueError: when the header is missing.
    """
    if data[12:16] != b"IHDR":
        raise ValueError("there is no header")
    pieces: list[bytes | memoryview] = [data[:_SIGNATURE_BYTES]]
    metadata, kinds, view = _OrientationChunks(), set(), memoryview(data)
    for kind, start, end in _chunks(data):
        if end > len(data):  # the decoder decides whether it has all pixels nevertheless
            pieces += _completed(kind, view[start:])
        elif kind in _CRITICAL or _is_wanted(kind, view[start:end], is_first=kind not in kinds):
            pieces.append(view[start:end])
        else:
            metadata.read(kind, view[start + 8 : end - 4])
        kinds.add(kind)
    pieces.append(_END_CHUNK)
    width, height, depth, colour_type = struct.unpack(">IIBB", data[16:26].ljust(10, b"\0"))
    is_transparent = colour_type in (4, 6) or (b"tRNS" in kinds and depth <= 8)
    mode = _MODES_BY_DEPTH.get((colour_type, depth), _MODES.get(colour_type, "RGB"))
    return StrippedFile(pieces, (width, height), mode, is_transparent, metadata.orientation)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk before IEND. The last one may be cut off."""
    end = _SIGNATURE_BYTES
    for _ in range(MAX_PARTS):
        start, end = end, end + 12 + int.from_bytes(data[end : end + 4])
        kind = data[start + 4 : start + 8]
        if kind == b"IEND" or len(kind) < 4:
            return
        yield kind, start, end
        if end >= len(data):
            return
    raise Excessive("too many chunks")


def _completed(kind: bytes, chunk: memoryview) -> list[bytes | memoryview]:
    """A valid chunk with the data of one that is cut off."""
    length = min(len(chunk) - 8, int.from_bytes(chunk[:4]))
    body = chunk[8 : 8 + length]
    return [struct.pack(">I", length), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))]


def _is_wanted(kind: bytes, chunk: memoryview, is_first: bool) -> bool:
    """Whether an optional chunk affects colours and is intact."""
    if kind != b"tRNS" and (kind != b"iCCP" or not is_first):
        return False
    is_intact = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])
    return is_intact and (kind == b"tRNS" or _is_usable_profile(bytes(chunk[8:-4])))


def _is_usable_profile(profile: bytes) -> bool:
    """Whether a profile, which is compressed after its name, is neither too large nor broken."""
    compressed = profile.partition(b"\0")[2][1:]
    return _decompress(compressed, _MAX_PROFILE) is not None


def _decompress(compressed: bytes, max_bytes: int) -> bytes | None:
    """None for broken data, or data with more than `max_bytes`."""
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(compressed, max_bytes)
    except zlib.error:
        return None
    return None if decompressor.unconsumed_tail else data


class _OrientationChunks:
    """The chunks that may state the orientation: EXIF blocks, ImageMagick's hexadecimal form of them, and XMP packets."""

    def __init__(self) -> None:
        self._exif_blocks: list[bytes] = []
        self._raw_exif_blocks: list[bytes] = []
        self._xmp_packets: list[bytes] = []

    @property
    def orientation(self) -> int | None:
        return orientation.find_orientation(self._exif_blocks + self._raw_exif_blocks, self._xmp_packets)

    def read(self, kind: bytes, body: memoryview) -> None:
        if kind == b"eXIf" and len(self._exif_blocks) < orientation.MAX_BLOCKS:
            self._exif_blocks.append(bytes(body[: orientation.MAX_BLOCK_BYTES]))
        elif kind in _TEXTS and max(len(self._raw_exif_blocks), len(self._xmp_packets)) < orientation.MAX_BLOCKS:
            self._read_text(kind, bytes(body[: 4 * orientation.MAX_BLOCK_BYTES]))

    def _read_text(self, kind: bytes, body: bytes) -> None:
        keyword, _, rest = body.partition(b"\0")
        if keyword == _XMP_KEYWORD:
            self._xmp_packets.append(_text(kind, rest))
        elif keyword in _RAW_EXIF_KEYWORDS | _RAW_XMP_KEYWORDS:
            block = orientation.decode_raw_profile(_text(kind, rest))
            if keyword in _RAW_EXIF_KEYWORDS:
                self._raw_exif_blocks.append(block)
            if keyword in _RAW_XMP_KEYWORDS:
                self._xmp_packets.append(block)


def _text(kind: bytes, rest: bytes) -> bytes:
    """The bytes of a text, from what follows its keyword; empty when they cannot be decompressed."""
    is_compressed = kind == b"zTXt"
    if kind == b"iTXt":
        is_compressed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif is_compressed:
        rest = rest[1:]
    return (_decompress(rest, 4 * orientation.MAX_BLOCK_BYTES) or b"") if is_compressed else rest
