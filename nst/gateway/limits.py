"""Budgets of one connection and of one address. What a key may do is counted by the store; who has none, here, by this process."""

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from starlette.types import Scope

from nst.errors import TooManyJobs, TooManyUploads

_MINUTE = 60.0


class Bucket:
    """So many a second on average, and three times as many at once."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most, self._clock = per_second, max(3 * per_second, 1.0), clock
        self._level, self._at = self._most, clock()

    def take(self) -> bool:
        """Whether there was one left."""
        now = self._clock()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def seconds_to_next(self) -> float:
        return max(0.0, (1 - self._level) / self._rate)


@lru_cache(maxsize=4096)
def neighbourhood(address: str) -> str:
    """An address, or the part of an IPv6 one that a provider gives to one customer: the rest is his to choose."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def address_of(scope: Scope) -> str:
    """Where a request or a connection comes from. Behind a proxy that is trusted, what the proxy says."""
    return neighbourhood((scope.get("client") or ("unknown",))[0])


class Addresses:
    """What programs without a key have submitted, by address. Thread-safe.

    They own each job apart, so the store cannot count them together.
    """

    def __init__(self, per_minute: int, active: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._active, self._clock = per_minute, active, clock
        self._submitted: dict[str, dict[str, float]] = {}
        self._coming: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def counted(self, address: str, job_id: str, is_active: Callable[[str], bool]) -> Iterator[None]:
        """Counts a submission, unless it fails.

        Raises:
            TooManyUploads, TooManyJobs: when the address has had its share.
        """
        with self._lock:
            jobs = self._submitted.setdefault(address, {})
            self._check(jobs, lambda other: other in self._coming or is_active(other))
            jobs[job_id] = self._clock()
            self._coming.add(job_id)
        try:
            yield
        except BaseException:
            with self._lock:
                jobs.pop(job_id, None)
            raise
        finally:
            with self._lock:
                self._coming.discard(job_id)
                self._tidy()

    def _check(self, jobs: dict[str, float], is_active: Callable[[str], bool]) -> None:
        recent = [job_id for job_id, at in jobs.items() if self._clock() - at < _MINUTE]
        if len(recent) >= self._per_minute:
            raise TooManyUploads(f"At most {self._per_minute} photos a minute are taken from one address. Wait a minute, or ask for a key.")
        active = [job_id for job_id in list(jobs) if is_active(job_id)]
        if len(active) >= self._active:
            raise TooManyJobs(f"At most {self._active} paintings of one address are under way at a time. Wait for one, or ask for a key.")
        for job_id in jobs.keys() - set(recent) - set(active):
            jobs.pop(job_id, None)

    def _tidy(self) -> None:
        """Addresses with nothing of the last minute are forgotten when they become many."""
        if len(self._submitted) > 10_000:
            now = self._clock()
            old = [address for address, jobs in self._submitted.items() if all(now - at > 30 * _MINUTE for at in jobs.values())]
            for address in old:
                del self._submitted[address]
