"""Fakes of all ports, in memory: for tests, and the shortest statement of what the ports say. One lock, no files, no processes."""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from nst.domain import Cursor, FeedEntry, Job, JobProgress, JobState, Outcome, Page, Preset, Ticket, is_key
from nst.store.ports import Ahead, Backend, Lease, Line, Pulse, Quota, StoredObject, Webhook, WorkerInfo
from nst.store.sentences import WORKER_LOST, check_quota, missing

_ACTIVE = (JobState.QUEUED, JobState.RUNNING)


@dataclass
class Shelf:
    """What the fakes of one backend share."""

    jobs: dict[str, Job] = field(default_factory=dict)
    leases: dict[str, float] = field(default_factory=dict)
    submissions: list[tuple[str, float]] = field(default_factory=list)
    reports: set[tuple[str, str]] = field(default_factory=set)
    hints: list[str] = field(default_factory=list)
    clock: float = 0.0
    paused: bool = False
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))

    def held(self, ticket: Ticket) -> Job | None:
        """The job, if the ticket is of its present attempt."""
        job = self.jobs.get(ticket.job_id)
        return job if job and job.attempt == ticket.attempt and job.state is JobState.RUNNING else None

    def in_state(self, *states: JobState, owner: str | None = None) -> list[Job]:
        return [job for job in self.jobs.values() if job.state in states and owner in (None, job.owner)]


def memory_backend() -> Backend:
    """A backend that is empty and forgets everything."""
    shelf = Shelf()
    return Backend(
        MemoryJobs(shelf),
        MemoryQueue(shelf),
        MemoryFeed(shelf),
        MemoryObjects(),
        MemoryCompletions(shelf),
        MemoryRoster(),
        MemoryWebhooks(),
    )


class MemoryJobs:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def get(self, job_id: str) -> Job | None:
        return self._shelf.jobs.get(job_id)

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        with self._shelf.changed:
            jobs = sorted(self._shelf.in_state(*JobState, owner=owner), key=lambda job: (job.created, job.id), reverse=True)
        return [job for job in jobs if before is None or (job.created, job.id) < before][:limit]

    def advance(self, ticket: Ticket, progress: JobProgress, preview_key: str | None) -> bool:
        with self._shelf.changed:
            job = self._shelf.held(ticket)
            if job is not None:
                self._shelf.jobs[job.id] = replace(job, progress=progress, preview_key=preview_key or job.preview_key)
            return job is not None

    def finish(self, ticket: Ticket, outcome: Outcome, now: float) -> bool:
        with self._shelf.changed:
            job = self._shelf.held(ticket)
            if job is None:
                return False
            succeeded = outcome.state is JobState.SUCCEEDED
            self._shelf.jobs[job.id] = job.moved(
                outcome.state,
                error=outcome.error,
                output_key=outcome.output_key,
                size_bytes=job.size_bytes + outcome.size_bytes,
                recipe=outcome.recipe,
                finished=now,
                progress=JobProgress(1.0 if succeeded else job.progress.fraction, job.progress.stage),
                preview_key=None,
                published=now if succeeded and job.public else None,
            )
            return True

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float) -> bool:
        with self._shelf.changed:
            job = self.get(job_id)
            if job is None or job.state is not JobState.SUCCEEDED:
                return False
            published = None if not public else now if job.published is None else job.published
            self._shelf.jobs[job_id] = replace(job, public=public, input_key=input_key, output_key=output_key, published=published)
            return True

    def delete(self, job_id: str) -> bool:
        with self._shelf.changed:
            self._shelf.reports = {(job, reporter) for job, reporter in self._shelf.reports if job != job_id}
            return self._shelf.jobs.pop(job_id, None) is not None

    def known(self, job_ids: Collection[str]) -> set[str]:
        return self._shelf.jobs.keys() & set(job_ids)

    def stored_bytes(self) -> int:
        with self._shelf.changed:
            return sum(job.size_bytes for job in self._shelf.jobs.values())

    def oldest_private(self, finished_before: float, limit: int) -> list[Job]:
        with self._shelf.changed:
            ended = [(job.finished, job.id, job) for job in self._shelf.jobs.values() if job.published is None and job.finished is not None]
        return [job for finished, _, job in sorted(ended) if finished < finished_before][:limit]

    def dead(self, limit: int) -> list[Job]:
        with self._shelf.changed:
            ended = [(job.finished, job.id, job) for job in self._shelf.in_state(JobState.FAILED) if job.is_exhausted]
        return [job for _, _, job in sorted(ended, reverse=True)][:limit]

    def counts(self) -> Counter[JobState]:
        with self._shelf.changed:
            return Counter(job.state for job in self._shelf.jobs.values())

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        with self._shelf.changed:
            jobs = [job for job in self._shelf.in_state(JobState.SUCCEEDED) if preset in (None, job.lane)]
        spans = sorted(((job.finished or 0, job.started or 0, job.cost) for job in jobs), reverse=True)
        return [(cost, finished - started) for finished, started, cost in spans[:limit]]


