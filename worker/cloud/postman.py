"""Reads the machines' letters into the records. Each may come twice, late, in any order and to several servers at once.

What makes that harmless: a letter speaks for an attempt, an attempt is finished once, and a letter is deleted behind the record alone. One
that cannot be read, or that claims what cannot be, is left; SQS puts it among the dead letters after five times, where somebody looks.
"""

import logging
from contextlib import suppress

from nst.domain import Job, JobProgress, Outcome, Ticket, result_key
from nst.domain.keys import is_key, preview_key
from nst.errors import ObjectMissing, PasticheError
from nst.settings import Settings
from nst.store.machines import Letter, Machines, Mailbox, Phase
from nst.store.ports import Backend, Pulse, WorkerInfo
from nst.store.wire import Advanced, Cancel, Failed, Interrupted, Message, Painted, Sender, StateChanged, Unreadable, message_of
from worker import sentences
from worker.cloud.endings import ending_of

POLL_SECONDS = 8.0  # below what a server that is told to leave has left: a letter taken by the dying waits for a minute
_PHASES = {"RUNNABLE": Phase.WAITING, "STARTING": Phase.STARTING, "RUNNING": Phase.PAINTING}

log = logging.getLogger(__name__)


class Postman:
    """`step` empties a handful of letters from the mailbox."""

    def __init__(self, backend: Backend, machines: Machines, mail: Mailbox, settings: Settings, poll_seconds: float = POLL_SECONDS) -> None:
        self._backend, self._machines, self._mail, self._settings, self._poll_seconds = backend, machines, mail, settings, poll_seconds

    def step(self, now: float) -> bool:
        """True: the poll itself is the rest.

        Raises:
            StoreUnavailable: before anything is received while records cannot be written, so that an outage makes no dead letters.
        """
        self._backend.jobs.counts()
        letters = self._mail.receive(self._poll_seconds)
        read = [letter for letter in letters if self._is_done(letter, self._now(now))]
        self._mail.delete(read)
        return True

    def _now(self, now: float) -> float:
        """Behind a long poll, the time has gone on; a test's does not."""
        return max(now, self._backend.clock()) if self._poll_seconds else now

    def _is_done(self, letter: Letter, now: float) -> bool:
        try:
            self._read(message_of(letter.body), now)
        except Unreadable as error:
            log.error("a letter cannot be read (delivery %d): %s", letter.deliveries, error)
            return False
        except (PasticheError, OSError):  # something is away: the letter comes again
            log.warning("a letter waits (delivery %d)", letter.deliveries, exc_info=True)
            return False
        return True

    def _read(self, message: Message, now: float) -> None:
        sender = message.sender
        job = self._backend.jobs.get(sender.job_id)
        if job is None:
            self._forget(message)
            return
        ticket = Ticket(job.id, sender.attempt or job.attempt)
        match message:
            case Painted():
                self._painted(message, job, ticket, now)
            case Failed(error=error):
                self._finish(job, ticket, Outcome.cancelled() if job.cancel_requested else Outcome.failed(error), now)
            case Advanced():
                self._advance(message, job, ticket, now)
            case Interrupted():
                self._interrupted(job, ticket, now)
            case Cancel():
                self._cancel(job, ticket, now)
            case StateChanged():
                self._changed(message, job, ticket, now)

    def _painted(self, message: Painted, job: Job, ticket: Ticket, now: float) -> None:
        if message.result_key != (job.output_key or result_key(job.input_key)) and not job.state.is_terminal:
            raise Unreadable(f"job {job.id} has no such result")
        try:
            size = len(self._backend.objects.get(message.result_key)) if message.size is None else message.size
        except ObjectMissing:
            self._finish(job, ticket, Outcome.failed(sentences.UNSTORED), now)
            return
        if self._finish(job, ticket, Outcome.succeeded(message.result_key, size, message.recipe), now):
            return
        record = self._backend.jobs.get(job.id)
        if record is not None and record.state.is_terminal and record.output_key != message.result_key:
            self._withdraw(message.result_key)  # cancelled, or moved: what was painted too late belongs to nobody

    def _finish(self, job: Job, ticket: Ticket, outcome: Outcome, now: float) -> bool:
        """Record, notification, lease. The notification again for a letter that comes again: the first reader may have died before it."""
        is_first = self._backend.jobs.finish(ticket, outcome, now)
        self._backend.completions.notify(job.id, now)
        if is_first:
            log.info("job %s ends: %s", job.id, outcome.state, extra={"job_id": job.id})
            self._backend.objects.delete([preview_key(job.id)])
            self._backend.queue.acknowledge(ticket)
        return is_first

    def _advance(self, message: Advanced, job: Job, ticket: Ticket, now: float) -> None:
        if self._backend.queue.heartbeat(ticket, now, self._settings.lease_seconds) is not Pulse.HELD:
            self._stop(message.sender)
            return
        preview = message.preview_key if message.preview_key == preview_key(job.id) else None
        if message.progress.fraction >= job.progress.fraction:  # an older letter says nothing new
            self._backend.jobs.advance(ticket, message.progress, preview)
        self._report(message.sender, job, now)
        self._backend.completions.notify(job.id, now)

    def _interrupted(self, job: Job, ticket: Ticket, now: float) -> None:
        if job.cancel_requested:
            self._finish(job, ticket, Outcome.cancelled(), now)
        elif self._backend.jobs.advance(ticket, JobProgress(stage=Phase.WAITING), None):
            self._backend.completions.notify(job.id, now)

    def _cancel(self, job: Job, ticket: Ticket, now: float) -> None:
        """The record first: the visitor has waited long enough. If the machines do not answer, the letter comes again."""
        if job.cancel_requested:
            self._finish(job, ticket, Outcome.cancelled(), now)
            for assignment in self._machines.find(job.id):
                if not assignment.phase.is_over and assignment.attempt <= ticket.attempt:
                    self._machines.stop(assignment.id, "cancelled")

    def _changed(self, message: StateChanged, job: Job, ticket: Ticket, now: float) -> None:
        """That an assignment succeeded, the agent says better; and if it cannot, the reconciler."""
        if message.status == "FAILED":
            self._finish(job, ticket, ending_of(job, message.reason, message.exit_code, self._settings), now)
        elif message.status in _PHASES and self._backend.queue.heartbeat(ticket, now, self._settings.lease_seconds) is Pulse.HELD:
            phase = _PHASES[message.status]
            is_late = phase is Phase.STARTING and job.progress.stage == Phase.PAINTING
            if not job.progress.fraction and not is_late:
                self._backend.jobs.advance(ticket, JobProgress(stage=phase), None)
            self._backend.completions.notify(job.id, now)

    def _forget(self, message: Message) -> None:
        """A job that was deleted, or never was: nobody waits for it, and nothing of it may stay."""
        log.info("a letter about job %s, which there is not", message.sender.job_id)
        self._stop(message.sender)
        if isinstance(message, Painted) and is_key(message.result_key) and f"/output/{message.sender.job_id}." in message.result_key:
            self._withdraw(message.result_key)

    def _withdraw(self, key: str) -> None:
        if is_key(key):
            self._backend.objects.delete([key])

    def _stop(self, sender: Sender) -> None:
        if sender.assignment:
            self._machines.stop(sender.assignment, "nobody waits for it any more")

    def _report(self, sender: Sender, job: Job, now: float) -> None:
        if sender.assignment:
            with suppress(OSError):
                self._backend.roster.report(WorkerInfo(f"batch-{sender.assignment[:8]}", job.started or now, now, job.id))
