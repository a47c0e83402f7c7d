"""Hands jobs from the studio's line to the machines: few at a time, so that the line stays fair, and who waits is cancelled at once."""

import logging

from nst.domain import Job, JobProgress, JobState
from nst.settings import Settings
from nst.store.machines import Machines, Phase
from nst.store.ports import Backend

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REST_SECONDS = 1.0

log = logging.getLogger(__name__)


class Dispatcher:
    """
    Args:
        name: of this server, among all that hand over.
    """

    def __init__(self, name: str, backend: Backend, machines: Machines, settings: Settings) -> None:
        self._name, self._backend, self._machines, self._settings = name, backend, machines, settings
        self._pause, self._not_before = FIRST_PAUSE, float("-inf")

    def step(self, now: float) -> bool:
        """Hands one job over; False when there is none, or no room, or a refusal is not long enough ago."""
        if now < self._not_before or self._backend.jobs.counts().get(JobState.RUNNING, 0) >= self._settings.batch_in_flight:
            return False
        lease = self._backend.queue.claim(self._name, now, self._settings.lease_seconds)
        if lease is None:
            return False
        self._hand_over(lease.job, now)
        self._backend.completions.notify(lease.job.id, now)
        return True

    def rest(self, seconds: float = REST_SECONDS) -> None:
        self._backend.queue.wait(seconds)

    def _hand_over(self, job: Job, now: float) -> None:
        """A job that is not taken goes back into the line and loses no attempt: it is none of its faults, whatever the machines say."""
        self._backend.jobs.advance(job.ticket, JobProgress(stage=Phase.WAITING), None)
        try:
            self._machines.submit(job)
        except Exception:  # throttled, unreachable, or a queue that an operator has to mend
            log.exception("job %s was not taken; the next try is in %.0f s", job.id, self._pause, extra={"job_id": job.id})
            self._not_before, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE)
            self._backend.queue.give_back(job.ticket, now)
        else:
            log.info("job %s is handed over, attempt %d", job.id, job.attempt, extra={"job_id": job.id})
            self._pause = FIRST_PAUSE
