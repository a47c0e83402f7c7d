"""A folder of own style pictures, which may change at any time. Each state of a file is checked once; unusable pictures are left out."""

import hashlib
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nst import images
from nst.errors import FileUnreadable, PasticheError
from nst.images import Limits
from nst.styles.names import assign_ids, readable

log = logging.getLogger(__name__)

_CHECK_SIDE = 512  # long side in pixels to decode to; enough to notice damage
_State = tuple[int, ...] | None


@dataclass(frozen=True)
class Checked:
    """The SHA-256 of a usable picture's file, or the error that makes it unusable."""

    digest: str = ""
    error: PasticheError | None = None


class _Check:
    """The check of one state of a file, made when it is first needed."""

    def __init__(self, path: Path, state: _State) -> None:
        self.path, self.state = path, state
        self._lock, self._found = threading.Lock(), Checked()
        self.is_done = False

    def result(self, limits: Limits, decoding: threading.Lock) -> Checked:
        with self._lock:
            if not self.is_done:
                with decoding:
                    self._found, self.is_done = _examined(self.path, limits), True
            return self._found


@dataclass(frozen=True)
class Index:
    """Files by id, and ids by their aliases (full and former ids)."""

    files: Mapping[str, str]
    aliases: Mapping[str, list[str]]

    @classmethod
    def of(cls, files: Iterable[str], reserved: Collection[str]) -> "Index":
        found, aliases = assign_ids(files, reserved), defaultdict[str, list[str]](list)
        for style_id, own in found.items():
            for alias in {own.plain, own.full, own.former} - {None, style_id}:
                aliases[str(alias)].append(style_id)
        return cls({style_id: own.file for style_id, own in sorted(found.items(), key=lambda each: each[1].file)}, aliases)


class OwnStyles:
    """The pictures of a folder.

    Args:
        reserved: ids of other styles.

    Raises:
        FileUnreadable: when it is not a readable folder. A folder that is lost later is logged, and counts as empty until it is back.
    """

    def __init__(self, folder: Path, limits: Limits, reserved: Collection[str]) -> None:
        self._folder, self._limits, self._reserved = folder, limits, reserved
        self._lock, self._decoding = threading.Lock(), threading.Lock()
        self._checks: dict[str, _Check] = {}
        self._checker: threading.Thread | None = None
        self._index, self._is_lost = Index({}, {}), False
        self._names: list[str] = []
        self._read(self._files())

    def index(self) -> Index:
        try:
            names = self._files()
        except FileUnreadable as error:
            if not self._is_lost:
                log.error("%s", error)
            self._is_lost, names = True, []
        else:
            self._is_lost = False
        return self._read(names)

    def path(self, file: str) -> Path:
        return self._folder / file

    def check(self, file: str) -> Checked:
        """Checks a file, unless its present state has been checked before."""
        return self._check(file).result(self._limits, self._decoding)

    def checked(self, files: Iterable[str], timeout: float | None) -> dict[str, Checked]:
        """The results for files that are checked within `timeout` seconds. The checks of the others go on in the background."""
        checks = {file: self._check(file) for file in files}
        deadline = None if timeout is None else time.monotonic() + timeout
        while pending := [check for check in checks.values() if not check.is_done]:
            thread = self._begin(pending)
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                break
        return {file: check.result(self._limits, self._decoding) for file, check in checks.items() if check.is_done}

    def _begin(self, pending: list[_Check]) -> threading.Thread:
        """Runs a single thread, so that many visitors cause no more decoding than one."""
        with self._lock:
            if self._checker is None or not self._checker.is_alive():
                self._checker = threading.Thread(target=self._run, args=(pending,), name="style-check", daemon=True)
                self._checker.start()
            return self._checker

    def _run(self, pending: list[_Check]) -> None:
        for check in pending:
            check.result(self._limits, self._decoding)

    def _check(self, file: str) -> _Check:
        path = self._folder / file
        state = _state(path)
        with self._lock:
            known = self._checks.get(file)
            if known is None or known.state != state:
                known = self._checks[file] = _Check(path, state)
            return known

    def _files(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._folder) if images.has_input_suffix(Path(name)) and not name.startswith("."))  # noqa: PTH208
        except OSError as error:
            raise FileUnreadable(f"The folder of styles, {self._folder}, cannot be read. Set NST_STYLES_DIR to one that can.") from error

    def _read(self, names: list[str]) -> Index:
        with self._lock:
            if names != self._names:
                self._names, self._index = names, Index.of(names, self._reserved)
                present = set(names)
                self._checks = {file: check for file, check in self._checks.items() if file in present}
            return self._index


def _state(path: Path) -> _State:
    """Differs whenever the file does: a replacement that keeps size and modification time has another inode or change time."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _examined(path: Path, limits: Limits) -> Checked:
    try:
        _check_kind(path)
        data = images.read_bytes(path, limits)
        images.decode(data, limits, max_side=_CHECK_SIDE)
    except PasticheError as error:
        log.warning("the style picture %s is left out: %s", readable(path.name), error)
        return Checked(error=error)
    except Exception as error:  # a bug would recur with each check, and the picture would be checked for ever
        log.exception("the style picture %s is left out", readable(path.name))
        return Checked(error=FileUnreadable(f"It cannot be checked: {type(error).__name__}."))
    return Checked(digest=hashlib.sha256(data).hexdigest())


def _check_kind(path: Path) -> None:
    if not path.exists():
        raise FileUnreadable("It is a broken link, or you may not read it.")
    if not path.is_file():
        raise FileUnreadable("It is not a regular file.")
