"""Names that every file system accepts, and writes that leave a file complete or untouched, also when other processes write there."""

import fcntl
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from nst.cli.terminal import decode_names

FileIdentity = tuple[int, int, int]
"""A file at one moment: device, inode, and time of the last change in nanoseconds."""

_MAX_NAME_BYTES = 255  # where the file system does not say
_SUFFIX_BYTES = 12  # reserved for "-12345" and ".json"
_UNPORTABLE = re.compile('[\x00-\x1f\x7f<>:"\\\\|?*\ud800-\udfff]')
_LOCK_TIMEOUT = 10.0  # seconds
_LOCK_INTERVAL = 0.02  # seconds between two attempts
_STALE_AGE = 86_400.0  # seconds after which an unfinished file belongs to a run that was killed
_PARTIAL = ".pastiche-{}.partial"


def painting_stem(photo: str, style: str, folder: Path) -> str:
    """PHOTO-STYLE, shortened so that a number and an extension still fit."""
    max_bytes = _max_name_bytes(folder) - _SUFFIX_BYTES
    style = shorten(style, max_bytes // 2)
    return f"{shorten(photo, max_bytes - len(os.fsencode(style)) - 1)}-{style}"


def numbered(path: Path) -> Iterator[Path]:
    """The path with -2, -3, … after its stem, which is shortened where needed."""
    stem = shorten(path.stem, _max_name_bytes(path.parent) - _SUFFIX_BYTES)
    return (path.with_name(f"{stem}-{number}{path.suffix}") for number in count(2))


def shorten(name: str, max_bytes: int) -> str:
    """The beginning of a name, at most `max_bytes` long on disk, cut between characters and without a joiner at its end."""
    name = _encodable(name)
    if len(os.fsencode(name)) <= max_bytes:
        return name
    # Names are in UTF-8 in every locale, but in some locales a character of `name` is only a byte of it.
    text = os.fsencode(name).decode("utf-8", "surrogateescape")
    while len(text.encode("utf-8", "surrogateescape")) > max_bytes:
        text = text[:-1]
    return os.fsdecode((text.rstrip("\u200c\u200d. ") or text).encode("utf-8", "surrogateescape"))


def portable_stem(folder: Path, stem: str) -> str:
    """The stem, with _ for characters that the folder's file system refuses: colons on memory cards, bytes that are not UTF-8 on macOS."""
    unportable = "".join(sorted(set(_UNPORTABLE.findall(stem))))
    if not unportable or _accepts(folder, unportable):
        return stem
    return "".join("_" if character in unportable else character for character in stem)


def collision_key(path: Path) -> str:
    """The same for paths that some file systems treat as equal: different in case or in Unicode normalisation only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", decode_names(str(path))).casefold())


def identity(path: Path) -> FileIdentity | None:
    """The file (or link) at a path; None when there is none.

    Raises:
        OSError: when that cannot be found out, for instance because the name is too long or the folder may not be searched.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def write_partial(folder: Path, data: bytes) -> Path:
    """Write data to a file of a unique name and flush it to disk. `move_into_place` gives the file its final name."""
    path = folder / _PARTIAL.format(secrets.token_hex(8))
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # some disks only report here that they are full
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def move_into_place(source: Path, target: Path, replaceable: Container[FileIdentity]) -> None:
    """Rename a file. Only a file in `replaceable` may exist under the new name.

    Raises:
        FileExistsError: when another file exists there.
    """
    found = identity(target)
    if found is None:
        _rename_to_free_name(source, target)
    elif found in replaceable:
        source.replace(target)
    else:
        raise FileExistsError(target)


def remove_stale_partials(folder: Path) -> None:
    """Remove unfinished files of runs that were killed a day ago or longer."""
    with suppress(OSError):
        for path in folder.glob(_PARTIAL.format("*")):
            if time.time() - path.lstat().st_mtime > _STALE_AGE:
                path.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs from choosing names in a folder at the same time. The lock ends with its process and leaves no file.

    Runs without the lock where a folder cannot be locked, as on some network drives, or after a timeout. Nothing is lost then, because
    `move_into_place` only replaces what may be replaced.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            _lock(descriptor)
        yield


def _lock(descriptor: int) -> None:
    """
    Raises:
        OSError: where locking is not supported.
    """
    deadline = time.monotonic() + _LOCK_TIMEOUT
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOCK_INTERVAL)


def _rename_to_free_name(source: Path, target: Path) -> None:
    """
    Raises:
        FileExistsError: when the name is taken.
    """
    try:
        target.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:  # the file system has no hard links, as on memory cards
        target.open("xb").close()
        try:
            source.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def _accepts(folder: Path, characters: str) -> bool:
    path = folder / _PARTIAL.format(characters + secrets.token_hex(8))
    try:
        path.open("xb").close()
        path.unlink()
    except OSError:
        return False
    return True


def _encodable(name: str) -> str:
    """The name, or its UTF-8 bytes where the locale's encoding lacks its characters."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return os.fsdecode(name.encode("utf-8", "surrogateescape"))
    return name


def _max_name_bytes(folder: Path) -> int:
    try:
        return min(_MAX_NAME_BYTES, os.pathconf(folder, "PC_NAME_MAX"))
    except (OSError, ValueError):
        return _MAX_NAME_BYTES
