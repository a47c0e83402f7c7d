"""How the studio is doing: what a visitor waits for, and what an operator looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from nst.domain import Job, JobState, Preset
from nst.store.ports import Backend, WorkerInfo

_SAMPLE = 50  # finished jobs that estimates are made from
_WORKER_SILENCE = 15.0  # seconds after which a worker is not counted any more
_NOTABLE = 0.2  # of a lease: heartbeats come so much oftener that one who misses as many will hardly be heard of again


@dataclass(frozen=True)
class Waiting:
    """A queued job's place.

    Attributes:
        jobs_ahead: how many are in front.
        seconds: to its start; None while there is nothing to estimate from.
        workers: how many there are.
    """

    jobs_ahead: int
    seconds: float | None
    workers: int


@dataclass(frozen=True)
class Silence:
    """The worker of a running job is not heard of any more.

    Attributes:
        seconds: the longest until its lease lapses.
        is_last_attempt: the job fails then; else it is queued again.
        others: whether there are other workers to take it up.
    """

    seconds: float
    is_last_attempt: bool
    others: bool


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
    workers = len(_workers(backend, now))
    seconds = ahead.cost * sum(seconds for _, seconds in done) / work / max(1, workers) if work else None
    return Waiting(ahead.jobs, seconds, workers)


def silence_of(backend: Backend, job: Job, lease_seconds: float, now: float) -> Silence | None:
    """None while its worker is heard of, and when the job is not running."""
    left = lease_seconds * (1 - _NOTABLE)
    if job.state is not JobState.RUNNING or all(found.id != job.id for found in backend.queue.overdue(now + left)):
        return None
    others = any(worker.job_id != job.id for worker in _workers(backend, now))
    return Silence(left, job.is_exhausted, others)


def status_of(backend: Backend, now: float) -> Status:
    workers = [WorkerStatus(each.name, each.started, each.seen, each.job_id is not None) for each in _workers(backend, now)]
    return Status(backend.jobs.counts(), workers, seconds_of(backend), backend.jobs.stored_bytes())


def seconds_of(backend: Backend) -> Mapping[Preset, tuple[float, float]]:
    """As `Status.seconds`."""
    spans = {preset: [seconds for _, seconds in backend.jobs.durations(preset, _SAMPLE)] for preset in Preset}
    return {preset: (median(seconds), _percentile(seconds, 0.95)) for preset, seconds in spans.items() if seconds}


def _workers(backend: Backend, now: float) -> list[WorkerInfo]:
    return backend.roster.present(now - _WORKER_SILENCE)


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
