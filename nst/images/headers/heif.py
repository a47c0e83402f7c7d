"""HEIC and AVIF: the primary picture, its tiles and its alpha channel, in a new container.

Metadata, thumbnails, depth maps, further pictures and sequences are left out. So are rotation, mirroring and cropping, which are read here:
decoders differ in whether they apply them.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from nst.images.headers import bitstreams
from nst.images.headers.boxes import box, full_box
from nst.images.headers.items import Item, Items
from nst.images.headers.stripped import Excessive, StrippedFile

HEVC = b"hvc1"
AV1 = b"av01"
# By codec: its configuration box; the function that reads sizes from it; and by how many pixels the coded picture may exceed the shown one
# (HEVC has blocks of up to 64).
_CODECS = {HEVC: (b"hvcC", bitstreams.hevc_sizes, 128), AV1: (b"av1C", bitstreams.av1_sizes, 8)}
_KEPT_PROPERTIES = {b"ispe", b"hvcC", b"av1C", b"pixi", b"auxC", b"a1op", b"a1lx", b"lsel"}
_APPLIED_PROPERTIES = {b"irot", b"imir", b"clap", b"colr"}
_ALPHA_TYPES = (b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
_MAX_TILES = 4096
_SMALL_PICTURE = 1 << 22  # pixels; the tiles of a small picture may be larger than it
_MAX_PROFILE = 1 << 20  # bytes
# EXIF orientations, by quarter turns counter-clockwise, then by mirroring: none, top with bottom, left with right.
_ORIENTATIONS = ((1, 4, 2), (8, 5, 7), (3, 2, 4), (6, 7, 5))

Size = tuple[int, int]


class UnsupportedVariant(ValueError):
    """A picture that no installed decoder reads. The message names its kind, for a sentence."""


@dataclass(frozen=True)
class StrippedHeif(StrippedFile):
    """`size` is the size after cropping.

    Attributes:
        codec: HEVC or AV1.
        coded_size: width and height before cropping.
        crop_origin: left and upper edge of the crop.
        bits: of a sample.
        profile: ICC profile; empty when there is none.
        primaries, transfer: of its colours, by their numbers in ISO 23091-2; 2 when the file does not say.
    """

    codec: bytes
    coded_size: Size
    crop_origin: Size
    bits: int
    profile: bytes
    primaries: int
    transfer: int


def strip_heif(data: bytes) -> StrippedHeif:
    """
    Raises:
        UnsupportedVariant: when the primary picture is of a kind that is not supported.
        Excessive: when there is more of anything than a picture needs.
        ValueError: when the file is malformed.
    """
    items = Items(data)
    primary = items[items.primary]
    kept = _items_to_keep(items)
    parts = [items[number] for number in kept]
    if sum(part.length for part in parts) > 2 * len(data):  # equal tiles may share their data
        raise Excessive("items that share their data")
    coded = [part for part in parts if part.kind in _CODECS]
    for part in coded:
        _check_coded(part)
    has_alpha = any(part.first(b"auxC") for part in parts)
    profile, primaries, transfer = _colours([primary, *coded])
    (left, top), size = _crop(primary)
    bits = max(max(part.first(b"pixi")[5:] or b"\x08") for part in coded)
    mode, orientation = "RGBA" if has_alpha else "RGB", _orientation(primary)
    pieces = _container(items, kept, coded[0].kind)
    return StrippedHeif(
        pieces, size, mode, has_alpha, orientation, coded[0].kind, primary.size, (left, top), bits, profile, primaries, transfer
    )


def _items_to_keep(items: Items) -> list[int]:
    """The ids of the primary item, its alpha channel, and the tiles of both, without duplicates."""
    alphas = [number for number in items.auxiliaries(items.primary) if items[number].first(b"auxC")[4:].startswith(_ALPHA_TYPES)]
    found = [items.primary, *alphas[:1]]
    tiles = [tile for number in found for tile in _tiles(items, number)]
    kept = list(dict.fromkeys([*found, *tiles]))
    if len({items[number].kind for number in kept} & _CODECS.keys()) != 1:
        raise UnsupportedVariant("HEIC or AVIF picture")
    return kept


def _tiles(items: Items, number: int) -> list[int]:
    """The ids of a grid's tiles; none for an item that is coded as a whole."""
    item = items[number]
    if item.kind in _CODECS:
        return []
    if item.kind != b"grid":
        raise UnsupportedVariant("HEIC or AVIF picture")
    head = bytes(item.data[:12])
    width, height = struct.unpack_from(">II" if head[1:2] == b"\1" else ">HH", head.ljust(12, b"\0"), 4)
    tiles = item.references.get(b"dimg", [])
    if (width, height) != item.size or len(head) < 8 or len(tiles) != (head[2] + 1) * (head[3] + 1):
        raise ValueError("a grid that does not fit")
    sizes = [items[tile].size for tile in tiles if items[tile].kind in _CODECS]
    if len(sizes) < len(tiles) or len(tiles) > _MAX_TILES:
        raise UnsupportedVariant("HEIC or AVIF picture")
    if sum(across * down for across, down in sizes) > 3 * max(_SMALL_PICTURE, width * height):
        raise Excessive("tiles much larger than the picture")
    return tiles