class MemoryQueue:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def check(self, owner: str, quota: Quota, now: float) -> None:
        with self._shelf.changed:
            check_quota(
                quota,
                uploads=sum(who == owner and at > now - 60 for who, at in self._shelf.submissions),
                active=len(self._shelf.in_state(*_ACTIVE, owner=owner)),
                queued=len(self._shelf.in_state(JobState.QUEUED)),
            )

    def submit(self, job: Job, quota: Quota) -> Job:
        with self._shelf.changed:
            for known in self._shelf.jobs.values():
                if (known.owner, known.token) == (job.owner, job.token):
                    return known
            self.check(job.owner, quota, job.created)
            last = max((own.turn for own in self._shelf.in_state(*_ACTIVE, owner=job.owner)), default=0.0)
            stored = replace(job, turn=max(self._shelf.clock, last) + job.cost)
            self._shelf.jobs[job.id] = stored
            self._shelf.submissions.append((job.owner, job.created))
            self._shelf.changed.notify_all()
            return stored

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Preset] = ()) -> Lease | None:
        with self._shelf.changed:
            line = self._line(lanes)
            if not line:
                return None
            job = min(line, key=_place)
            job = self._shelf.jobs[job.id] = job.moved(JobState.RUNNING, attempt=job.attempt + 1, started=now)
            self._shelf.leases[job.id] = now + lease_seconds
            self._shelf.clock = max(self._shelf.clock, job.turn)
            return Lease(job, worker, now + lease_seconds)

    def heartbeat(self, ticket: Ticket, now: float, lease_seconds: float) -> Pulse:
        with self._shelf.changed:
            job = self._shelf.held(ticket)
            if job is None:
                return Pulse.LOST
            self._shelf.leases[job.id] = now + lease_seconds
            return Pulse.CANCEL if job.cancel_requested else Pulse.HELD

    def give_back(self, ticket: Ticket, now: float) -> bool:
        with self._shelf.changed:
            job = self._shelf.held(ticket)
            if job is None:
                return False
            state = JobState.CANCELLED if job.cancel_requested else JobState.QUEUED
            finished = now if job.cancel_requested else None
            self._shelf.jobs[job.id] = job.moved(state, returns=job.returns + 1, progress=JobProgress(), finished=finished)
            self._shelf.changed.notify_all()
            return True

    def acknowledge(self, ticket: Ticket) -> None:
        with self._shelf.changed:
            job = self._shelf.jobs.get(ticket.job_id)
            if job is None or job.state is not JobState.RUNNING:  # one that runs is leased to whoever holds a later attempt
                self._shelf.leases.pop(ticket.job_id, None)

    def overdue(self, now: float) -> list[Job]:
        with self._shelf.changed:
            return [job for job in self._shelf.in_state(JobState.RUNNING) if self._shelf.leases[job.id] < now]

    def requeue_lapsed(self, now: float) -> list[Job]:
        with self._shelf.changed:
            changed = [_lapsed(job, now) for job in self.overdue(now)]
            self._shelf.jobs.update({job.id: job for job in changed})
            self._shelf.changed.notify_all()
            return changed

    def cancel(self, job_id: str, now: float) -> Job | None:
        with self._shelf.changed:
            job = self._shelf.jobs.get(job_id)
            if job is None or job.state.is_terminal:
                return job
            job = replace(job, cancel_requested=True)
            job = job.moved(JobState.CANCELLED, finished=now) if job.state is JobState.QUEUED else job
            self._shelf.jobs[job_id] = job
            return job

    def ahead(self, job_id: str) -> Ahead | None:
        with self._shelf.changed:
            job = self._shelf.jobs.get(job_id)
            if job is None or job.state is not JobState.QUEUED:
                return None
            before = [other.cost for other in self._shelf.in_state(JobState.QUEUED) if _place(other) < _place(job)]
            running = [other.cost * (1 - other.progress.fraction) for other in self._shelf.in_state(JobState.RUNNING)]
            return Ahead(len(before), sum(before) + sum(running))

    def wait(self, seconds: float, lanes: Collection[Preset] = ()) -> None:
        with self._shelf.changed:
            self._shelf.changed.wait_for(lambda: self._line(lanes), seconds)

    def pause(self, paused: bool) -> None:
        with self._shelf.changed:
            self._shelf.paused = paused
            self._shelf.changed.notify_all()

    def line(self) -> dict[Preset, Line]:
        with self._shelf.changed:
            queued = self._shelf.in_state(JobState.QUEUED)
        lanes = {lane: [job.created for job in queued if job.lane is lane] for lane in Preset}
        return {lane: Line(len(created), min(created)) for lane, created in lanes.items() if created}

    def _line(self, lanes: Collection[Preset]) -> list[Job]:
        if self._shelf.paused:
            return []
        return [job for job in self._shelf.in_state(JobState.QUEUED) if not lanes or job.lane in lanes]


