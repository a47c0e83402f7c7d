"""The items (pictures and their parts) of a HEIC or AVIF file, from its `meta` box (ISO 23008-12). Their data is not parsed."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from nst.images.headers.boxes import Reader, StepCounter

_IN_FILE = 0
_IN_IDAT = 1
_MAX_EXTENTS = 64


@dataclass
class Item:
    """A picture in the file, or a part of one.

    Attributes:
        kind: its four-character type.
        properties: type, contents, and whether a reader must understand it (`essential`).
        references: by type, the ids of other items.
        extents: its data.
    """

    kind: bytes = b""
    properties: list[tuple[bytes, bytes, bool]] = field(default_factory=list)
    references: dict[bytes, list[int]] = field(default_factory=dict)
    extents: list[memoryview] = field(default_factory=list)

    def first(self, kind: bytes) -> bytes:
        """The contents of the first property of a type; empty when there is none."""
        return next((contents for name, contents, _ in self.properties if name == kind), b"")

    @property
    def size(self) -> tuple[int, int]:
        width, height = struct.unpack(">4xII", self.first(b"ispe")[:12].ljust(12, b"\0"))
        return width, height

    @property
    def length(self) -> int:
        return sum(map(len, self.extents))

    @property
    def data(self) -> bytes | memoryview:
        return self.extents[0] if len(self.extents) == 1 else b"".join(self.extents)


class Items:
    """All items of a file, by their ids.

    Attributes:
        primary: the id of the primary item.

    Raises:
        ValueError: when the `meta` box is missing or malformed.
        Excessive: when it has too many boxes or records.
    """

    def __init__(self, data: bytes) -> None:
        self._file = memoryview(data)
        self._item_data = memoryview(b"")  # of the `idat` box
        self._items: dict[int, Item] = {}
        self._properties: list[tuple[bytes, bytes]] = []
        self.primary = 0
        meta = next((contents for kind, contents in Reader(self._file, StepCounter()).boxes() if kind == b"meta"), None)
        if meta is None:
            raise ValueError("there is no still picture")
        meta.version_and_flags()
        boxes: dict[bytes, list[Reader]] = {}
        for kind, contents in meta.boxes():
            boxes.setdefault(kind, []).append(contents)
        for contents in boxes.get(b"idat", []):
            self._item_data = contents.view
        for kind, read in self._readers().items():
            for contents in boxes.get(kind, []):
                read(contents)

    def __getitem__(self, number: int) -> Item:
        """
        Raises:
            ValueError: when there is none.
        """
        if number not in self._items:
            raise ValueError("an item is missing")
        return self._items[number]

    def auxiliaries(self, number: int) -> list[int]:
        """The ids of the auxiliary items of an item, such as its alpha channel."""
        return [own for own, item in self._items.items() if number in item.references.get(b"auxl", [])]

    def _readers(self) -> dict[bytes, Callable[[Reader], None]]:
        return {
            b"pitm": self._read_primary,
            b"iinf": self._read_kinds,
            b"iref": self._read_references,
            b"iprp": self._read_properties,
            b"iloc": self._read_locations,
        }

    def _item(self, number: int) -> Item:
        return self._items.setdefault(number, Item())

    def _read_primary(self, contents: Reader) -> None:
        version, _ = contents.version_and_flags()
        self.primary = contents.number(4 if version else 2)

    def _read_kinds(self, contents: Reader) -> None:
        version, _ = contents.version_and_flags()
        contents.number(4 if version else 2)
        for kind, entry in contents.boxes():
            version, _ = entry.version_and_flags()
            if kind == b"infe" and version >= 2:
                number = entry.number(4 if version > 2 else 2)
                entry.number(2)
                self._item(number).kind = bytes(entry.take(4))

    def _read_references(self, contents: Reader) -> None:
        version, _ = contents.version_and_flags()
        size = 4 if version else 2
        for kind, entry in contents.boxes():
            item = self._item(entry.number(size))
            item.references.setdefault(kind, []).extend(entry.number(size) for _ in entry.records(entry.number(2)))

    def _read_properties(self, contents: Reader) -> None:
        parts = list(contents.boxes())
        for kind, part in parts:
            if kind == b"ipco":
                self._properties += [(name, bytes(contents.view)) for name, contents in part.boxes()]
        for kind, part in parts:
            if kind == b"ipma":
                self._read_associations(part)

    def _read_associations(self, contents: Reader) -> None:
        version, flags = contents.version_and_flags()
        size = 2 if flags & 1 else 1
        for _ in contents.records(contents.number(4)):
            item = self._item(contents.number(4 if version else 2))
            for _ in contents.records(contents.number(1)):
                entry, essential = contents.number(size), 1 << (8 * size - 1)
                index = entry & (essential - 1)
                if 1 <= index <= len(self._properties):
                    item.properties.append((*self._properties[index - 1], bool(entry & essential)))

    def _read_locations(self, contents: Reader) -> None:
        version, _ = contents.version_and_flags()
        sizes = contents.number(2)
        offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        for _ in contents.records(contents.number(4 if version > 1 else 2)):
            item = self._item(contents.number(4 if version > 1 else 2))
            method = contents.number(2) & 15 if version else _IN_FILE
            elsewhere, base, count = contents.number(2), contents.number(base_size), contents.number(2)
            for _ in contents.records(count):
                contents.number(index_size if version else 0)
                offset, length = base + contents.number(offset_size), contents.number(length_size)
                if not elsewhere and len(item.extents) < _MAX_EXTENTS:
                    item.extents.append(self._extent(method, offset, length))

    def _extent(self, method: int, offset: int, length: int) -> memoryview:
        source = {_IN_FILE: self._file, _IN_IDAT: self._item_data}.get(method, memoryview(b""))
        return source[offset : offset + length if length else None]
