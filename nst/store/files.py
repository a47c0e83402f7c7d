"""Objects as files in a folder. Symbolic links are not followed, and files are written atomically.

A folder that disappears while it is in use is not created again: it may be a disk that is not mounted at the moment.
"""

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from uuid import uuid4

from nst.domain import is_key
from nst.store.errors import failure_of_os_error, store_error, system_message
from nst.store.ports import ObjectStore, StoredObject
from nst.store.user_messages import missing

_OUTAGE_MESSAGE = "The studio's pictures cannot be reached at the moment. Nothing is lost. Please try again in a minute."
_PARTIALS = ".partial"  # a subfolder for unfinished files, whose names are no keys
_ABSENT = {errno.ENOENT, errno.ELOOP, errno.ENOTDIR}
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700  # for this user alone
_ABANDONED_SECONDS = 3600.0  # age of an unfinished file whose writer has crashed


class FileObjects(ObjectStore):
    """An `ObjectStore`.

    Args:
        root: created when it is missing; no other program writes there.
        at_once: create it now. Otherwise the first call does, and each one after it until the folder can be used.
    """

    def __init__(self, root: Path, *, at_once: bool = True) -> None:
        self._root, self._partials = root, root / _PARTIALS
        self._is_open = False
        if at_once:
            with self._translate_errors():
                pass

    def put(self, key: str, data: bytes) -> None:
        with self._translate_errors():
            path = self._path(key)
            _make_folders(path.parent)
            partial = self._partials / uuid4().hex
            try:
                with open(partial, "xb", opener=_private) as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(path)
                _sync(path.parent)
            except OSError:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)
                raise

    def get(self, key: str) -> bytes:
        with self._translate_errors():
            descriptor = self._opened(self._path(key))
            with open(descriptor, "rb") as file:  # noqa: PTH123 -- a descriptor, so that nothing is swapped between check and use
                return file.read()

    def size(self, key: str) -> int:
        with self._translate_errors():
            try:
                status = self._path(key).stat(follow_symlinks=False)
            except OSError as error:
                if error.errno in _ABSENT:
                    raise missing() from error
                raise
        if not S_ISREG(status.st_mode):
            raise missing()
        return status.st_size

    def delete(self, keys: Iterable[str]) -> None:
        errors: list[OSError] = []
        with self._translate_errors():
            for path in [self._path(key) for key in keys]:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    errors.append(error)
            if errors:
                raise errors[0]

    def listing(self) -> Iterator[StoredObject]:
        with self._translate_errors():
            yield from self._listed()

    def _listed(self) -> Iterator[StoredObject]:
        for path in self._root.rglob("*"):
            key = path.relative_to(self._root).as_posix()
            try:
                status = path.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted since it was listed
                continue
            if is_key(key):
                yield StoredObject(key, status.st_size, status.st_mtime)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            self._open()
            yield
        except OSError as error:
            place = error.filename if isinstance(error.filename, str) else self._root
            raise store_error(
                failure_of_os_error(error), _OUTAGE_MESSAGE, f"The folder of pictures cannot be used: {place}: {system_message(error)}."
            ) from error

    def _open(self) -> None:
        if self._is_open:
            self._partials.stat()  # distinguishes the folder from an empty mount point
            return
        _make_folders(self._partials)
        self._root = self._root.resolve()
        self._partials = self._root / _PARTIALS
        self._close_to_others()
        self._delete_abandoned()
        self._is_open = True

    def _close_to_others(self) -> None:
        """Folders of pictures that were made by an earlier version, or by hand, are for this user as well. The root is the operator's."""
        for folder in self._root.iterdir():
            if folder.is_dir() and not folder.is_symlink():
                with suppress(PermissionError):  # another user's
                    folder.chmod(_PRIVATE_FOLDER)

    def _delete_abandoned(self) -> None:
        """Delete the unfinished files of processes that were killed."""
        for path in self._partials.iterdir():
            with suppress(FileNotFoundError):  # another process deletes them, too
                if path.stat(follow_symlinks=False).st_mtime < time.time() - _ABANDONED_SECONDS:
                    path.unlink()

    def _opened(self, path: Path) -> int:
        """
        Raises:
            ObjectMissing: when there is no such file, or a symbolic link in its place.
        """
        try:
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in _ABSENT:
                raise missing() from error
            raise

    def _path(self, key: str) -> Path:
        """
        Raises:
            ObjectMissing: for an invalid key, or one that leads through a symbolic link.
        """
        if not is_key(key):
            raise missing()
        path = self._root / key
        if os.path.realpath(path.parent) != str(path.parent):
            raise missing()
        return path


def make_private_folder(folder: Path) -> None:
    """Create a folder that only this user may read, since it holds private pictures. An existing one keeps its permissions.

    Raises:
        StoreUnavailable: when it cannot be created.
    """
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if isinstance(error, FileExistsError) else system_message(error)
        raise store_error(failure_of_os_error(error), _OUTAGE_MESSAGE, f"The data folder cannot be used: {folder}: {why}.") from error


def make_private_file(path: Path) -> None:
    """Create a file, if it is missing, that only this user may read, and close an existing one to others.

    Errors are ignored: the caller meets them when it opens the file.
    """
    with suppress(OSError):
        path.touch(mode=_PRIVATE_FILE)
        path.chmod(_PRIVATE_FILE)


def _make_folders(folder: Path) -> None:
    """Create a folder and those above it that are missing, for this user alone: `Path.mkdir` would do so for the last one only."""
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _PRIVATE_FILE)


def _sync(folder: Path) -> None:
    """Make a new file name as durable as the file's content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
