"""Rates of one connection, and the address that a connection comes from."""

import time
from collections import Counter
from collections.abc import Callable

from starlette.types import Scope

from nst.client_network import client_network

_BURST_SECONDS = 3


class TokenBucket:
    """`per_second` tokens on average, and at most `size` at once: three seconds' worth by default."""

    def __init__(self, per_second: float, size: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = per_second, size or max(_BURST_SECONDS * per_second, 1.0), clock
        self._level, self._updated = self._size, clock()

    @property
    def is_full(self) -> bool:
        self._refill()
        return self._level >= self._size

    def take(self) -> bool:
        """Take a token; False when there is none."""
        self._refill()
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def reserve(self) -> float:
        """Take a token, which may not be there yet: the seconds until it is. At most `size` tokens are owed, however many have asked."""
        self._refill()
        self._level = max(self._level - 1, -self._size)
        return max(0.0, -self._level / self._rate)

    def _refill(self) -> None:
        now = self._clock()
        self._level = min(self._size, self._level + (now - self._updated) * self._rate)
        self._updated = now


def client_address(scope: Scope) -> str:
    """The network that a request or a connection comes from. With a trusted proxy, the one that the proxy reports."""
    return client_network((scope.get("client") or ("unknown",))[0])


def decrement(counter: Counter[str], key: str) -> None:
    """Count one less, and drop the key at zero."""
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
