"""The orientation of a photo in EXIF and XMP. Nothing else in them is read, and no more than a bounded part."""

import re
import struct
from collections.abc import Iterable

EXIF_START = b"Exif\0"
"""The start of a JPEG's EXIF segment; a byte of padding follows."""
XMP_START = b"http://ns.adobe.com/xap/1.0/\0"
"""The start of a JPEG's XMP segment."""
MAX_BLOCKS = 8
"""Blocks of each kind that are read."""
MAX_BLOCK_BYTES = 1 << 18
"""Bytes of a block that are read. The orientation is near its start."""

_TAG = 0x0112
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_INTEGER_FORMATS = {1: "B", 4: "I"}  # by TIFF type; unsigned short for all others
# Bounded regular expressions instead of an XML parser, which a malicious file could keep busy.
_PREFIX = re.compile(rb"""xmlns:([\w.-]{1,40})\s{0,9}=\s{0,9}["']http://ns\.adobe\.com/tiff/1\.0/["']""")
_STATEMENT = rb"""[<\s]%s:Orientation\s{0,9}(?:=\s{0,9}["']|>)\s{0,9}([1-8])\s{0,9}["'<]"""


def find_orientation(exif_blocks: Iterable[bytes], xmp_packets: Iterable[bytes]) -> int | None:
    """The EXIF orientation, 1 to 8, from the first EXIF block that states it, or else the first XMP packet; None when none does."""
    found = (*map(from_exif, exif_blocks), *map(from_xmp, xmp_packets))
    return next((value for value in found if value is not None), None)


def from_exif(block: bytes) -> int | None:
    """None when the block states no orientation or an invalid one, or is malformed."""
    tiff = block[6:] if block.startswith(EXIF_START) else block
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for offset in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, offset)
            if tag == _TAG:
                (value,) = struct.unpack_from(f"{order}{_INTEGER_FORMATS.get(kind, 'H')}", tiff, offset + 8)
                return int(value) if 1 <= value <= 8 else None
    except struct.error:  # the block is cut off
        pass
    return None


def from_xmp(packet: bytes) -> int | None:
    """None when the packet states no orientation. The prefix `tiff` is only a convention, so the namespace's declaration is looked up."""
    packet = packet[:MAX_BLOCK_BYTES]
    prefix = _PREFIX.search(packet)
    found = re.search(_STATEMENT % re.escape(prefix[1] if prefix else b"tiff"), packet)
    return int(found[1]) if found else None


def decode_raw_profile(text: bytes) -> bytes:
    """The block in a PNG's "Raw profile type" text: name, length, and bytes in hexadecimal. Empty when the text is malformed."""
    words = text.split(None, 2)
    try:
        return bytes.fromhex(words[2].decode("ascii")) if len(words) == 3 and words[1].isdigit() else b""
    except ValueError:
        return b""
