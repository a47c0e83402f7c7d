"""Job-changed events as rows of a short table, which listeners in every process poll from their own position."""

import time

from nst.store.ports import JobEvents, Listener
from nst.store.sqlite.database import Database, UsesDatabase

_POLL_SECONDS = 0.1
_KEEP = 1000  # number of events; a listener that is further behind misses some


class SqliteJobEvents(UsesDatabase, JobEvents):
    def notify(self, job_id: str, now: float) -> None:
        with self._database.writing() as connection:
            row = connection.execute("INSERT INTO hints (job_id, at) VALUES (?, ?) RETURNING id", (job_id, now)).fetchone()
            connection.execute("DELETE FROM hints WHERE id <= ?", (row["id"] - _KEEP,))

    def listen(self) -> "SqliteListener":
        return SqliteListener(self._database)


class SqliteListener(Listener):
    def __init__(self, database: Database) -> None:
        self._database = database
        ((self._last,),) = database.rows("SELECT coalesce(max(id), 0) FROM hints")

    def wait(self, seconds: float) -> list[str]:
        deadline = time.monotonic() + seconds
        while not (found := self._read()) and time.monotonic() < deadline:
            time.sleep(min(_POLL_SECONDS, seconds))
        return found

    def _read(self) -> list[str]:
        rows = self._database.rows("SELECT id, job_id FROM hints WHERE id > ? ORDER BY id", (self._last,))
        self._last = rows[-1]["id"] if rows else self._last
        return [row["job_id"] for row in rows]
