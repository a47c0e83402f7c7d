"""The registry of workers; one that is silent for a day is removed."""

import json
from dataclasses import asdict, fields

from nst.domain import preset_seconds
from nst.store.ports import WorkerInfo, WorkerRegistry
from nst.store.redis.connection import UsesRedis

_DAY = 86_400  # seconds
_FIELDS = {entry.name for entry in fields(WorkerInfo)} - {"seconds"}


class RedisWorkerRegistry(UsesRedis, WorkerRegistry):
    def report(self, worker: WorkerInfo) -> None:
        """The measured durations are kept apart: processes of earlier versions refuse reports with fields that they do not know."""
        report = asdict(worker)
        seconds = report.pop("seconds")
        self._connection.run("report_worker", worker.name, worker.seen, worker.seen - _DAY, json.dumps(report), json.dumps(seconds))

    def leave(self, name: str) -> None:
        self._connection.run("remove_worker", name)

    def present(self, seen_since: float) -> list[WorkerInfo]:
        reports, seconds = self._connection.run("present_workers", seen_since)
        return sorted(map(_worker_of, reports, seconds), key=lambda worker: worker.name)


def _worker_of(report: str, seconds: str) -> WorkerInfo:
    """Leaves out the fields of later versions."""
    known = {name: value for name, value in json.loads(report).items() if name in _FIELDS}
    return WorkerInfo(**known, seconds=preset_seconds(json.loads(seconds)))
