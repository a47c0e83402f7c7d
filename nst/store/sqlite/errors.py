"""Classifies what SQLite and its driver raise. An unlisted error counts as a bug."""

import os
import sqlite3
from pathlib import Path

from nst.errors import StoreUnavailable
from nst.store.errors import Failure, failure_of_os_error, store_error, system_message

OUTAGE_MESSAGE = "The studio cannot read its records at the moment. Accepted paintings are safe. Please try again in a minute."
ANOTHER = "Restore it from a backup, or set NST_DATA_DIR to another folder."
LOCAL = "Set NST_DATA_DIR to a folder on a disk of this machine."

_OUTAGES = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_SCHEMA,
)
_MISCONFIGURED = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_EMPTY,
)
_BY_CODE = {
    **dict.fromkeys(_OUTAGES, Failure.OUTAGE),
    **dict.fromkeys(_MISCONFIGURED, Failure.MISCONFIGURED),
    sqlite3.SQLITE_FULL: Failure.FULL,
}
_WRONG_SCHEMA = ("no such table", "no such column", "has no column named")  # although the version says that it is ours
_HINTS = {
    sqlite3.SQLITE_BUSY: "Another program holds its lock.",
    sqlite3.SQLITE_LOCKED: "Another program holds its lock.",
    sqlite3.SQLITE_CORRUPT: ANOTHER,
    sqlite3.SQLITE_NOTADB: ANOTHER,
    sqlite3.SQLITE_PROTOCOL: LOCAL,
}
_NETWORK = (  # what network drives do not support
    sqlite3.SQLITE_IOERR_SHMMAP,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMLOCK,
    sqlite3.SQLITE_IOERR_LOCK,
)


def error_from(error: sqlite3.Error | sqlite3.Warning, path: Path) -> StoreUnavailable:
    """The error to raise from an error of SQLite."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    primary = (code or 0) & 0xFF
    if primary == sqlite3.SQLITE_CANTOPEN and (why := _why_closed(path)) is not None:
        return error_from_system(why, path)
    failure = _BY_CODE.get(primary, Failure.BUG)
    if failure is Failure.BUG and any(text in str(error) for text in _WRONG_SCHEMA):
        return store_error(Failure.MISCONFIGURED, OUTAGE_MESSAGE, reason(path, str(error), ANOTHER))
    hint = LOCAL if code in _NETWORK else _HINTS.get(primary, "")
    return store_error(failure, OUTAGE_MESSAGE, reason(path, str(error), hint))


def error_from_system(error: OSError, path: Path) -> StoreUnavailable:
    """The error to raise from one of the file system, about this path."""
    return store_error(failure_of_os_error(error), OUTAGE_MESSAGE, reason(path, system_message(error)))


def outage(path: Path, said: str) -> StoreUnavailable:
    return store_error(Failure.OUTAGE, OUTAGE_MESSAGE, reason(path, said))


def refusal(path: Path, said: str, hint: str) -> StoreUnavailable:
    return store_error(Failure.MISCONFIGURED, OUTAGE_MESSAGE, reason(path, said, hint))


def reason(path: Path, said: str, hint: str = "") -> str:
    """The text for operators."""
    return f"The data folder cannot be used: {path}: {said.rstrip('.')}. {hint}".rstrip()


def _why_closed(path: Path) -> OSError | None:
    """SQLite only says that it cannot open the database or one of its auxiliary files; try the system calls to find out why."""
    for file in (path, path.parent):
        try:
            os.close(os.open(file, os.O_RDWR if file is path else os.O_RDONLY))
        except FileNotFoundError as error:
            if file is not path:
                return error
        except OSError as error:
            return error
    return None
