"""What a worker does besides painting: it returns the jobs of lost workers to the queue, and deletes what has expired."""

import logging
from contextlib import suppress

from nst.errors import StoreUnavailable
from nst.service import retention
from nst.service.visitors import hash_owners
from nst.settings import Settings
from nst.store.ports import Backend

REQUEUE_SECONDS = 0.5
UPKEEP_SECONDS = 600.0

log = logging.getLogger(__name__)


class Maintenance:
    def __init__(self, backend: Backend, settings: Settings) -> None:
        self._backend, self._settings = backend, settings
        self._was_away = self._owners_are_hashed = False
        self._requeued = self._kept_up = float("-inf")

    def note_outage(self) -> None:
        """The store is away, and so are all heartbeats: afterwards, every worker has the time of a lease to send one."""
        self._was_away = True

    def step(self, now: float, *, is_idle: bool) -> None:
        """Upkeep, which takes time, is done by an idle worker alone.

        Raises:
            StoreUnavailable: when something could not be done.
        """
        if self._was_away:
            self._requeued, self._was_away = now + self._settings.lease_seconds, False
        if now - self._requeued >= REQUEUE_SECONDS:
            self._requeued = now
            for job in self._backend.queue.requeue_lapsed(now):
                log.warning("job %s was left by its worker; it is %s", job.id, job.state, extra={"job_id": job.id})
                with suppress(StoreUnavailable):
                    self._backend.job_events.notify(job.id, now)
                retention.delete_unfinished(self._backend, job)
        if is_idle and now - self._kept_up >= UPKEEP_SECONDS:
            self._kept_up = now
            if not self._owners_are_hashed:
                hash_owners(self._backend.jobs)
                self._owners_are_hashed = True
            retention.delete_expired(self._backend, self._settings, now)
            retention.complete_cleanups(self._backend, now)
            retention.delete_orphans(self._backend, now)
