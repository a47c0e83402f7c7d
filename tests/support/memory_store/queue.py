"""The queue."""

from collections.abc import Collection
from dataclasses import replace

from nst.domain import LANES, FencingToken, Job, JobProgress, JobState, Lane
from nst.store.ports import LaneStats, Lease, LeaseStatus, Queue, QueuePosition, Quota
from nst.store.user_messages import WORKER_LOST, check_quota, id_taken
from tests.support.memory_store.state import State

_ACTIVE = (JobState.QUEUED, JobState.RUNNING)


class MemoryQueue(Queue):
    def __init__(self, state: State) -> None:
        self._state = state

    def check(self, owner: str, quota: Quota, now: float) -> None:
        with self._state.changed:
            check_quota(
                quota,
                uploads=sum(who == owner and at > now - 60 for who, at in self._state.submissions),
                active=len(self._state.in_state(*_ACTIVE, owner=owner)),
                queued=len(self._state.in_state(JobState.QUEUED)),
            )

    def submit(self, job: Job, quota: Quota) -> Job:
        with self._state.changed:
            for known in self._state.jobs.values():
                if (known.owner, known.token) == (job.owner, job.token):
                    return known
            if job.id in self._state.deleted:
                raise id_taken()
            self.check(job.owner, quota, job.created)
            last = max((own.virtual_finish for own in self._state.in_state(*_ACTIVE, owner=job.owner)), default=0.0)
            stored = replace(job, virtual_finish=max(self._state.virtual_time, last) + job.cost)
            self._state.jobs[job.id] = stored
            self._state.submissions.append((job.owner, job.created))
            self._state.changed.notify_all()
            return stored

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Lane] = ()) -> Lease | None:
        with self._state.changed:
            jobs = self._claimable(lanes)
            if not jobs:
                return None
            job = min(jobs, key=_place)
            job = self._state.jobs[job.id] = job.transition(
                JobState.RUNNING, attempt=job.attempt + 1, started=now, lease_until=now + lease_seconds
            )
            self._state.virtual_time = max(self._state.virtual_time, job.virtual_finish)
            return Lease(job, worker, now + lease_seconds)

    def heartbeat(self, token: FencingToken, now: float, lease_seconds: float) -> LeaseStatus:
        with self._state.changed:
            job = self._state.held(token)
            if job is None:
                return LeaseStatus.LOST
            self._state.jobs[job.id] = replace(job, lease_until=now + lease_seconds)
            return LeaseStatus.CANCEL if job.cancel_requested else LeaseStatus.HELD

    def give_back(self, token: FencingToken, now: float) -> bool:
        with self._state.changed:
            job = self._state.held(token)
            if job is None:
                return False
            state = JobState.CANCELLED if job.cancel_requested else JobState.QUEUED
            finished = now if job.cancel_requested else None
            self._state.jobs[job.id] = job.transition(
                state, returns=job.returns + 1, progress=JobProgress(), finished=finished, lease_until=None
            )
            self._state.changed.notify_all()
            return True

    def acknowledge(self, token: FencingToken) -> None:
        with self._state.changed:
            job = self._state.jobs.get(token.job_id)
            if job is not None and job.attempt == token.attempt and job.finished is not None:
                self._state.jobs[job.id] = replace(job, lease_until=None)

    def overdue(self, now: float) -> list[Job]:
        with self._state.changed:
            return [job for job in self._state.in_state(JobState.RUNNING) if (job.lease_until or 0.0) < now]

    def requeue_lapsed(self, now: float) -> list[Job]:
        with self._state.changed:
            changed = [_lapsed(job, now) for job in self.overdue(now)]
            self._state.jobs.update({job.id: job for job in changed})
            self._state.changed.notify_all()
            return changed

    def cancel(self, job_id: str, now: float) -> Job | None:
        with self._state.changed:
            job = self._state.jobs.get(job_id)
            if job is None or job.state.is_terminal:
                return job
            job = replace(job, cancel_requested=True)
            job = job.transition(JobState.CANCELLED, finished=now) if job.state is JobState.QUEUED else job
            self._state.jobs[job_id] = job
            return job

    def position(self, job_id: str) -> QueuePosition | None:
        with self._state.changed:
            job = self._state.jobs.get(job_id)
            if job is None or job.state is not JobState.QUEUED:
                return None
            before = [other.cost for other in self._state.in_state(JobState.QUEUED) if _place(other) < _place(job)]
            running = [other.cost * (1 - other.progress.fraction) for other in self._state.in_state(JobState.RUNNING)]
            return QueuePosition(len(before), sum(before) + sum(running))

    def wait(self, seconds: float, lanes: Collection[Lane] = ()) -> None:
        with self._state.changed:
            self._state.changed.wait_for(lambda: self._claimable(lanes), seconds)

    def pause(self, paused: bool) -> None:
        with self._state.changed:
            self._state.paused = paused
            self._state.changed.notify_all()

    def lane_stats(self) -> dict[Lane, LaneStats]:
        with self._state.changed:
            queued = self._state.in_state(JobState.QUEUED)
        lanes = {lane: [job.created for job in queued if job.lane is lane] for lane in LANES}
        return {lane: LaneStats(len(created), min(created)) for lane, created in lanes.items() if created}

    def _claimable(self, lanes: Collection[Lane]) -> list[Job]:
        if self._state.paused:
            return []
        return [job for job in self._state.in_state(JobState.QUEUED) if not lanes or job.lane in lanes]


def _place(job: Job) -> tuple[float, float, str]:
    return job.virtual_finish, job.created, job.id


def _lapsed(job: Job, now: float) -> Job:
    if job.cancel_requested:
        return job.transition(JobState.CANCELLED, finished=now, progress=JobProgress(), lease_until=None)
    if job.is_exhausted:
        error = WORKER_LOST.format(attempts=job.attempt - job.returns)
        return job.transition(JobState.FAILED, error=error, finished=now, progress=JobProgress(), lease_until=None)
    return job.transition(JobState.QUEUED, progress=JobProgress(), lease_until=None)
