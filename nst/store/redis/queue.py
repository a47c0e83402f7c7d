"""The queue: a sorted set of turns for each lane, and leases in the records. Every call is one script."""

import secrets
import time
from collections.abc import Collection

from nst.domain import Job, Preset, Ticket
from nst.store.ports import Ahead, Lease, Line, Pulse, Quota
from nst.store.redis.connection import Connection
from nst.store.redis.records import fields_of, flag, job_of, time_of
from nst.store.sentences import WORKER_LOST, check_quota

_MINUTE, _HOUR = 60, 3600


class RedisQueue:
    """A `Queue`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self, owner: str, quota: Quota, now: float) -> None:
        uploads, active, queued = self._connection.run("load", owner, now - _MINUTE)
        check_quota(quota, uploads=uploads, active=active, queued=queued)

    def submit(self, job: Job, quota: Quota) -> Job:
        limits = (quota.uploads_per_minute, quota.active, quota.queued)
        answer, found = self._connection.run("submit", *limits, job.created - _MINUTE, job.created - _HOUR, *fields_of(job))
        if answer == "refused":
            uploads, active, queued = found
            check_quota(quota, uploads=uploads, active=active, queued=queued)
        return job_of(found)

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Preset] = ()) -> Lease | None:
        until = now + lease_seconds
        found = self._connection.run("claim", now, until, worker, secrets.token_hex(8), *_names(lanes))
        return Lease(job_of(found), worker, until) if found else None

    def heartbeat(self, ticket: Ticket, now: float, lease_seconds: float) -> Pulse:
        return Pulse(self._connection.run("heartbeat", ticket.job_id, ticket.attempt, now + lease_seconds))

    def give_back(self, ticket: Ticket, now: float) -> bool:
        return bool(self._connection.run("give_back", ticket.job_id, ticket.attempt, now))

    def acknowledge(self, ticket: Ticket) -> None:
        self._connection.run("acknowledge", ticket.job_id, ticket.attempt)

    def overdue(self, now: float) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("overdue", now)]

    def requeue_lapsed(self, now: float) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("requeue_lapsed", now, WORKER_LOST)]

    def cancel(self, job_id: str, now: float) -> Job | None:
        found = self._connection.run("cancel", job_id, now)
        return job_of(found) if found else None

    def ahead(self, job_id: str) -> Ahead | None:
        found = self._connection.run("ahead", job_id, *_names())
        return Ahead(int(found[0]), float(found[1])) if found else None

    def wait(self, seconds: float, lanes: Collection[Preset] = ()) -> None:
        names = _names(lanes)
        bells = [self._connection.key("bell", name) for name in names]
        deadline = time.monotonic() + seconds
        while not self._connection.run("waiting", *names):
            left = deadline - time.monotonic()
            if left <= 0 or self._connection.call("BLPOP", *bells, max(0.001, min(left, self._connection.longest_block))):
                return

    def pause(self, paused: bool) -> None:
        self._connection.run("pause", flag(paused), *_names())

    def line(self) -> dict[Preset, Line]:
        found = zip(Preset, self._connection.run("line", *_names()), strict=True)
        return {lane: Line(jobs, time_of(oldest)) for lane, (jobs, oldest) in found if jobs}


def _names(lanes: Collection[Preset] = ()) -> list[str]:
    return [lane.value for lane in lanes or Preset]
