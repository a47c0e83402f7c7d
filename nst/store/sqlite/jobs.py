"""Job records."""

import json
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import asdict

from nst.domain import Cursor, FencingToken, Job, JobProgress, JobState, Outcome, Preset
from nst.store import records
from nst.store.ports import JobStore
from nst.store.sqlite.database import UsesDatabase, Values
from nst.store.sqlite.feed import put_in, rename_in_likes, take_out

HELD = "id = :job_id AND attempt = :attempt AND state = 'running'"  # with the fields of a fencing token


class SqliteJobs(UsesDatabase, JobStore):
    def get(self, job_id: str) -> Job | None:
        with self._database.reading() as connection:
            return find(connection, job_id)

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        at, job_id = before[:2] if before else (float("inf"), "")
        condition = "owner = ? AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?"
        return self._jobs(condition, (owner, at, job_id, limit))

    def rename_owner(self, old: str, new: str) -> int:
        with self._database.writing() as connection:
            return _rename_owner(connection, old, new)

    def rename_owners(self, new_name: Callable[[str], str]) -> int:
        with self._database.writing() as connection:
            names = [
                row[0]
                for row in connection.execute("SELECT owner FROM jobs UNION SELECT owner FROM likes UNION SELECT reporter FROM reports")
            ]
            changed = [(name, new) for name in names if (new := new_name(name)) != name]
            for old, new in changed:
                _rename_owner(connection, old, new)
                connection.execute("UPDATE OR REPLACE reports SET reporter = ? WHERE reporter = ?", (new, old))
            return len(changed)

    def advance(self, token: FencingToken, progress: JobProgress, preview_key: str | None) -> bool:
        statement = (
            "UPDATE jobs SET fraction = :fraction, stage = :stage, seconds_left = :seconds_left,"
            f" preview_key = coalesce(:preview, preview_key) WHERE {HELD} RETURNING id"
        )
        return bool(self._database.change(statement, {**asdict(progress), "preview": preview_key, **asdict(token)}))

    def finish(self, token: FencingToken, outcome: Outcome, now: float) -> bool:
        recipe = json.dumps(outcome.recipe) if outcome.recipe is not None else None
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET state = :state, error = :error, error_code = :error_code, output_key = :output_key,"
                " size_bytes = size_bytes + :size_bytes, recipe = :recipe, has_thumbnails = :has_thumbnails,"
                " finished = :now, seconds_left = NULL, preview_key = NULL,"
                " fraction = CASE WHEN :state = 'succeeded' THEN 1 ELSE fraction END,"
                " published = CASE WHEN :state = 'succeeded' AND public THEN :now END"
                f" WHERE {HELD} RETURNING *",
                {**asdict(outcome), "recipe": recipe, "now": now, **asdict(token)},
            ).fetchone()
            if row is not None:
                put_in(connection, job_of(row))
            return row is not None

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float, expected: str | None = None) -> bool:
        values = {"public": public, "input": input_key, "output": output_key, "now": now, "id": job_id, "expected": expected}
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET public = :public, input_key = :input, output_key = :output,"
                " published = CASE WHEN :public THEN coalesce(published, :now) END"
                " WHERE id = :id AND state = 'succeeded' AND output_key = coalesce(:expected, output_key) RETURNING *",
                values,
            ).fetchone()
            if row is None:
                return False
            take_out(connection, job_id)
            put_in(connection, job_of(row))
            return True

    def set_title(self, job_id: str, title: str | None) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET title = :title, cleared = cleared AND title IS :title WHERE id = :id AND state = 'succeeded' RETURNING *",
                {"title": title, "id": job_id},
            ).fetchone()
            if row is None:
                return False
            take_out(connection, job_id)
            put_in(connection, job_of(row))
            return True

    def keep(self, job_id: str, until: float) -> bool:
        statement = "UPDATE jobs SET kept_until = ? WHERE id = ? AND state = 'succeeded' RETURNING id"
        return bool(self._database.change(statement, (until, job_id)))

    def restore(self, job: Job) -> bool:
        row = records.restored_fields(job)
        with self._database.writing() as connection:
            if was_deleted(connection, job.id) or find(connection, job.id) is not None:
                return False
            connection.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", row)
            put_in(connection, job)
            return True

    def delete(self, job_id: str, *, only_private: bool = False) -> bool:
        condition = " AND published IS NULL AND finished IS NOT NULL" if only_private else ""
        return bool(self._database.change(f"DELETE FROM jobs WHERE id = ?{condition} RETURNING id", (job_id,)))

    def was_deleted(self, job_id: str) -> bool:
        with self._database.reading() as connection:
            return was_deleted(connection, job_id)

    def known(self, job_ids: Collection[str]) -> set[str]:
        query = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?))"
        return {job_id for (job_id,) in self._database.rows(query, (json.dumps(list(job_ids)),))}

    def stored_bytes(self) -> int:
        ((total,),) = self._database.rows("SELECT size_bytes FROM totals")
        return int(total)

    def oldest_private(self, finished_before: float, limit: int, *, only_unpainted: bool = False) -> list[Job]:
        condition = "published IS NULL AND finished IS NOT NULL AND kept_until IS NULL AND finished < ? AND NOT (? AND state = 'succeeded')"
        return self._jobs(f"{condition} ORDER BY finished, id LIMIT ?", (finished_before, only_unpainted, limit))

    def kept_longer(self, until_before: float, limit: int) -> list[Job]:
        return self._jobs("published IS NULL AND kept_until < ? ORDER BY kept_until, id LIMIT ?", (until_before, limit))

    def dead(self, limit: int) -> list[Job]:
        condition = "state = 'failed' AND attempt - returns >= max_attempts ORDER BY finished DESC, id DESC LIMIT ?"
        return self._jobs(condition, (limit,))

    def counts(self) -> dict[JobState, int]:
        rows = self._database.rows("SELECT state, count(*) FROM jobs GROUP BY state")
        return {JobState(state): number for state, number in rows}

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        rows = self._database.rows(
            "SELECT cost, finished - started FROM jobs WHERE state = 'succeeded' AND started IS NOT NULL"
            " AND (:lane IS NULL OR lane = :lane) ORDER BY finished DESC LIMIT :limit",
            {"lane": preset, "limit": limit},
        )
        return [(cost, seconds) for cost, seconds in rows]

    def _jobs(self, condition: str, values: Values) -> list[Job]:
        return [job_of(row) for row in self._database.rows(f"SELECT * FROM jobs WHERE {condition}", values)]


def find(connection: sqlite3.Connection, job_id: str) -> Job | None:
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else job_of(row)


def was_deleted(connection: sqlite3.Connection, job_id: str) -> bool:
    return connection.execute("SELECT 1 FROM deleted_jobs WHERE id = ?", (job_id,)).fetchone() is not None


def _rename_owner(connection: sqlite3.Connection, old: str, new: str) -> int:
    connection.execute("UPDATE submissions SET owner = ? WHERE owner = ?", (new, old))
    rename_in_likes(connection, old, new)
    return connection.execute("UPDATE jobs SET owner = ? WHERE owner = ?", (new, old)).rowcount


def job_of(row: sqlite3.Row) -> Job:
    return records.job_of(dict(row))
