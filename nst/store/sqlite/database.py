"""The SQLite file: connections, transactions and migrations. It knows no jobs.

WAL, so that readers and the writer do not wait for each other; the file must lie on a disk of this machine. Every writing transaction is
IMMEDIATE: one that begins by reading cannot wait for its turn to write. Commits are synced to the disk, since they are few and what was
accepted is not lost.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from queue import Empty, LifoQueue

from nst.errors import DataTooNew

BUSY_SECONDS = 10.0


class Database:
    """A file with the present schema, made or brought up to date. Connections go from thread to thread, one thread at a time.

    Raises:
        DataTooNew: when a later version, whose schema nobody knows here, has written it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        try:
            self._migrate()
        except DataTooNew:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own. Each statement sees the newest state."""
        connection = self._borrowed()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end, rolled back when something is raised."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _borrowed(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self) -> None:
        """Runs the files of `migrations` that have not run on this file yet, in the order of their numbers."""
        scripts = migrations()
        with self.writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > scripts[-1][0]:
                raise DataTooNew(
                    "The data folder was written by a newer version of Pastiche. Update Pastiche, or set NST_DATA_DIR to another folder."
                )
            for number, script in scripts:
                if number > version:
                    _run(connection, script)
                    connection.execute(f"PRAGMA user_version = {number}")


def migrations() -> list[tuple[int, str]]:
    """The scripts by their numbers, in order."""
    files = resources.files("nst.store.sqlite").joinpath("migrations").iterdir()
    return sorted((int(file.name.partition("_")[0]), file.read_text("utf-8")) for file in files if file.name.endswith(".sql"))


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
