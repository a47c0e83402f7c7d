"""The registry of workers."""

import json

from nst.domain import preset_seconds
from nst.store.ports import WorkerInfo, WorkerRegistry
from nst.store.sqlite.database import UsesDatabase

_FORGET_SECONDS = 86_400.0  # since its last report, after which a worker is removed that was killed and could not leave


class SqliteWorkerRegistry(UsesDatabase, WorkerRegistry):
    def report(self, worker: WorkerInfo) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM workers WHERE seen < ?", (worker.seen - _FORGET_SECONDS,))
            connection.execute("DELETE FROM worker_seconds WHERE name NOT IN (SELECT name FROM workers)")
            connection.execute(
                "INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?)", (worker.name, worker.started, worker.seen, worker.job_id)
            )
            connection.execute("INSERT OR REPLACE INTO worker_seconds VALUES (?, ?)", (worker.name, json.dumps(worker.seconds)))

    def leave(self, name: str) -> None:
        self._database.change("DELETE FROM workers WHERE name = ?", (name,))

    def present(self, seen_since: float) -> list[WorkerInfo]:
        rows = self._database.rows(
            "SELECT name, started, seen, job_id, seconds FROM workers LEFT JOIN worker_seconds USING (name) WHERE seen >= ? ORDER BY name",
            (seen_since,),
        )
        return [
            WorkerInfo(name, started, seen, job_id, preset_seconds(json.loads(seconds or "{}")))
            for name, started, seen, job_id, seconds in rows
        ]
