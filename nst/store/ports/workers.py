"""The registry of workers."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class WorkerInfo:
    """A worker as it last reported itself; times in seconds since the epoch."""

    name: str
    started: float
    seen: float
    job_id: str | None = None


class WorkerRegistry(Protocol):
    """Workers that report themselves, for operators and waiting-time estimates. Nothing else depends on it."""

    def report(self, worker: WorkerInfo) -> None: ...

    def leave(self, name: str) -> None: ...

    def present(self, seen_since: float) -> list[WorkerInfo]:
        """Workers that have reported since then, by name."""
        ...
