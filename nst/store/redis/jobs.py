"""Job records."""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection

from nst.domain import Cursor, FencingToken, Job, JobProgress, JobState, Outcome, Preset, title_words
from nst.store.ports import JobStore
from nst.store.redis.connection import UsesRedis
from nst.store.redis.records import after, job_of, place, restored_fields

_SPANS = 1000  # number of finished jobs of each preset whose durations are kept
_DELETED = 100_000  # ids that are kept
_BATCH = 1000  # ids of one request


class RedisJobs(UsesRedis, JobStore):
    def get(self, job_id: str) -> Job | None:
        fields = self._connection.call("HGETALL", self._connection.key("job", job_id))
        return job_of([text for pair in fields.items() for text in pair]) if fields else None

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("newest", f"owner:{owner}", limit, after(before))]

    def rename_owner(self, old: str, new: str) -> int:
        return int(self._connection.run("rename_owner", old, new))

    def rename_owners(self, new_name: Callable[[str], str]) -> int:
        owners = {*self._connection.names("owner"), *self._connection.names("likes_of")}
        changed = {name: new for name in owners if (new := new_name(name)) != name}
        for old, new in changed.items():
            self.rename_owner(old, new)
        for job_id in self._connection.names("reports"):
            for name in self._connection.call("HKEYS", self._connection.key("reports", job_id)):
                if (new := new_name(name)) != name:
                    self._connection.run("rename_reporter", job_id, name, new)
                    changed[name] = new
        return len(changed)

    def advance(self, token: FencingToken, progress: JobProgress, preview_key: str | None) -> bool:
        left = "" if progress.seconds_left is None else progress.seconds_left
        return bool(self._connection.run("advance", *_attempt(token), progress.fraction, progress.stage, left, preview_key or ""))

    def finish(self, token: FencingToken, outcome: Outcome, now: float) -> bool:
        recipe = "" if outcome.recipe is None else json.dumps(outcome.recipe, separators=(",", ":"))
        words = (outcome.state.value, outcome.error or "", outcome.output_key or "", outcome.size_bytes, recipe)
        last = (_SPANS, outcome.error_code or "", outcome.has_thumbnails)
        return bool(self._connection.run("finish", *_attempt(token), now, secrets.token_hex(8), *words, *last))

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float, expected: str | None = None) -> bool:
        return bool(self._connection.run("set_public", job_id, public, input_key, output_key, now, expected or ""))

    def set_title(self, job_id: str, title: str | None) -> bool:
        return bool(self._connection.run("set_title", job_id, title or "", " ".join(title_words(title or ""))))

    def keep(self, job_id: str, until: float) -> bool:
        return bool(self._connection.run("keep", job_id, until))

    def restore(self, job: Job) -> bool:
        return bool(self._connection.run("restore", *restored_fields(job)))

    def delete(self, job_id: str, *, only_private: bool = False) -> bool:
        return bool(self._connection.run("delete", job_id, only_private, _DELETED))

    def was_deleted(self, job_id: str) -> bool:
        return self._connection.call("ZSCORE", self._connection.key("deleted"), job_id) is not None

    def known(self, job_ids: Collection[str]) -> set[str]:
        ids = list(job_ids)
        return {known for start in range(0, len(ids), _BATCH) for known in self._connection.run("known", *ids[start : start + _BATCH])}

    def stored_bytes(self) -> int:
        return int(self._connection.call("HGET", self._connection.key("totals"), "size_bytes") or 0)

    def oldest_private(self, finished_before: float, limit: int, *, only_unpainted: bool = False) -> list[Job]:
        index = "unpainted" if only_unpainted else "unpublished"
        return [job_of(reply) for reply in self._connection.run("oldest", index, limit, place(finished_before))]

    def kept_longer(self, until_before: float, limit: int) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("kept_longer", limit, place(until_before))]

    def dead(self, limit: int) -> list[Job]:
        return [job_of(reply) for reply in self._connection.run("newest", "dead", limit, "")]

    def counts(self) -> Counter[JobState]:
        found = self._connection.call("HGETALL", self._connection.key("counts"))
        return Counter({JobState(state): int(number) for state, number in found.items() if int(number)})

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        index = self._connection.key("spans", preset.value) if preset else self._connection.key("spans")
        spans = self._connection.call("ZRANGE", index, "+", "-", "BYLEX", "REV", "LIMIT", 0, limit)
        return [(float(cost), float(seconds)) for _, cost, seconds in (span.split(":") for span in spans)]


def _attempt(token: FencingToken) -> tuple[str, int]:
    return token.job_id, token.attempt
