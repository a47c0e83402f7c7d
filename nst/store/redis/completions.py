"""Hints as entries of a short stream, which every listener reads from where it was.

A stream and not Pub/Sub: who was away for a moment, as everybody is when Redis is restarted, still hears what he missed. It is cut at a
thousand entries, which loses hints and never jobs.
"""

import time
from types import TracebackType
from typing import Self

from nst.errors import StoreUnavailable
from nst.store.redis.connection import Connection

_KEEP = 1000
_AWAY_SECONDS = 0.5


class RedisCompletions:
    """`Completions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def notify(self, job_id: str, now: float) -> None:  # noqa: ARG002 -- Redis notes the time
        self._connection.call("XADD", self._connection.key("hints"), "MAXLEN", "~", _KEEP, "*", "job", job_id)

    def listen(self) -> "RedisListener":
        return RedisListener(self._connection)


class RedisListener:
    """A `Listener`. An outage is silence: who needs to be sure reads the record, and hears of it there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        newest = connection.call("XREVRANGE", connection.key("hints"), "+", "-", "COUNT", 1)
        self._last = newest[0][0] if newest else "0-0"

    def wait(self, seconds: float) -> list[str]:
        deadline = time.monotonic() + seconds
        while not (heard := self._heard(deadline - time.monotonic())) and time.monotonic() < deadline:
            pass
        return heard

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held between two waits."""

    def _heard(self, seconds: float) -> list[str]:
        milliseconds = int(1000 * min(seconds, self._connection.longest_block))
        block = ("BLOCK", milliseconds) if milliseconds > 0 else ()  # BLOCK 0 is for ever
        try:
            found = self._connection.call("XREAD", "COUNT", _KEEP, *block, "STREAMS", self._connection.key("hints"), self._last)
        except StoreUnavailable:
            time.sleep(max(0.0, min(seconds, _AWAY_SECONDS)))
            return []
        if not found:
            return []
        ((_, hints),) = found
        self._last = hints[-1][0]
        return [hint["job"] for _, hint in hints]
