"""How the studio is doing: what a visitor waits for, and what an operator looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from nst.domain import JobState, Preset
from nst.store.ports import Backend, WorkerInfo

_SAMPLE = 50  # finished jobs that estimates are made from
_WORKER_SILENCE = 15.0  # seconds after which a worker is not counted any more


@dataclass(frozen=True)
class Waiting:
    """A queued job's place: how many are in front, and the seconds to its start; None while there is nothing to estimate from."""

    jobs_ahead: int
    seconds: float | None


@dataclass(frozen=True)
class WorkerStatus:
    """A worker, for all to see: not what it paints, since that is its owner's to know."""

    name: str
    started: float
    seen: float
    is_busy: bool


@dataclass(frozen=True)
class Status:
    """What an operator wants to know, and anybody may.

    Attributes:
        seconds: (median, 95th percentile) from start to end of the last paintings, by preset.
    """

    counts: Mapping[JobState, int]
    workers: list[WorkerStatus]
    seconds: Mapping[Preset, tuple[float, float]]
    stored_bytes: int


def waiting_of(backend: Backend, job_id: str, now: float) -> Waiting | None:
    """None when the job does not wait any more."""
    ahead = backend.queue.ahead(job_id)
    if ahead is None:
        return None
    done = backend.jobs.durations(None, _SAMPLE)
    work = sum(cost for cost, _ in done)
    workers = max(1, len(_workers(backend, now)))
    return Waiting(ahead.jobs, ahead.cost * sum(seconds for _, seconds in done) / work / workers if work else None)


def status_of(backend: Backend, now: float) -> Status:
    jobs = backend.jobs
    spans = {preset: [seconds for _, seconds in jobs.durations(preset, _SAMPLE)] for preset in Preset}
    times = {preset: (median(seconds), _percentile(seconds, 0.95)) for preset, seconds in spans.items() if seconds}
    workers = [WorkerStatus(each.name, each.started, each.seen, each.job_id is not None) for each in _workers(backend, now)]
    return Status(jobs.counts(), workers, times, jobs.stored_bytes())


def _workers(backend: Backend, now: float) -> list[WorkerInfo]:
    return backend.roster.present(now - _WORKER_SILENCE)


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
