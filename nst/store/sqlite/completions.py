"""Hints as rows of a short table, which listeners in every process read from where they were."""

import time
from types import TracebackType
from typing import Self

from nst.store.sqlite.database import Database

_LOOK_EVERY = 0.1
_KEEP = 1000  # who is further behind misses hints, and finds the truth in the records


class SqliteCompletions:
    """`Completions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def notify(self, job_id: str, now: float) -> None:
        with self._database.writing() as connection:
            row = connection.execute("INSERT INTO hints (job_id, at) VALUES (?, ?) RETURNING id", (job_id, now)).fetchone()
            connection.execute("DELETE FROM hints WHERE id <= ?", (row["id"] - _KEEP,))

    def listen(self) -> "SqliteListener":
        return SqliteListener(self._database)


class SqliteListener:
    """A `Listener`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.reading() as connection:
            (self._last,) = connection.execute("SELECT coalesce(max(id), 0) FROM hints").fetchone()

    def wait(self, seconds: float) -> list[str]:
        deadline = time.monotonic() + seconds
        while not (heard := self._heard()) and time.monotonic() < deadline:
            time.sleep(min(_LOOK_EVERY, seconds))
        return heard

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held between two waits."""

    def _heard(self) -> list[str]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id, job_id FROM hints WHERE id > ? ORDER BY id", (self._last,)).fetchall()
        self._last = rows[-1]["id"] if rows else self._last
        return [row["job_id"] for row in rows]
