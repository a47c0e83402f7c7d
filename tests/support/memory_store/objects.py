"""Pictures."""

from collections.abc import Iterable, Iterator

from nst.domain import is_key
from nst.store.ports import ObjectStore, StoredObject
from nst.store.user_messages import missing


class MemoryObjects(ObjectStore):
    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        self._objects[_checked(key)] = data

    def get(self, key: str) -> bytes:
        if _checked(key) not in self._objects:
            raise missing()
        return self._objects[key]

    def size(self, key: str) -> int:
        return len(self.get(key))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._objects.pop(_checked(key), None)

    def listing(self) -> Iterator[StoredObject]:
        return iter([StoredObject(key, len(data), 0.0) for key, data in self._objects.items()])


def _checked(key: str) -> str:
    if not is_key(key):
        raise missing()
    return key
