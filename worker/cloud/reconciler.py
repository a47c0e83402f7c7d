"""Looks after jobs that nothing was heard of for a lease's time: asks the machines' keeper, and only then lets them lapse.

So a letter that was lost, or a job that was claimed and never handed over, costs one lease and no more.
"""

import logging

from nst.domain import Job, Outcome, result_key
from nst.domain.jobs import JobProgress
from nst.errors import ObjectMissing
from nst.service import upkeep
from nst.settings import Settings
from nst.store.machines import Assignment, Machines, Phase
from nst.store.ports import Backend
from worker.cloud.endings import ending_of

REST_SECONDS = 5.0
EXPIRE_SECONDS = 600.0
SWEEP_SECONDS = 6 * 3600.0  # a listing of the whole bucket is paid for by the thousand

log = logging.getLogger(__name__)


class Reconciler:
    def __init__(self, backend: Backend, machines: Machines, settings: Settings) -> None:
        self._backend, self._machines, self._settings = backend, machines, settings
        self._expired = self._swept = float("-inf")

    def step(self, now: float) -> bool:
        """Looks after everything once. What raises in between is done in the next step; nothing lapses unasked."""
        for job in self._backend.queue.overdue(now):
            self._ask(job, now)
        for job in self._backend.queue.requeue_lapsed(now):
            log.warning("job %s was lost; it is %s", job.id, job.state, extra={"job_id": job.id})
            self._backend.completions.notify(job.id, now)
        self._keep_up(now)
        return False

    def _ask(self, job: Job, now: float) -> None:
        """What the keeper says of the present attempt. Says it nothing, the lease lapses."""
        found = self._machines.find(job.id)
        if job.cancel_requested:
            for assignment in found:
                if not assignment.phase.is_over:
                    self._machines.stop(assignment.id, "cancelled")
            return
        present = [assignment for assignment in found if assignment.attempt in (job.attempt, 0)]
        living = [assignment for assignment in present if not assignment.phase.is_over]
        if living:
            self._backend.queue.heartbeat(job.ticket, now, self._settings.lease_seconds)
            if not job.progress.fraction:
                self._backend.jobs.advance(job.ticket, JobProgress(stage=living[0].phase), None)
                self._backend.completions.notify(job.id, now)
        elif present:
            self._end(job, present, now)

    def _end(self, job: Job, present: list[Assignment], now: float) -> None:
        """Over, and nobody said so. A painting that lies there is one, whatever has become of who made it."""
        key = result_key(job.input_key)
        try:
            outcome = Outcome.succeeded(key, len(self._backend.objects.get(key)), {})
        except ObjectMissing:
            failed = next((assignment for assignment in present if assignment.phase is Phase.FAILED), present[0])
            outcome = ending_of(job, failed.reason, failed.exit_code, self._settings)
        log.warning("job %s is over, and nobody said so: %s", job.id, outcome.state, extra={"job_id": job.id})
        self._backend.jobs.finish(job.ticket, outcome, now)
        self._backend.completions.notify(job.id, now)

    def _keep_up(self, now: float) -> None:
        if now - self._expired >= EXPIRE_SECONDS:
            self._expired = now
            upkeep.expire(self._backend, self._settings, now)
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            upkeep.sweep(self._backend, now)
