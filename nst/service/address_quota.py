"""The quota of one client address. The store counts by owner, and one client can be any number of owners; this process counts them here."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nst.errors import TooManyJobs, TooManyUploads

_MINUTE = 60.0
_MAX_ADDRESSES = 10_000


class AddressQuota:
    """Counts submissions by the network that they come from. Thread-safe.

    Args:
        advice: what else its sentences advise: ", or ask for a key".
    """

    def __init__(self, per_minute: int, active: int, advice: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._active, self._advice, self._clock = per_minute, active, advice, clock
        self._submitted: dict[str, dict[str, float]] = {}
        self._incomplete: set[str] = set()
        self._lock = threading.Lock()

    def check(self, address: str, is_active: Callable[[str], bool]) -> None:
        """
        Raises:
            TooManyUploads, TooManyJobs: as `counted`.
        """
        with self._lock:
            self._check(self._submitted.get(address, {}), is_active)

    @contextmanager
    def counted(self, address: str, job_id: str, is_active: Callable[[str], bool]) -> Iterator[None]:
        """Count a submission, unless it fails.

        Raises:
            TooManyUploads, TooManyJobs: when the address has used up its quota.
        """
        with self._lock:
            jobs = self._submitted.setdefault(address, {})
            self._check(jobs, is_active)
            jobs[job_id] = self._clock()
            self._incomplete.add(job_id)
        try:
            yield
        except BaseException:
            with self._lock:
                jobs.pop(job_id, None)
            raise
        finally:
            with self._lock:
                self._incomplete.discard(job_id)
                self._forget_old_addresses()

    def _check(self, jobs: dict[str, float], is_active: Callable[[str], bool]) -> None:
        recent = [job_id for job_id, at in jobs.items() if self._clock() - at < _MINUTE]
        if len(recent) >= self._per_minute:
            raise TooManyUploads(f"At most {self._per_minute} photos a minute are accepted from one address. Wait a minute{self._advice}.")
        # While there are fewer jobs than may be active, none of them has to be looked up.
        active = list(jobs) if len(jobs) < self._active else [job_id for job_id in jobs if job_id in self._incomplete or is_active(job_id)]
        if len(active) >= self._active:
            raise TooManyJobs(f"At most {self._active} unfinished paintings are allowed per address. Wait for one{self._advice}.")
        for job_id in jobs.keys() - set(recent) - set(active):
            jobs.pop(job_id, None)

    def _forget_old_addresses(self) -> None:
        """When there are many addresses, drop those that have submitted nothing for half an hour."""
        if len(self._submitted) > _MAX_ADDRESSES:
            now = self._clock()
            old = [address for address, jobs in self._submitted.items() if all(now - at > 30 * _MINUTE for at in jobs.values())]
            for address in old:
                del self._submitted[address]
