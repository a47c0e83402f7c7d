"""The records."""

import json
import secrets
from collections import Counter
from collections.abc import Collection

from nst.domain import Cursor, Job, JobProgress, JobState, Outcome, Preset, Ticket
from nst.store.redis.connection import Connection
from nst.store.redis.records import behind, flag, job_of, place

_SPANS = 1000  # finished jobs of each preset whose seconds are remembered
_BATCH = 1000


class RedisJobs:
    """A `JobStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, job_id: str) -> Job | None:
        fields = self._connection.call("HGETALL", self._connection.key("job", job_id))
        return job_of([text for pair in fields.items() for text in pair]) if fields else None

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("newest", f"owner:{owner}", limit, behind(before))]

    def advance(self, ticket: Ticket, progress: JobProgress, preview_key: str | None) -> bool:
        left = "" if progress.seconds_left is None else progress.seconds_left
        return bool(self._connection.run("advance", *_named(ticket), progress.fraction, progress.stage, left, preview_key or ""))

    def finish(self, ticket: Ticket, outcome: Outcome, now: float) -> bool:
        recipe = "" if outcome.recipe is None else json.dumps(outcome.recipe)
        words = (outcome.state.value, outcome.error or "", outcome.output_key or "", outcome.size_bytes, recipe)
        return bool(self._connection.run("finish", *_named(ticket), now, secrets.token_hex(8), *words, _SPANS))

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float) -> bool:
        return bool(self._connection.run("set_public", job_id, flag(public), input_key, output_key, now))

    def delete(self, job_id: str) -> bool:
        return bool(self._connection.run("delete", job_id))

    def known(self, job_ids: Collection[str]) -> set[str]:
        ids = list(job_ids)
        return {known for start in range(0, len(ids), _BATCH) for known in self._connection.run("known", *ids[start : start + _BATCH])}

    def stored_bytes(self) -> int:
        return int(self._connection.call("HGET", self._connection.key("totals"), "size_bytes") or 0)

    def oldest_private(self, finished_before: float, limit: int) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("oldest", "unpublished", limit, place(finished_before))]

    def dead(self, limit: int) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("newest", "dead", limit, "")]

    def counts(self) -> Counter[JobState]:
        found = self._connection.call("HGETALL", self._connection.key("counts"))
        return Counter({JobState(state): int(number) for state, number in found.items() if int(number)})

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        index = self._connection.key("spans", preset.value) if preset else self._connection.key("spans")
        spans = self._connection.call("ZRANGE", index, "+", "-", "BYLEX", "REV", "LIMIT", 0, limit)
        return [(float(cost), float(seconds)) for _, cost, seconds in (span.split(":") for span in spans)]


def _named(ticket: Ticket) -> tuple[str, int]:
    return ticket.job_id, ticket.attempt
