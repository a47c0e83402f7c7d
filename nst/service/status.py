"""The state of a job for its viewer, and of the studio for its operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from math import isclose
from statistics import median

from nst.domain import Job, JobState, Mode, Preset, StyleParams, cost_of
from nst.domain.keys import is_public
from nst.service.access import LINK_SECONDS, link_to, signature_of, unknown_job
from nst.service.retention import NEARLY_FULL
from nst.service.signing import SigningKey
from nst.store.ports import Backend, Links, WorkerInfo

_SAMPLE = 50  # number of finished jobs that estimates are made from
_WORKER_SILENCE = 15.0  # seconds since its last report after which a worker is not counted
_NOTABLE = 0.2  # of a lease without a heartbeat: they are sent so often that a worker which misses them has most likely died


@dataclass(frozen=True)
class Waiting:
    """The place of a queued job.

    Attributes:
        jobs_ahead: the number of jobs before it.
        seconds: until its start; None while there is nothing to estimate from.
        workers: their number.
    """

    jobs_ahead: int
    seconds: float | None
    workers: int


@dataclass(frozen=True)
class WorkerOutage:
    """The worker of a running job sends no heartbeats.

    Attributes:
        seconds: until the job's lease lapses, at most.
        is_last_attempt: whether the job fails then; else it is queued again.
        others: whether there are other workers to take it up.
    """

    seconds: float
    is_last_attempt: bool
    others: bool


@dataclass(frozen=True)
class JobView:
    """A job as one viewer may see it, made from a single read of its record.

    Attributes:
        job: the record; without its owner and token for anybody else than the owner.
        waiting: the place of a queued job, for its owner.
        outage: of a running job's worker, for the job's owner.
        time: of the view, in seconds since the epoch.
        key: what links are signed with.
    """

    job: Job
    waiting: Waiting | None
    outage: WorkerOutage | None
    time: float
    key: SigningKey = field(repr=False, compare=False)
    links: Links | None = field(default=None, repr=False, compare=False)

    def link(self) -> str | None:
        """The painting's URL in the object store: a permanent one for a painting of the gallery, else one that expires within minutes.

        None where there is no such URL. That includes a painting that was published without its photo: programs derive the URL of the
        photo from the painting's, and the studio answers with the painting there.
        """
        if self.links is None or self.job.output_key is None:
            return None
        if self.job.is_in_feed:
            return self.links.public_url(self.job.output_key) if is_public(self.job.input_key) else None
        return link_to(self.links, self.job)

    def sign(self, seconds: float = LINK_SECONDS) -> tuple[int, str]:
        """A point in time, and a signature with which a link opens the painting until then (`Service.signed_result`).

        Args:
            seconds: `LINK_SECONDS` at most: a longer link is not accepted.

        Raises:
            UnknownJob: when the viewer is not the owner.
        """
        if not self.job.owner:
            raise unknown_job()
        until = int(self.time + seconds)
        return until, signature_of(self.key, self.job, until)


@dataclass(frozen=True)
class WorkerStatus:
    """A worker, for everybody to see: not which job it has, since that is known to the job's owner only."""

    name: str
    started: float
    seen: float
    is_busy: bool


@dataclass(frozen=True)
class Status:
    """The studio in numbers, which anybody may see.

    Attributes:
        seconds: (median, 95th percentile) from start to end of recent paintings, by preset.
        disk_bytes: the space for pictures.
    """

    counts: Mapping[JobState, int]
    workers: list[WorkerStatus]
    seconds: Mapping[Preset, tuple[float, float]]
    stored_bytes: int
    disk_bytes: int

    @property
    def is_nearly_full(self) -> bool:
        """Whether the operator should add space for pictures."""
        return self.stored_bytes >= NEARLY_FULL * self.disk_bytes


def waiting_of(backend: Backend, job_id: str, now: float) -> Waiting | None:
    """None when the job is not queued any more."""
    ahead = backend.queue.position(job_id)
    if ahead is None:
        return None
    rate, workers = _seconds_by_cost(backend, now), len(_workers(backend, now))
    return Waiting(ahead.jobs, None if rate is None else ahead.cost * rate / max(1, workers), workers)


