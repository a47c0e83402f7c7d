"""Objects as files of a folder. It follows no links, and writes whole files or none."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

from nst.domain import is_key
from nst.store.ports import StoredObject
from nst.store.sentences import missing

_PARTIAL = ".partial"


class FileObjects:
    """An `ObjectStore`. `root` is made when it is missing; nobody else writes there."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{uuid4().hex}{_PARTIAL}")
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    def get(self, key: str) -> bytes:
        path = self._path(key)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise missing() from error
        with open(descriptor, "rb") as file:  # noqa: PTH123 -- a descriptor, so that nothing is swapped between check and use
            return file.read()

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._path(key).unlink(missing_ok=True)

    def listing(self) -> Iterator[StoredObject]:
        for path in self._root.rglob("*"):
            key = path.relative_to(self._root).as_posix()
            try:
                status = path.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted meanwhile
                continue
            if is_key(key):
                yield StoredObject(key, status.st_size, status.st_mtime)

    def _path(self, key: str) -> Path:
        """
        Raises:
            ObjectMissing: for a key that is none of ours, or leads through a link.
        """
        if not is_key(key):
            raise missing()
        path = self._root / key
        if path.parent.resolve() != path.parent:
            raise missing()
        return path
