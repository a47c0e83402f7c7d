"""The registry of workers; one that is silent for a day is removed."""

import json
from dataclasses import asdict

from nst.store.ports import WorkerInfo, WorkerRegistry
from nst.store.redis.connection import UsesRedis

_DAY = 86_400  # seconds


class RedisWorkerRegistry(UsesRedis, WorkerRegistry):
    def report(self, worker: WorkerInfo) -> None:
        self._connection.run("report_worker", worker.name, worker.seen, worker.seen - _DAY, json.dumps(asdict(worker)))

    def leave(self, name: str) -> None:
        self._connection.run("remove_worker", name)

    def present(self, seen_since: float) -> list[WorkerInfo]:
        found = self._connection.run("present_workers", seen_since)
        return sorted((WorkerInfo(**json.loads(text)) for text in found), key=lambda worker: worker.name)