def _seconds_by_cost(backend: Backend, now: float) -> float | None:
    """Of recent paintings; before the first, of a standard one as workers have measured it; None without either."""
    done, usual = backend.jobs.durations(None, _SAMPLE), StyleParams()
    if work := sum(cost for cost, _ in done):
        return sum(seconds for _, seconds in done) / work
    measured = _measured(backend, usual.mode, now).get(usual.preset)
    return None if measured is None else measured / cost_of(usual)


def view_of(backend: Backend, job: Job, key: SigningKey, lease_seconds: float, now: float) -> JobView:
    """The view of a record as `access.visible_job` returns it."""
    if not job.owner:
        return JobView(job, None, None, now, key, backend.links)
    waiting = waiting_of(backend, job.id, now) if job.state is JobState.QUEUED else None
    return JobView(job, waiting, _outage_of(backend, job, lease_seconds, now), now, key, backend.links)


def _outage_of(backend: Backend, job: Job, lease_seconds: float, now: float) -> WorkerOutage | None:
    left = lease_seconds * (1 - _NOTABLE)
    if job.state is not JobState.RUNNING or not backend.reports_heartbeats or (job.lease_until or 0.0) >= now + left:
        return None
    others = any(worker.job_id != job.id for worker in _workers(backend, now))
    return WorkerOutage(left, job.is_exhausted, others)


def status_of(backend: Backend, now: float, disk_bytes: int) -> Status:
    workers = [WorkerStatus(each.name, each.started, each.seen, each.job_id is not None) for each in _workers(backend, now)]
    return Status(backend.jobs.counts(), workers, seconds_of(backend), backend.jobs.stored_bytes(), disk_bytes)


def seconds_of(backend: Backend) -> Mapping[Preset, tuple[float, float]]:
    """As `Status.seconds`, of paintings as the preset alone makes them: no larger versions, other modes or other sizes."""
    spans = {preset: _usual_spans(backend, preset) for preset in Preset}
    return {preset: (median(seconds), _percentile(seconds, 0.95)) for preset, seconds in spans.items() if seconds}


def _usual_spans(backend: Backend, preset: Preset) -> list[float]:
    usual = cost_of(StyleParams(preset=preset))
    return [seconds for cost, seconds in backend.jobs.durations(preset, _SAMPLE) if isclose(cost, usual)]


def estimates_of(backend: Backend, mode: Mode, now: float) -> Mapping[Preset, float]:
    """How many seconds a painting of each preset takes.

    That is the median of recent ones. For presets, and modes, that were not painted yet it is what the present workers have measured, by as
    much longer as the recent ones took than was measured for them: they have shared the machine. A preset for which there is neither is
    left out, and none takes less than a smaller one.
    """
    usual = StyleParams().mode
    recent = {preset: middle for preset, (middle, _) in seconds_of(backend).items()}
    measured = _measured(backend, usual, now)
    ratios = [recent[preset] / measured[preset] for preset in recent if preset in measured]
    factor = median(ratios) if ratios else 1.0
    found = {preset: seconds * factor for preset, seconds in _measured(backend, mode, now).items()}
    found |= recent if mode is usual else {}
    known = [preset for preset in Preset if preset in found]
    return dict(zip(known, accumulate((found[preset] for preset in known), max), strict=True))


def _measured(backend: Backend, mode: Mode, now: float) -> Mapping[Preset, float]:
    """The median of what the present workers have measured."""
    found = [worker.seconds.get(mode, {}) for worker in _workers(backend, now)]
    by_preset = {preset: [seconds[preset] for seconds in found if preset in seconds] for preset in Preset}
    return {preset: median(seconds) for preset, seconds in by_preset.items() if seconds}


def _workers(backend: Backend, now: float) -> list[WorkerInfo]:
    return backend.workers.present(now - _WORKER_SILENCE)


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
