"""Storage of pictures, and links to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """An entry of a listing; `size` in bytes, `modified` in seconds since the epoch."""

    key: str
    size: int
    modified: float


class ObjectStore(Protocol):
    """Pictures by key (`nst.domain.keys`). Every operation on any other key raises `ObjectMissing`."""

    def put(self, key: str, data: bytes) -> None:
        """Store an object, whole or not at all; replaces an earlier one. Its media type follows from the key's extension."""
        ...

    def get(self, key: str) -> bytes:
        """
        Raises:
            ObjectMissing: when there is none.
        """
        ...

    def size(self, key: str) -> int:
        """The size in bytes, without reading the object.

        Raises:
            ObjectMissing: when there is none.
        """
        ...

    def copy(self, source: str, target: str) -> None:
        """
        Raises:
            ObjectMissing: when there is no source.
        """
        self.put(target, self.get(source))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored. All are tried, even when one cannot be deleted, which is raised at the end."""
        ...

    def uncache(self, keys: Iterable[str]) -> None:  # noqa: ARG002 -- by default there is no cache
        """Remove these from caches in front of the store, whether they are still stored or not. `delete` does so for what it deletes."""
        return

    def listing(self) -> Iterable[StoredObject]:
        """All objects, in no order."""
        ...


class Links(Protocol):
    """URLs at which a browser gets pictures without going through the app."""

    def link(self, key: str, name: str) -> str:
        """A permanent URL for a public key; one that expires within minutes for a private key.

        Args:
            name: the file name for saving; letters, digits, `-`, `_` and `.` only.
        """
        ...

    def public_url(self, key: str) -> str | None:
        """The permanent URL of a public key; None without one, and for a private key."""
        ...
