"""Objects as files of a folder. It follows no links, and writes whole files or none."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from nst.domain import is_key
from nst.store.ports import StoredObject
from nst.store.sentences import missing

_PARTIALS = ".partial"  # a folder of the root, where listings find no keys
_FORSAKEN_SECONDS = 3600.0  # no write takes so long: whoever began it is dead


class FileObjects:
    """An `ObjectStore`. `root` is made when it is missing; nobody else writes there."""

    def __init__(self, root: Path) -> None:
        (root / _PARTIALS).mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        self._partials = self._root / _PARTIALS
        self._clear_away()

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._partials / uuid4().hex
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            _sync(path.parent)
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

    def _clear_away(self) -> None:
        """What killed processes were writing."""
        for path in self._partials.iterdir():
            with suppress(FileNotFoundError):  # somebody else is clearing, too
                if path.stat(follow_symlinks=False).st_mtime < time.time() - _FORSAKEN_SECONDS:
                    path.unlink()

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


def _sync(folder: Path) -> None:
    """Makes a file's new name as lasting as its content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
