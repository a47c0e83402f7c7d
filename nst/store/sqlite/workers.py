"""The registry of workers."""

from nst.store.ports import WorkerInfo, WorkerRegistry
from nst.store.sqlite.database import UsesDatabase

_FORGET_SECONDS = 86_400.0  # since its last report, after which a worker is removed that was killed and could not leave


class SqliteWorkerRegistry(UsesDatabase, WorkerRegistry):
    def report(self, worker: WorkerInfo) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM workers WHERE seen < ?", (worker.seen - _FORGET_SECONDS,))
            connection.execute(
                "INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?)", (worker.name, worker.started, worker.seen, worker.job_id)
            )

    def leave(self, name: str) -> None:
        self._database.change("DELETE FROM workers WHERE name = ?", (name,))

    def present(self, seen_since: float) -> list[WorkerInfo]:
        query = "SELECT name, started, seen, job_id FROM workers WHERE seen >= ? ORDER BY name"
        return [WorkerInfo(*row) for row in self._database.rows(query, (seen_since,))]
