"""Checks jobs without a message for the time of a lease: asks AWS Batch about them, and only then lets their leases lapse.

So a lost message, or a job that was claimed and never submitted, costs the time of one lease. A job that cannot be checked delays no
other: it is checked again later, and fails in the end.
"""

import logging
from collections.abc import Callable

from nst.domain import Job, Outcome
from nst.domain.progress import JobProgress
from nst.errors import PasticheError, StoreUnavailable
from nst.service import retention
from nst.service.visitors import hash_owners
from nst.settings import Settings
from nst.store.ports import Backend
from nst.store.ports.batch import BatchCompute, BatchJob, BatchPhase
from nst.worker import user_messages
from nst.worker.cloud.outcomes import end, ending_of, painting_of
from nst.worker.cloud.repeated_failures import REFUSALS, RepeatedFailures, is_outage, patience_for

REST_SECONDS = 5.0
RETRY_SECONDS = 60.0  # between two checks of a job, when the first was not possible
EXPIRE_SECONDS = 60.0  # for 70,000 expired jobs a day and server
TIDY_SECONDS = 60.0
SWEEP_SECONDS = 6 * 3600.0  # it lists the whole bucket, which costs money
_MOST_OUTAGES = 3  # jobs in a step that cannot be checked because AWS Batch is away; the others are not tried

log = logging.getLogger(__name__)


class Reconciler:
    def __init__(self, backend: Backend, batch: BatchCompute, settings: Settings) -> None:
        self._backend, self._batch, self._settings = backend, batch, settings
        self._failures = RepeatedFailures()
        self._done = dict.fromkeys(("expiry", "tidying up", "sweep", "hashing"), float("-inf"))

    def step(self, now: float) -> bool:
        """Does everything once; always False.

        Raises:
            StoreUnavailable: after an outage of AWS Batch. The rest is done, and no lease has lapsed unchecked.
        """
        away = self._check_overdue(now)
        if len(away) < _MOST_OUTAGES:
            for job in self._backend.queue.requeue_lapsed(now):
                log.warning("job %s was lost; it is %s", job.id, job.state, extra={"job_id": job.id})
                self._backend.job_events.notify(job.id, now)
                retention.delete_unfinished(self._backend, job)
        self._maintain(now)
        if away:
            raise away[-1]
        return False

    def _check_overdue(self, now: float) -> list[StoreUnavailable]:
        away: list[StoreUnavailable] = []
        for job in self._backend.queue.overdue(now):
            try:
                self._check(job, now)
                self._failures.is_over(job.id)
            except StoreUnavailable as error:
                self._put_off(job, error, now)
                away += [error] if is_outage(error) else []
            if len(away) == _MOST_OUTAGES:
                break
        return away

    def _put_off(self, job: Job, error: Exception, now: float) -> None:
        """Extends the lease until the next check; after too long, the job fails. A cancelled job lapses if it may not be stopped."""
        seconds = self._failures.note(job.id, error, now)
        if job.cancel_requested and not is_outage(error):
            return
        if seconds >= patience_for(error):
            end(self._backend, job.fencing_token, Outcome.failed(user_messages.UNKNOWN), now)
        else:
            self._backend.queue.heartbeat(job.fencing_token, now, RETRY_SECONDS)

    def _check(self, job: Job, now: float) -> None:
        """Asks AWS Batch about the current attempt. If it knows of none, the lease lapses."""
        found = self._batch.find(job.id)
        if job.cancel_requested:
            self._stop([batch_job for batch_job in found if not batch_job.phase.is_over], "cancelled")
            return
        present = [batch_job for batch_job in found if batch_job.attempt in (job.attempt, 0)]
        living = [batch_job for batch_job in present if not batch_job.phase.is_over]
        if living and all(self._waits_too_long(batch_job, job, now) for batch_job in living):
            self._give_up(job, living, now)
        elif living:
            self._backend.queue.heartbeat(job.fencing_token, now, self._settings.lease_seconds)
            if not job.progress.fraction:
                self._backend.jobs.advance(job.fencing_token, JobProgress(stage=living[0].phase), None)
                self._backend.job_events.notify(job.id, now)
        elif present:
            self._end(job, present, now)

    def _waits_too_long(self, batch_job: BatchJob, job: Job, now: float) -> bool:
        since = job.started if batch_job.since is None else batch_job.since
        return batch_job.phase is not BatchPhase.PAINTING and since is not None and now - since > self._settings.machine_seconds

    def _give_up(self, job: Job, living: list[BatchJob], now: float) -> None:
        """Has the job fail for want of a machine, and makes room for the next one."""
        log.warning("job %s had no machine for %.0f s", job.id, self._settings.machine_seconds, extra={"job_id": job.id})
        try:
            self._stop(living, user_messages.NO_MACHINE)
        except REFUSALS as error:  # its first message will stop it
            self._failures.note(job.id, error, now)
        end(self._backend, job.fencing_token, Outcome.failed(user_messages.NO_MACHINE), now)

    def _stop(self, batch_jobs: list[BatchJob], reason: str) -> None:
        """
        Raises:
            StoreUnavailable: when one cannot be stopped; all are tried.
        """
        errors: list[StoreUnavailable] = []
        for batch_job in batch_jobs:
            try:
                self._batch.stop(batch_job.id, reason)
            except StoreUnavailable as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _end(self, job: Job, present: list[BatchJob], now: float) -> None:
        """Ends a job whose end no message reported. It succeeds if there is a painting, whatever became of the agent."""
        failed = next((batch_job for batch_job in present if batch_job.phase is BatchPhase.FAILED), present[0])
        outcome = painting_of(self._backend, job) or ending_of(job, failed.reason, failed.exit_code, self._settings)
        log.warning("job %s has ended, and no message said so: %s", job.id, outcome.state, extra={"job_id": job.id})
        end(self._backend, job.fencing_token, outcome, now)

    def _maintain(self, now: float) -> None:
        self._run_if_due("expiry", EXPIRE_SECONDS, lambda: retention.delete_expired(self._backend, self._settings, now), now)
        self._run_if_due("tidying up", TIDY_SECONDS, lambda: retention.complete_cleanups(self._backend, now), now)
        self._run_if_due("hashing", SWEEP_SECONDS, lambda: hash_owners(self._backend.jobs), now)
        self._run_if_due("sweep", SWEEP_SECONDS, lambda: retention.delete_orphans(self._backend, now), now)

    def _run_if_due(self, name: str, seconds: float, duty: Callable[[], object], now: float) -> None:
        """Runs a duty when it is due. One that fails is repeated when it is due again, and delays no other."""
        if now - self._done[name] < seconds:
            return
        self._done[name] = now
        try:
            duty()
        except PasticheError as error:
            self._failures.note(name, error, now)
