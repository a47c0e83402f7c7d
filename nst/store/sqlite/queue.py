"""The queue: leases on rows of the table of records, claimed in one statement."""

import json
import sqlite3
import time
from collections.abc import Collection
from dataclasses import asdict, replace

from nst.domain import FencingToken, Job, Lane, lane_of
from nst.store.ports import LaneStats, Lease, LeaseStatus, Queue, QueuePosition, Quota
from nst.store.records import fields_of
from nst.store.sqlite.database import UsesDatabase
from nst.store.sqlite.jobs import HELD, find, job_of, was_deleted
from nst.store.user_messages import WORKER_LOST, check_quota, id_taken

_POLL_SECONDS = 0.025  # between checks whether another process has changed the file, which take microseconds
_TO_LINE = "worker = NULL, lease_until = NULL, fraction = 0, stage = '', seconds_left = NULL"

_NEXT = (
    "SELECT id FROM jobs WHERE state = 'queued' AND NOT (SELECT paused FROM totals)"
    " AND (:any OR lane IN (SELECT value FROM json_each(:lanes)))"
    " ORDER BY turn, created, id LIMIT 1"
)
_OVERDUE = "SELECT * FROM jobs WHERE state = 'running' AND lease_until < ?"


class SqliteQueue(UsesDatabase, Queue):
    def check(self, owner: str, quota: Quota, now: float) -> None:
        with self._database.reading() as connection:
            _check(connection, owner, quota, now)

    def submit(self, job: Job, quota: Quota) -> Job:
        with self._database.writing() as connection:
            before = connection.execute("SELECT * FROM jobs WHERE owner = ? AND token = ?", (job.owner, job.token)).fetchone()
            if before is not None:
                return job_of(before)
            if was_deleted(connection, job.id):
                raise id_taken()
            _check(connection, job.owner, quota, job.created)
            stored = replace(job, virtual_finish=_last_finish(connection, job.owner) + job.cost)
            row = {**fields_of(stored), "turn": stored.virtual_finish}
            connection.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", row)
            connection.execute("DELETE FROM submissions WHERE at < ?", (job.created - 3600,))
            connection.execute("INSERT INTO submissions VALUES (?, ?)", (job.owner, job.created))
            return stored

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Lane] = ()) -> Lease | None:
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', attempt = attempt + 1, started = :now, worker = :worker, lease_until = :until"
                f" WHERE id = ({_NEXT}) RETURNING *",
                {"now": now, "worker": worker, "until": now + lease_seconds, **_lanes(lanes)},
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE totals SET clock = max(clock, ?)", (row["turn"],))
            return Lease(job_of(row), worker, row["lease_until"])

    def heartbeat(self, token: FencingToken, now: float, lease_seconds: float) -> LeaseStatus:
        statement = f"UPDATE jobs SET lease_until = :until WHERE {HELD} RETURNING cancel_requested"
        held = self._database.change(statement, {"until": now + lease_seconds, **asdict(token)})
        if not held:
            return LeaseStatus.LOST
        return LeaseStatus.CANCEL if held[0]["cancel_requested"] else LeaseStatus.HELD

    def give_back(self, token: FencingToken, now: float) -> bool:
        statement = (
            f"UPDATE jobs SET state = iif(cancel_requested, 'cancelled', 'queued'), returns = returns + 1, {_TO_LINE},"
            f" finished = iif(cancel_requested, :now, NULL) WHERE {HELD} RETURNING id"
        )
        return bool(self._database.change(statement, {"now": now, **asdict(token)}))

    def acknowledge(self, token: FencingToken) -> None:
        statement = "UPDATE jobs SET worker = NULL, lease_until = NULL WHERE id = ? AND attempt = ? AND finished IS NOT NULL"
        self._database.change(statement, (token.job_id, token.attempt))

    def overdue(self, now: float) -> list[Job]:
        return [job_of(row) for row in self._database.rows(_OVERDUE, (now,))]

    def requeue_lapsed(self, now: float) -> list[Job]:
        with self._database.writing() as connection:
            rows = connection.execute(_OVERDUE, (now,)).fetchall()
            return [_lapsed(connection, job_of(row), now) for row in rows]

    def cancel(self, job_id: str, now: float) -> Job | None:
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET cancel_requested = 1, finished = iif(state = 'queued', :now, finished),"
                " state = iif(state = 'queued', 'cancelled', state) WHERE id = :id AND state IN ('queued', 'running')",
                {"now": now, "id": job_id},
            )
            return find(connection, job_id)

    def position(self, job_id: str) -> QueuePosition | None:
        with self._database.reading() as connection:
            job = connection.execute("SELECT turn, created, id FROM jobs WHERE id = ? AND state = 'queued'", (job_id,)).fetchone()
            if job is None:
                return None
            jobs, cost = connection.execute(
                "SELECT count(*), total(cost) FROM jobs WHERE state = 'queued' AND (turn, created, id) < (?, ?, ?)", tuple(job)
            ).fetchone()
            (running,) = connection.execute("SELECT total(cost * (1 - fraction)) FROM jobs WHERE state = 'running'").fetchone()
            return QueuePosition(jobs, cost + running)

    def wait(self, seconds: float, lanes: Collection[Lane] = ()) -> None:
        deadline = time.monotonic() + seconds
        with self._database.reading() as connection:
            seen = None
            while time.monotonic() < deadline:
                version = _version(connection)
                if version != seen and _is_waiting(connection, lanes):
                    return
                seen = version
                time.sleep(min(_POLL_SECONDS, seconds))

    def pause(self, paused: bool) -> None:
        self._database.change("UPDATE totals SET paused = ?", (paused,))

    def lane_stats(self) -> dict[Lane, LaneStats]:
        rows = self._database.rows("SELECT lane, count(*), min(created) FROM jobs WHERE state = 'queued' GROUP BY lane")
        return {lane_of(lane): LaneStats(jobs, oldest) for lane, jobs, oldest in rows}


