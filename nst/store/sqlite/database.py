"""The SQLite file: connections, transactions and migrations. It knows no jobs.

WAL mode lets readers and the writer work at the same time; the file must be on a local disk. Every writing transaction is IMMEDIATE: one
that begins as a reader cannot wait for the write lock. Commits are synced to disk, since they are few and an accepted job must not be lost.

A file that disappears while it is in use, as with a disk that is unmounted, is not created again, which would silently lose what is written
later. A file that replaces it, such as a backup, is opened instead.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from queue import Empty, LifoQueue

from nst.errors import DataTooNew
from nst.store.files import make_private_file, make_private_folder
from nst.store.sqlite import errors

BUSY_SECONDS = 10.0  # that a statement waits for another's lock
_TOO_NEW = "The data folder was written by a newer version of Pastiche. Update Pastiche, or set NST_DATA_DIR to another folder."
_WRITABLE = "Make it writable for this user, or set NST_DATA_DIR to another folder."
_FOREIGN = "SELECT 1 FROM pragma_user_version, sqlite_schema WHERE user_version = 0 LIMIT 1"  # tables without a version: not ours
_FileId = tuple[int, int]
Values = Sequence[object] | Mapping[str, object]


class Database:
    """A file with the current schema, created or migrated. Connections are pooled, and used by one thread at a time.

    Args:
        at_once: open it now. Otherwise the first call does, and each one after it until the file can be used.

    Raises:
        DataTooNew: when it was written by a later version, with an unknown schema.
        StoreUnavailable: when it cannot be used for another reason. Every call may raise these errors.
    """

    def __init__(self, path: Path, *, at_once: bool = True) -> None:
        self._path = path
        self._idle: LifoQueue[tuple[_FileId, sqlite3.Connection]] = LifoQueue()
        self._opening = threading.Lock()
        self._opened: _FileId | None = None
        if at_once:
            self._open()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection. Each statement sees the latest state."""
        with self._translate_errors():
            self._open()
            with self._lent() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end, rolled back when the block raises."""
        with self.reading() as connection, _transaction(connection):
            yield connection

    def rows(self, query: str, values: Values = ()) -> list[sqlite3.Row]:
        """The rows of one query."""
        with self.reading() as connection:
            return connection.execute(query, values).fetchall()

    def change(self, statement: str, values: Values = ()) -> list[sqlite3.Row]:
        """A transaction with one statement. Returns the rows of its RETURNING clause."""
        with self.writing() as connection:
            return connection.execute(statement, values).fetchall()

    def close(self) -> None:
        """Close the connections that are not in use."""
        while True:
            try:
                self._idle.get_nowait()[1].close()
            except Empty:
                return

    def _open(self) -> None:
        """Create or migrate the file, unless this was done to the file that is there now."""
        if self._opened is not None and self._opened == self._found():
            return
        if not self._opening.acquire(timeout=BUSY_SECONDS):
            raise errors.outage(self._path, "it is still being opened")
        try:
            with self._translate_errors():
                if self._opened is None or self._opened != self._found():
                    self._make_ready()
        finally:
            self._opening.release()

    def _make_ready(self) -> None:
        self.close()
        if self._opened is None:
            make_private_folder(self._path.parent)
            _check_log(self._path)
            make_private_file(self._path)  # SQLite gives its log the same permissions
        try:
            self._migrate()
            _check_writable(self._path)
        except BaseException:
            self.close()
            raise
        self._opened = self._found()

    def _found(self) -> _FileId:
        try:
            status = self._path.stat()
        except OSError as error:
            raise errors.error_from_system(error, self._path) from error
        return status.st_dev, status.st_ino

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise errors.error_from(error, self._path) from error

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        """A connection that has failed is not used again: its open file may be the cause."""
        file, connection = self._borrowed()
        try:
            yield connection
        except (sqlite3.Error, sqlite3.Warning):
            connection.close()
            raise
        except BaseException:
            self._idle.put((file, connection))
            raise
        self._idle.put((file, connection))

    def _borrowed(self) -> tuple[_FileId, sqlite3.Connection]:
        while True:
            try:
                file, connection = self._idle.get_nowait()
            except Empty:
                return self._connected()
            if file == self._opened:
                return file, connection
            connection.close()

    def _connected(self) -> tuple[_FileId, sqlite3.Connection]:
        address = f"{self._path.absolute().as_uri()}?mode={'rwc' if self._opened is None else 'rw'}"
        connection = sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=True)
        try:
            if connection.execute(_FOREIGN).fetchone():
                raise errors.refusal(self._path, "it is a database of another program", errors.ANOTHER)
            connection.row_factory = sqlite3.Row
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise errors.refusal(self._path, "it cannot be kept in WAL mode there, as on a network drive", errors.LOCAL)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            return self._found(), connection
        except BaseException:
            connection.close()
            raise

    def _migrate(self) -> None:
        """Run the scripts of `migrations` that have not run on this file yet, in the order of their numbers."""
        scripts = migrations()
        with self._lent() as connection, _transaction(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > scripts[-1][0]:
                raise DataTooNew(_TOO_NEW)
            for number, script in scripts:
                if number > version:
                    _run(connection, script)
                    connection.execute(f"PRAGMA user_version = {number}")


class UsesDatabase:
    """Base of the adapters, which share a database."""

    def __init__(self, database: Database) -> None:
        self._database = database


def migrations() -> list[tuple[int, str]]:
    """(number, SQL) of the scripts, in order."""
    files = resources.files("nst.store.sqlite").joinpath("migrations").iterdir()
    return sorted((int(file.name.partition("_")[0]), file.read_text("utf-8")) for file in files if file.name.endswith(".sql"))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _check_writable(path: Path) -> None:
    """SQLite opens read-only files without an error; and the folder must be writable for the log."""
    for place in (path, path.parent):
        if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise errors.refusal(place, "it may be read only", _WRITABLE)


def _check_log(path: Path) -> None:
    """SQLite deletes the log of an empty file. If the file was truncated, the log has the records that can still be saved: refuse."""
    log = path.with_name(f"{path.name}-wal")
    try:
        is_cut_off = path.stat().st_size == 0 < log.stat().st_size
    except OSError:  # reported by SQLite later
        return
    if is_cut_off:
        raise errors.refusal(path, f"it is empty, and {log.name} is not", errors.ANOTHER)


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run statement by statement: `executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
