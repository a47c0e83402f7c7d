"""The clock of a fleet, which is Redis' own: a machine whose clock is minutes off neither takes others' leases nor loses its own.

Callers of the ports pass the time in, and here they are on many machines. The offset from Redis' clock is measured every few seconds, and
the machine's monotonic clock fills in between; its wall clock is never used.
"""

import time
from collections.abc import Callable

from nst.errors import StoreUnavailable
from nst.store.redis.connection import Connection

MEASURE_EVERY = 10.0  # seconds


class SharedClock:
    """Returns seconds since the epoch. Thread-safe: threads that measure at the same time find the same offset.

    Raises:
        StoreUnavailable: when it is called while Redis has never answered.
    """

    def __init__(self, connection: Connection, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connection, self._monotonic = connection, monotonic
        self._offset: float | None = None
        self._measured = float("-inf")

    def __call__(self) -> float:
        if self._monotonic() - self._measured >= MEASURE_EVERY:
            self._measure()
        return self._monotonic() + (self._offset or 0.0)

    def _measure(self) -> None:
        asked = self._monotonic()
        try:
            seconds, microseconds = self._connection.run("time")
        except StoreUnavailable:
            if self._offset is None:
                raise
        else:
            answered = self._monotonic()
            self._offset = int(seconds) + int(microseconds) / 1e6 - (asked + answered) / 2
        self._measured = self._monotonic()
