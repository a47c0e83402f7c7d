"""The records."""

import json
import sqlite3
from collections.abc import Collection

from nst.domain import Cursor, Job, JobProgress, JobState, Outcome, Preset, Ticket
from nst.store.sqlite.database import Database
from nst.store.sqlite.feed import put_in, take_out
from nst.store.sqlite.rows import job_of

_HELD = "id = :id AND attempt = :attempt AND state = 'running'"


class SqliteJobs:
    """A `JobStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, job_id: str) -> Job | None:
        with self._database.reading() as connection:
            return find(connection, job_id)

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        at, job_id = before or (float("inf"), "")
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE owner = ? AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?",
                (owner, at, job_id, limit),
            )
            return [job_of(row) for row in rows]

    def advance(self, ticket: Ticket, progress: JobProgress, preview_key: str | None) -> bool:
        values = {"fraction": progress.fraction, "stage": progress.stage, "left": progress.seconds_left, "preview": preview_key}
        with self._database.writing() as connection:
            changed = connection.execute(
                "UPDATE jobs SET fraction = :fraction, stage = :stage, seconds_left = :left,"
                f" preview_key = coalesce(:preview, preview_key) WHERE {_HELD}",
                {**values, **_named(ticket)},
            )
            return changed.rowcount == 1

    def finish(self, ticket: Ticket, outcome: Outcome, now: float) -> bool:
        values = {
            "state": outcome.state,
            "error": outcome.error,
            "output": outcome.output_key,
            "size": outcome.size_bytes,
            "recipe": json.dumps(outcome.recipe) if outcome.recipe is not None else None,
            "now": now,
            **_named(ticket),
        }
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = :state, error = :error, output_key = :output, size_bytes = size_bytes + :size, recipe = :recipe,"
                " finished = :now, seconds_left = NULL, preview_key = NULL,"
                " fraction = CASE WHEN :state = 'succeeded' THEN 1 ELSE fraction END,"
                " published = CASE WHEN :state = 'succeeded' AND public THEN :now END"
                f" WHERE {_HELD} RETURNING *",
                values,
            ).fetchone()
            if row is not None:
                put_in(connection, job_of(row))
            return row is not None

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET public = :public, input_key = :input, output_key = :output,"
                " published = CASE WHEN :public THEN coalesce(published, :now) END WHERE id = :id AND state = 'succeeded' RETURNING *",
                {"public": public, "input": input_key, "output": output_key, "now": now, "id": job_id},
            ).fetchone()
            if row is None:
                return False
            take_out(connection, job_id)
            put_in(connection, job_of(row))
            return True

    def delete(self, job_id: str) -> bool:
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,)).rowcount == 1

    def known(self, job_ids: Collection[str]) -> set[str]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(job_ids)),))
            return {row["id"] for row in rows}

    def stored_bytes(self) -> int:
        with self._database.reading() as connection:
            (total,) = connection.execute("SELECT size_bytes FROM totals").fetchone()
            return int(total)

    def oldest_private(self, finished_before: float, limit: int) -> list[Job]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE published IS NULL AND finished IS NOT NULL AND finished < ? ORDER BY finished, id LIMIT ?",
                (finished_before, limit),
            )
            return [job_of(row) for row in rows]

    def dead(self, limit: int) -> list[Job]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE state = 'failed' AND attempt - returns >= max_attempts ORDER BY finished DESC, id DESC LIMIT ?",
                (limit,),
            )
            return [job_of(row) for row in rows]

    def counts(self) -> dict[JobState, int]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT state, count(*) FROM jobs GROUP BY state")
            return {JobState(state): number for state, number in rows}

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT cost, finished - started FROM jobs WHERE state = 'succeeded' AND (:lane IS NULL OR lane = :lane)"
                " ORDER BY finished DESC LIMIT :limit",
                {"lane": preset, "limit": limit},
            )
            return [(cost, seconds) for cost, seconds in rows]


def find(connection: sqlite3.Connection, job_id: str) -> Job | None:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else job_of(row)


def _named(ticket: Ticket) -> dict[str, str | int]:
    return {"id": ticket.job_id, "attempt": ticket.attempt}
