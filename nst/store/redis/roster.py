"""Workers that report themselves; who is silent for a day is forgotten."""

import json
from dataclasses import asdict

from nst.store.ports import WorkerInfo
from nst.store.redis.connection import Connection

_DAY = 86_400


class RedisRoster:
    """A `Roster`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def report(self, worker: WorkerInfo) -> None:
        self._connection.run("report_worker", worker.name, worker.seen, worker.seen - _DAY, json.dumps(asdict(worker)))

    def leave(self, name: str) -> None:
        self._connection.run("leave", name)

    def present(self, seen_since: float) -> list[WorkerInfo]:
        found = self._connection.run("present", seen_since)
        return sorted((WorkerInfo(**json.loads(text)) for text in found), key=lambda worker: worker.name)
