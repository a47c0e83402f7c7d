"""The registry of workers."""

from dataclasses import dataclass, field
from typing import Protocol

from nst.domain import PresetSeconds


@dataclass(frozen=True)
class WorkerInfo:
    """A worker as it last reported itself; times in seconds since the epoch.

    Attributes:
        seconds: what paintings take there, as it has measured once; empty before that, and of workers that do not measure.
    """

    name: str
    started: float
    seen: float
    job_id: str | None = None
    seconds: PresetSeconds = field(default_factory=dict)


class WorkerRegistry(Protocol):
    """Workers that report themselves, for operators and waiting-time estimates. Nothing else depends on it."""

    def report(self, worker: WorkerInfo) -> None: ...

    def leave(self, name: str) -> None: ...

    def present(self, seen_since: float) -> list[WorkerInfo]:
        """Workers that have reported since then, by name."""
        ...
