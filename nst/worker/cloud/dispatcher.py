"""Submits jobs from the studio's queue to AWS Batch: few at a time, so that the queue stays fair and cancelling is immediate."""

import logging
import threading

from nst.domain import LANES, Job, JobProgress, JobState, Lane, Outcome
from nst.settings import Settings
from nst.store.ports import Backend
from nst.store.ports.batch import BatchCompute, BatchPhase
from nst.worker import user_messages
from nst.worker.backoff import Backoff
from nst.worker.cloud.outcomes import end
from nst.worker.cloud.repeated_failures import RepeatedFailures, is_outage
from nst.worker.cloud.warm import batch_lanes, warm_lanes, warm_workers

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REST_SECONDS = 1.0
SPILL_SECONDS = 900.0  # that a job waits for a warm worker while there is none; after that, AWS Batch paints it
_MOST_REFUSED = 5  # jobs in a row; after that many, the jobs are hardly the reason

log = logging.getLogger(__name__)


class Dispatcher:
    """
    Args:
        name: unique among all relays.
    """

    def __init__(self, name: str, backend: Backend, batch: BatchCompute, settings: Settings) -> None:
        self._name, self._backend, self._batch, self._settings = name, backend, batch, settings
        self._backoff, self._not_before = Backoff(FIRST_PAUSE, LONGEST_PAUSE), float("-inf")
        self._failures = RepeatedFailures()
        self._lanes = batch_lanes(settings)
        self.refusals = 0
        """How many submissions were refused, or could not be sent."""

    def step(self, now: float) -> bool:
        """Submits one job; False when there is none, when enough are submitted, or during the pause after a refusal.

        A refused job is returned to the queue only after another one was tried: otherwise it would be claimed again at once.
        """
        if now < self._not_before or self._in_flight(now) >= self._settings.batch_in_flight:
            return False
        refused, lanes = list[Job](), self._lanes_now(now)
        is_taken = is_away = False
        while not is_taken and not is_away and len(refused) < _MOST_REFUSED:
            lease = self._backend.queue.claim(self._name, now, self._settings.lease_seconds, lanes)
            if lease is None:
                break
            is_taken, is_away = self._submit(lease.job, now)
            refused += [] if is_taken else [lease.job]
            self._backend.job_events.notify(lease.job.id, now)
        for job in refused:
            self._backend.queue.give_back(job.fencing_token, now)
            self._backend.job_events.notify(job.id, now)
        self._adapt(is_taken, bool(refused), now)
        return is_taken or bool(refused)

    def rest(self, stop: threading.Event) -> None:
        """Waits for a job, and a moment more: while jobs wait and none may be submitted, waiting for a job returns at once."""
        self._backend.queue.wait(REST_SECONDS, self._lanes)
        stop.wait(0.1)

    def _lanes_now(self, now: float) -> tuple[Lane, ...]:
        """Those of AWS Batch; all, while jobs wait in vain for warm workers."""
        warm = warm_lanes(self._settings)
        if not warm or warm_workers(self._backend, now):
            return self._lanes
        oldest = (stats.oldest for lane, stats in self._backend.queue.lane_stats().items() if lane in warm)
        return LANES if any(now - since > SPILL_SECONDS for since in oldest) else self._lanes

    def _in_flight(self, now: float) -> int:
        """Running jobs, without those of warm workers."""
        running = self._backend.jobs.counts().get(JobState.RUNNING, 0)
        if running and warm_lanes(self._settings):
            running -= sum(worker.job_id is not None for worker in warm_workers(self._backend, now))
        return running

    def _submit(self, job: Job, now: float) -> tuple[bool, bool]:
        """Submits a job, or has it fail when it was refused for too long. A refusal does not count as an attempt.

        Returns:
            Whether it was accepted, and whether AWS Batch is away, so that no other job would be, either.
        """
        self._backend.jobs.advance(job.fencing_token, JobProgress(stage=BatchPhase.WAITING), None)
        try:
            self._batch.submit(job)
        except Exception as error:
            self.refusals += 1
            if is_outage(error):  # throttled, or unreachable
                self._failures.note("submitting", error, now)
                return False, True
            # This job is refused, or all are until an operator changes something.
            if self._failures.note(job.id, error, now) >= self._settings.machine_seconds:
                end(self._backend, job.fencing_token, Outcome.failed(user_messages.NO_MACHINE), now)
            return False, False
        log.info("job %s is submitted, attempt %d", job.id, job.attempt, extra={"job_id": job.id})
        self._failures.is_over(job.id)
        return True, False

    def _adapt(self, is_taken: bool, is_refused: bool, now: float) -> None:
        """Pauses after refusals, longer each time, until a job is accepted."""
        if is_taken:
            self._backoff.reset()
        elif is_refused:
            self._not_before = now + self._backoff.pause()