def _version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection has committed."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def _is_waiting(connection: sqlite3.Connection, lanes: Collection[Lane]) -> bool:
    return connection.execute(_NEXT, _lanes(lanes)).fetchone() is not None


def _lanes(lanes: Collection[Lane]) -> dict[str, bool | str]:
    return {"any": not lanes, "lanes": json.dumps(list(lanes))}


def _check(connection: sqlite3.Connection, owner: str, quota: Quota, now: float) -> None:
    load = connection.execute(
        "SELECT (SELECT count(*) FROM submissions WHERE owner = :owner AND at > :since),"
        " (SELECT count(*) FROM jobs WHERE owner = :owner AND state IN ('queued', 'running')),"
        " (SELECT count(*) FROM jobs WHERE state = 'queued')",
        {"owner": owner, "since": now - 60},
    ).fetchone()
    check_quota(quota, *load)


def _last_finish(connection: sqlite3.Connection, owner: str) -> float:
    (turn,) = connection.execute(
        "SELECT max(clock, coalesce((SELECT max(turn) FROM jobs WHERE owner = ? AND state IN ('queued', 'running')), 0)) FROM totals",
        (owner,),
    ).fetchone()
    return float(turn)


def _lapsed(connection: sqlite3.Connection, job: Job, now: float) -> Job:
    state, error = "queued", None
    if job.cancel_requested:
        state = "cancelled"
    elif job.is_exhausted:
        state, error = "failed", WORKER_LOST.format(attempts=job.attempt - job.returns)
    row = connection.execute(
        f"UPDATE jobs SET state = ?, error = ?, finished = ?, {_TO_LINE} WHERE id = ? RETURNING *",
        (state, error, None if state == "queued" else now, job.id),
    ).fetchone()
    return job_of(row)
