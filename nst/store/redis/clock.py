"""One time for the whole fleet, which is Redis' own: a machine whose clock is minutes off neither takes others' leases nor loses its own.

The ports are told the time by their callers, and here the callers are on many machines. The distance to Redis' clock is measured every few
seconds, and the machine's monotonic clock fills in between; its wall clock is never looked at.
"""

import time
from collections.abc import Callable

from nst.errors import StoreUnavailable
from nst.store.redis.connection import Connection

MEASURE_EVERY = 10.0


class SharedClock:
    """Seconds since the epoch. Thread-safe: who measures at the same moment measures the same.

    Raises:
        StoreUnavailable: when it is called while Redis has never answered.
    """

    def __init__(self, connection: Connection, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connection, self._monotonic = connection, monotonic
        self._distance: float | None = None
        self._measured = float("-inf")

    def __call__(self) -> float:
        if self._monotonic() - self._measured >= MEASURE_EVERY:
            self._measure()
        return self._monotonic() + (self._distance or 0.0)

    def _measure(self) -> None:
        asked = self._monotonic()
        try:
            seconds, microseconds = self._connection.run("time")
        except StoreUnavailable:
            if self._distance is None:
                raise
        else:
            answered = self._monotonic()
            self._distance = int(seconds) + int(microseconds) / 1e6 - (asked + answered) / 2
        self._measured = self._monotonic()