def _check_coded(item: Item) -> None:
    config, sizes_of, tolerance = _CODECS[item.kind]
    sizes = sizes_of(item.first(config), item.data)
    if not sizes:
        raise ValueError("nothing says how large the coded picture is")
    if any(coded > stated + tolerance for size in sizes for coded, stated in zip(size, item.size, strict=True)):
        raise Excessive("the coded picture is larger than the file says")
    if any(max(coded) < stated for coded, stated in zip(zip(*sizes, strict=True), item.size, strict=True)):
        raise ValueError("the coded picture is smaller than the file says")


def _colours(items: Iterable[Item]) -> tuple[bytes, int, int]:
    profile, primaries, transfer = b"", 2, 2
    for item in items:
        for contents in (contents for kind, contents, _ in item.properties if kind == b"colr"):
            if contents[:4] in (b"prof", b"rICC") and not profile and len(contents) <= _MAX_PROFILE:
                profile = contents[4:]
            elif contents[:4] == b"nclx" and len(contents) >= 8 and primaries == 2:
                primaries, transfer = struct.unpack(">HH", contents[4:8])
    return profile, primaries, transfer


def _crop(item: Item) -> tuple[Size, Size]:
    """Left and upper edge, and width and height, of the clean aperture."""
    contents = item.first(b"clap")
    if len(contents) < 32:
        return (0, 0), item.size
    numbers = struct.unpack(">IIIIiIiI", contents[:32])
    if not all(numbers[1::2]):
        raise ValueError("a crop by zero")
    width, height, right, down = (over / under for over, under in zip(numbers[::2], numbers[1::2], strict=True))
    size = min(round(width), item.size[0]), min(round(height), item.size[1])
    edges = [
        max(0, min(whole - own, round((whole - own) / 2 + off))) for whole, own, off in zip(item.size, size, (right, down), strict=True)
    ]
    return (edges[0], edges[1]), size


def _orientation(item: Item) -> int:
    """All rotations and mirrorings in their order, combined. EXIF does not count: the format forbids it."""
    quarters, mirror = 0, 0
    for kind, contents, _ in item.properties:
        if kind == b"irot":
            turn = contents[0] & 3 if contents else 0
            quarters += -turn if mirror else turn
        elif kind == b"imir":
            axis = (contents[0] & 1 if contents else 0) + 1
            quarters, mirror = (quarters, axis) if not mirror else (quarters + 2 * (mirror != axis), 0)
    return _ORIENTATIONS[quarters % 4][mirror]


def _container(items: Items, kept: list[int], codec: bytes) -> list[bytes | memoryview]:
    """A new container with the kept items, which get the ids 1, 2, …"""
    brands = b"avifmif1miaf" if codec == AV1 else b"heicmif1heix"
    start = box(b"ftyp", brands[:4], b"\0\0\0\0", brands)
    lengths = [items[number].length for number in kept]
    meta = _meta(items, kept, lengths, 0)
    meta = _meta(items, kept, lengths, len(start) + len(meta) + 8)
    extents = [extent for number in kept for extent in items[number].extents]
    return [start, meta, struct.pack(">I4s", sum(lengths) + 8, b"mdat"), *extents]


def _meta(items: Items, kept: list[int], lengths: list[int], place: int) -> bytes:
    numbers = {number: index for index, number in enumerate(kept, 1)}
    kinds = [full_box(b"infe", struct.pack(">HH4sB", index, 0, items[number].kind, 0), version=2) for number, index in numbers.items()]
    places = []
    for index, length in enumerate(lengths, 1):
        places.append(struct.pack(">HHHII", index, 0, 1, place, length))
        place += length
    return full_box(
        b"meta",
        full_box(b"hdlr", struct.pack(">I4s13x", 0, b"pict")),
        full_box(b"pitm", struct.pack(">H", 1)),
        full_box(b"iloc", struct.pack(">BBH", 0x44, 0, len(kept)), *places),
        full_box(b"iinf", struct.pack(">H", len(kept)), *kinds),
        full_box(b"iref", *_references(items, numbers)),
        _properties(items, numbers),
    )


def _references(items: Items, numbers: dict[int, int]) -> list[bytes]:
    found = []
    for number, index in numbers.items():
        for kind in (b"dimg", b"auxl", b"prem"):
            ends = [numbers[end] for end in items[number].references.get(kind, []) if end in numbers]
            if ends:
                found.append(box(kind, struct.pack(f">HH{len(ends)}H", index, len(ends), *ends)))
    return found


def _properties(items: Items, numbers: dict[int, int]) -> bytes:
    """The properties that decoders need, and unknown essential ones, so that decoders that do not support them refuse the file."""
    known: dict[tuple[bytes, bytes], int] = {}
    associations = []
    for number, index in numbers.items():
        own = [
            known.setdefault((kind, contents), len(known) + 1) | is_essential << 15
            for kind, contents, is_essential in items[number].properties
            if kind in _KEPT_PROPERTIES or contents.startswith(b"nclx") or (is_essential and kind not in _APPLIED_PROPERTIES)
        ]
        associations.append(struct.pack(f">HB{len(own)}H", index, len(own), *own))
    return box(
        b"iprp",
        box(b"ipco", *(box(kind, contents) for kind, contents in known)),
        full_box(b"ipma", struct.pack(">I", len(associations)), *associations, flags=1),
    )
