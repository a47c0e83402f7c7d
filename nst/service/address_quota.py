"""The quota of one client address. The queue counts by owner, and one client can be any number of owners."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nst.errors import TooManyJobs, TooManyUploads
from nst.service.rate_limit import RateLimit
from nst.store.ports import Rates

_MINUTE, _DAY = 60.0, 86_400.0


class AddressQuota:
    """Counts submissions by the network that they come from, for a day at most. Thread-safe.

    Args:
        name: whose quota it is: addresses have one for each name.
        advice: what else its sentences advise: ", or ask for a key".
    """

    def __init__(
        self, name: str, per_minute: int, active: int, clock: Callable[[], float], rates: Rates | None = None, advice: str = ""
    ) -> None:
        self._per_minute, self._active, self._advice = per_minute, active, advice
        self._uploads = RateLimit(f"uploads of {name}", per_minute, _MINUTE, clock, rates)
        self._jobs = RateLimit(f"jobs of {name}", active, _DAY, clock, rates)
        self._incomplete: set[str] = set()
        self._lock = threading.Lock()

    def check(self, address: str, is_active: Callable[[str], bool]) -> None:
        """
        Raises:
            TooManyUploads, TooManyJobs: as `counted`.
        """
        if len(self._uploads.recent(address)) >= self._per_minute:
            raise self._too_many_uploads()
        if len(self._jobs.recent(address)) >= self._active and not self._ended(address, is_active):
            raise self._too_many_jobs()

    @contextmanager
    def counted(self, address: str, job_id: str, is_active: Callable[[str], bool]) -> Iterator[None]:
        """Count a submission, unless it fails.

        Raises:
            TooManyUploads, TooManyJobs: when the address has used up its quota.
        """
        with self._lock:
            self._incomplete.add(job_id)
        try:
            self._take(address, job_id, is_active)
            try:
                yield
            except BaseException:
                self._uploads.give_back(address, job_id)
                self._jobs.give_back(address, job_id)
                raise
        finally:
            with self._lock:
                self._incomplete.discard(job_id)

    def _take(self, address: str, job_id: str, is_active: Callable[[str], bool]) -> None:
        if not self._uploads.take(address, job_id):
            raise self._too_many_uploads()
        if self._jobs.take(address, job_id):
            return
        for ended in self._ended(address, is_active):
            self._jobs.give_back(address, ended)
        if not self._jobs.take(address, job_id):
            self._uploads.give_back(address, job_id)
            raise self._too_many_jobs()

    def _ended(self, address: str, is_active: Callable[[str], bool]) -> list[str]:
        """The jobs that are counted and need not be. Only when there are too many does any have to be looked up."""
        return [job_id for job_id in self._jobs.recent(address) if job_id not in self._incomplete and not is_active(job_id)]

    def _too_many_uploads(self) -> TooManyUploads:
        return TooManyUploads(f"At most {self._per_minute} photos a minute are accepted from one address. Wait a minute{self._advice}.")

    def _too_many_jobs(self) -> TooManyJobs:
        return TooManyJobs(f"At most {self._active} unfinished paintings are allowed per address. Wait for one{self._advice}.")
