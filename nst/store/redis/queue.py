"""The queue: a sorted set for each lane, scored by virtual finish time, and leases in the records. Every call is one script."""

import secrets
import time
from collections.abc import Collection

from nst.domain import LANES, FencingToken, Job, Lane
from nst.store.ports import LaneStats, Lease, LeaseStatus, Queue, QueuePosition, Quota
from nst.store.redis.connection import UsesRedis
from nst.store.redis.records import fields_of, job_of, time_of
from nst.store.user_messages import WORKER_LOST, check_quota, id_taken

_MINUTE = 60  # seconds
_HOUR = 3600
_LOOKED_AT = 24  # jobs of a lane whose costs are read, to say how long a place in the queue takes


class RedisQueue(UsesRedis, Queue):
    def check(self, owner: str, quota: Quota, now: float) -> None:
        check_quota(quota, *self._connection.run("load", owner, now - _MINUTE))

    def submit(self, job: Job, quota: Quota) -> Job:
        limits = (quota.uploads_per_minute, quota.active, quota.queued)
        answer, found = self._connection.run("submit", *limits, job.created - _MINUTE, job.created - _HOUR, *fields_of(job))
        if answer == "taken":
            raise id_taken()
        if answer == "refused":
            check_quota(quota, *found)
        return job_of(found)

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Lane] = ()) -> Lease | None:
        until = now + lease_seconds
        found = self._connection.run("claim", now, until, worker, secrets.token_hex(8), *_names(lanes))
        return Lease(job_of(found), worker, until) if found else None

    def heartbeat(self, token: FencingToken, now: float, lease_seconds: float) -> LeaseStatus:
        return LeaseStatus(self._connection.run("heartbeat", token.job_id, token.attempt, now + lease_seconds))

    def give_back(self, token: FencingToken, now: float) -> bool:
        return bool(self._connection.run("give_back", token.job_id, token.attempt, now))

    def acknowledge(self, token: FencingToken) -> None:
        self._connection.run("acknowledge", token.job_id, token.attempt)

    def overdue(self, now: float) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("overdue", now)]

    def requeue_lapsed(self, now: float) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("requeue_lapsed", now, WORKER_LOST)]

    def cancel(self, job_id: str, now: float) -> Job | None:
        found = self._connection.run("cancel", job_id, now)
        return job_of(found) if found else None

    def position(self, job_id: str) -> QueuePosition | None:
        found = self._connection.run("position", job_id, _LOOKED_AT, *_names())
        return QueuePosition(int(found[0]), float(found[1])) if found else None

    def wait(self, seconds: float, lanes: Collection[Lane] = ()) -> None:
        names = _names(lanes)
        bells = [self._connection.key("bell", name) for name in names]
        deadline = time.monotonic() + seconds
        while not self._connection.run("waiting", *names):
            left = deadline - time.monotonic()
            if left <= 0 or self._connection.call("BLPOP", *bells, max(0.001, min(left, self._connection.longest_block))):
                return

    def pause(self, paused: bool) -> None:
        self._connection.run("pause", paused, *_names())

    def lane_stats(self) -> dict[Lane, LaneStats]:
        found = zip(LANES, self._connection.run("lane_stats", *_names()), strict=True)
        return {lane: LaneStats(jobs, time_of(oldest)) for lane, (jobs, oldest) in found if jobs}


def _names(lanes: Collection[Lane] = ()) -> list[str]:
    return [lane.value for lane in lanes or LANES]
