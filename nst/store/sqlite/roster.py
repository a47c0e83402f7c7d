"""Workers that report themselves."""

from nst.store.ports import WorkerInfo
from nst.store.sqlite.database import Database

_FORGET_SECONDS = 86_400.0  # behind a worker that was killed, and could not leave


class SqliteRoster:
    """A `Roster`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, worker: WorkerInfo) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM workers WHERE seen < ?", (worker.seen - _FORGET_SECONDS,))
            connection.execute(
                "INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?)", (worker.name, worker.started, worker.seen, worker.job_id)
            )

    def leave(self, name: str) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM workers WHERE name = ?", (name,))

    def present(self, seen_since: float) -> list[WorkerInfo]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT name, started, seen, job_id FROM workers WHERE seen >= ? ORDER BY name", (seen_since,))
            return [WorkerInfo(*row) for row in rows]