def _place(job: Job) -> tuple[float, float, str]:
    return job.turn, job.created, job.id


def _lapsed(job: Job, now: float) -> Job:
    if job.cancel_requested:
        return job.moved(JobState.CANCELLED, finished=now, progress=JobProgress())
    if job.is_exhausted:
        error = WORKER_LOST.format(attempts=job.attempt - job.returns)
        return job.moved(JobState.FAILED, error=error, finished=now, progress=JobProgress())
    return job.moved(JobState.QUEUED, progress=JobProgress())


class MemoryFeed:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def page(self, limit: int, before: Cursor | None = None, style: str | None = None) -> Page:
        with self._shelf.changed:
            shown = [job for job in self._shelf.jobs.values() if job.is_in_feed]
        wanted = [job for job in shown if style is None or style in {s.name for s in job.styles if not s.is_upload}]
        entries = sorted((FeedEntry.of(job) for job in wanted), key=lambda entry: entry.cursor, reverse=True)
        entries = [entry for entry in entries if before is None or entry.cursor < before]
        return Page(tuple(entries[:limit]), entries[limit - 1].cursor if len(entries) > limit else None)

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:  # noqa: ARG002 -- nobody reads reasons here
        with self._shelf.changed:
            job = self._shelf.jobs.get(job_id)
            if job is None or not job.is_in_feed:
                return 0
            self._shelf.reports.add((job_id, reporter))
            return sum(reported == job_id for reported, _ in self._shelf.reports)

    def hide(self, job_id: str, hidden: bool) -> bool:
        with self._shelf.changed:
            job = self._shelf.jobs.get(job_id)
            if job is None:
                return False
            self._shelf.jobs[job_id] = replace(job, hidden=hidden)
            if not hidden:
                self._shelf.reports = {(other, who) for other, who in self._shelf.reports if other != job_id}
            return True


class MemoryObjects:
    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        self._objects[_checked(key)] = data

    def get(self, key: str) -> bytes:
        if _checked(key) not in self._objects:
            raise missing()
        return self._objects[key]

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._objects.pop(_checked(key), None)

    def listing(self) -> Iterator[StoredObject]:
        return iter([StoredObject(key, len(data), 0.0) for key, data in self._objects.items()])


def _checked(key: str) -> str:
    if not is_key(key):
        raise missing()
    return key


class MemoryCompletions:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def notify(self, job_id: str, now: float) -> None:  # noqa: ARG002 -- nothing is pruned here
        with self._shelf.changed:
            self._shelf.hints.append(job_id)
            self._shelf.changed.notify_all()

    def listen(self) -> "MemoryListener":
        return MemoryListener(self._shelf)


class MemoryListener:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf, self._heard = shelf, len(shelf.hints)

    def wait(self, seconds: float) -> list[str]:
        with self._shelf.changed:
            self._shelf.changed.wait_for(lambda: len(self._shelf.hints) > self._heard, seconds)
            new = self._shelf.hints[self._heard :]
            self._heard += len(new)
            return new

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held."""


class MemoryRoster:
    def __init__(self) -> None:
        self._workers: dict[str, WorkerInfo] = {}

    def report(self, worker: WorkerInfo) -> None:
        self._workers[worker.name] = worker

    def leave(self, name: str) -> None:
        self._workers.pop(name, None)

    def present(self, seen_since: float) -> list[WorkerInfo]:
        return sorted((worker for worker in list(self._workers.values()) if worker.seen >= seen_since), key=lambda worker: worker.name)


class MemoryWebhooks:
    def __init__(self) -> None:
        self._owed: dict[str, tuple[float, Webhook]] = {}
        self._lock = threading.Lock()

    def put(self, webhook: Webhook, now: float) -> None:
        with self._lock:
            self._owed[webhook.job_id] = (now, webhook)

    def owed(self, now: float, limit: int) -> list[Webhook]:
        with self._lock:
            free = sorted((since, job_id) for job_id, (since, _) in self._owed.items() if since <= now)
            return [self._owed[job_id][1] for _, job_id in free[:limit]]

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        with self._lock:
            since, webhook = self._owed.get(job_id, (now, None))
            if webhook is None or since > now:
                return None
            self._owed[job_id] = (now + lease_seconds, webhook)
            return webhook

    def settle(self, job_id: str) -> None:
        with self._lock:
            self._owed.pop(job_id, None)
