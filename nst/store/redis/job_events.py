"""Job-changed events as entries of a short stream, which every listener reads from its own position.

A stream rather than Pub/Sub: a listener that was disconnected, as all are when Redis is restarted, still receives what it missed. The
stream is cut at a thousand entries, which may lose events and never jobs.
"""

import time

from nst.errors import StoreUnavailable
from nst.store.ports import JobEvents, Listener
from nst.store.redis.connection import Connection, UsesRedis

_KEEP = 1000
_AWAY_SECONDS = 0.5  # pause after a failed read


class RedisJobEvents(UsesRedis, JobEvents):
    def notify(self, job_id: str, now: float) -> None:  # noqa: ARG002 -- Redis stores the time
        self._connection.call("XADD", self._connection.key("hints"), "MAXLEN", "~", _KEEP, "*", "job", job_id)

    def listen(self) -> "RedisListener":
        return RedisListener(self._connection)


class RedisListener(Listener):
    """An outage looks like silence: a caller that has to know reads the record, which raises `StoreUnavailable`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        newest = connection.call("XREVRANGE", connection.key("hints"), "+", "-", "COUNT", 1)
        self._last = newest[0][0] if newest else "0-0"

    def wait(self, seconds: float) -> list[str]:
        deadline = time.monotonic() + seconds
        while not (found := self._read(deadline - time.monotonic())) and time.monotonic() < deadline:
            pass
        return found

    def _read(self, seconds: float) -> list[str]:
        milliseconds = int(1000 * min(seconds, self._connection.longest_block))
        block = ("BLOCK", milliseconds) if milliseconds > 0 else ()  # BLOCK 0 means forever
        try:
            found = self._connection.call("XREAD", "COUNT", _KEEP, *block, "STREAMS", self._connection.key("hints"), self._last)
        except StoreUnavailable:
            time.sleep(max(0.0, min(seconds, _AWAY_SECONDS)))
            return []
        if not found:
            return []
        ((_, events),) = found
        self._last = events[-1][0]
        return [event["job"] for _, event in events]
