"""Consumes the messages of agents and of AWS Batch, and updates job records. Messages may be duplicated, late and out of order.

That is harmless: a message belongs to an attempt, an attempt ends once, and a message is deleted only after the record is written. One that
cannot be read, or that claims the impossible, is left in the queue; SQS moves it to the dead-letter queue after five deliveries.
"""

import logging
from contextlib import suppress

from nst.domain import FencingToken, Job, JobProgress, JobState, Outcome, input_key_of, output_key_of
from nst.domain.keys import is_key, job_id_of, preview_key
from nst.errors import ObjectMissing, PasticheError, StoreUnavailable
from nst.service.visibility import record_cleanup
from nst.settings import Settings
from nst.store.ports import Backend, LeaseStatus, WorkerInfo
from nst.store.ports.batch import BatchCompute, BatchPhase, MessageQueue, ReceivedMessage
from nst.store.wire import Advanced, Cancel, Failed, Interrupted, MalformedMessage, Message, Painted, Sender, StateChanged, decode_message
from nst.worker import user_messages
from nst.worker.cloud.outcomes import end, ending_of, painting_of
from nst.worker.cloud.repeated_failures import REFUSALS
from nst.worker.timelapse_and_thumbnails import painted_keys

POLL_SECONDS = 8.0  # less than a relay has to exit: a message that it received and did not handle is invisible for a minute
GRACE_SECONDS = 60.0  # after which the reconciler looks at a job whose end no message explains
_PHASES = {"RUNNABLE": BatchPhase.WAITING, "STARTING": BatchPhase.STARTING, "RUNNING": BatchPhase.PAINTING}

log = logging.getLogger(__name__)


class MessageReader:
    """`step` handles up to ten messages."""

    def __init__(
        self, backend: Backend, batch: BatchCompute, messages: MessageQueue, settings: Settings, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._backend, self._batch, self._messages, self._settings = backend, batch, messages, settings
        self._poll_seconds = poll_seconds

    def step(self, now: float) -> bool:
        """Always True: the poll is the pause.

        Raises:
            StoreUnavailable: while records cannot be written. Nothing is received then, so that an outage makes no dead letters.
        """
        self._backend.jobs.counts()
        received = self._messages.receive(self._poll_seconds)
        self._messages.delete([message for message in received if self._is_handled(message, self._now(now))])
        return True

    def _now(self, now: float) -> float:
        """The time after a long poll. Tests do not poll."""
        return max(now, self._backend.clock()) if self._poll_seconds else now

    def _is_handled(self, received: ReceivedMessage, now: float) -> bool:
        try:
            self._handle(decode_message(received.body), now)
        except MalformedMessage as error:
            log.error("a message cannot be read (delivery %d): %s", received.deliveries, error)
            return False
        except PasticheError:  # an outage: the message is delivered again
            log.warning("a message cannot be handled yet (delivery %d)", received.deliveries, exc_info=True)
            return False
        return True

    def _handle(self, message: Message, now: float) -> None:
        sender = message.sender
        job = self._backend.jobs.get(sender.job_id)
        if job is None:
            self._forget(message)
            return
        token = FencingToken(job.id, sender.attempt or job.attempt)
        match message:
            case Painted():
                self._painted(message, job, token, now)
            case Failed(error=error, code=code):
                self._failed(sender, job, token, Outcome.failed(error, code), now, is_from_agent=True)
            case Advanced():
                self._advance(message, job, token, now)
            case Interrupted():
                self._interrupted(job, token, now)
            case Cancel():
                self._cancel(job, token, now)
            case StateChanged():
                self._changed(message, job, token, now)

    def _painted(self, message: Painted, job: Job, token: FencingToken, now: float) -> None:
        if message.result_key != (job.output_key or output_key_of(job.input_key)) and not job.state.is_terminal:
            raise MalformedMessage(f"job {job.id} has no such result")
        try:
            size = self._backend.objects.size(message.result_key) if message.size is None else message.size
        except ObjectMissing:
            end(self._backend, token, Outcome.failed(user_messages.UNSTORED), now)
            return
        outcome = Outcome.succeeded(message.result_key, size, message.recipe, has_thumbnails=message.has_thumbnails)
        if end(self._backend, token, outcome, now):
            return
        record = self._backend.jobs.get(job.id)
        if record is None or record.state is JobState.CANCELLED:
            self._discard(message.sender, message.result_key)  # it was painted too late
        elif record.state is JobState.SUCCEEDED and record.output_key != message.result_key:
            record_cleanup(self._backend, message.result_key, now)  # painted twice, and moved meanwhile

    def _failed(self, sender: Sender, job: Job, token: FencingToken, outcome: Outcome, now: float, *, is_from_agent: bool) -> None:
        """Ends the job, unless there is a painting (its agent may have died after storing it) or another batch job is painting it.

        During an outage of the pictures' store, an agent's report is believed, since the agent may have failed because of it; a report of
        AWS Batch is left to the reconciler.
        """
        if job.cancel_requested:
            outcome = Outcome.cancelled()
        elif token == job.fencing_token and job.state is JobState.RUNNING:
            try:
                painting = painting_of(self._backend, job)
            except StoreUnavailable as error:
                log.warning("whether job %s is painted cannot be determined: %s", job.id, error.__cause__ or error)
                if not is_from_agent:
                    self._backend.queue.heartbeat(token, now, GRACE_SECONDS)
                    return
                painting = None
            if painting is None and self._has_others(sender, job):
                return
            outcome = painting or outcome
        end(self._backend, token, outcome, now)

    def _has_others(self, sender: Sender, job: Job) -> bool:
        """Whether the same attempt was submitted twice, and the other batch job goes on."""
        if not sender.assignment:
            return False
        try:
            found = self._batch.find(job.id)
        except REFUSALS:
            return False
        present = [batch_job for batch_job in found if batch_job.attempt in (job.attempt, 0)]
        return any(not batch_job.phase.is_over and batch_job.id != sender.assignment for batch_job in present)

    def _advance(self, message: Advanced, job: Job, token: FencingToken, now: float) -> None:
        if self._backend.queue.heartbeat(token, now, self._settings.lease_seconds) is not LeaseStatus.HELD:
            self._stop(message.sender)
            return
        preview = message.preview_key if message.preview_key == preview_key(job.id) else None
        if message.progress.fraction >= job.progress.fraction:  # otherwise the message is out of order
            self._backend.jobs.advance(token, message.progress, preview)
        self._report_presence(message.sender, job, now)
        self._backend.job_events.notify(job.id, now)

    def _interrupted(self, job: Job, token: FencingToken, now: float) -> None:
        if job.cancel_requested:
            end(self._backend, token, Outcome.cancelled(), now)
        elif self._backend.jobs.advance(token, JobProgress(stage=BatchPhase.WAITING), None):
            self._backend.job_events.notify(job.id, now)

    def _cancel(self, job: Job, token: FencingToken, now: float) -> None:
        """Updates the record first: the visitor waits. During an outage of AWS Batch, the message is delivered again."""
        if job.cancel_requested:
            end(self._backend, token, Outcome.cancelled(), now)
            for batch_job in self._batch.find(job.id):
                if not batch_job.phase.is_over and batch_job.attempt <= token.attempt:
                    self._batch.stop(batch_job.id, "cancelled")

    def _changed(self, message: StateChanged, job: Job, token: FencingToken, now: float) -> None:
        """Handles failures and starts. A success is reported by the agent, with more detail, or found by the reconciler."""
        if message.status == "FAILED":
            outcome = ending_of(job, message.reason, message.exit_code, self._settings)
            self._failed(message.sender, job, token, outcome, now, is_from_agent=False)
        elif message.status in _PHASES and self._backend.queue.heartbeat(token, now, self._settings.lease_seconds) is LeaseStatus.HELD:
            phase = _PHASES[message.status]
            is_late = phase is BatchPhase.STARTING and job.progress.stage == BatchPhase.PAINTING
            if not job.progress.fraction and not is_late:
                self._backend.jobs.advance(token, JobProgress(stage=phase), None)
            self._backend.job_events.notify(job.id, now)

    def _forget(self, message: Message) -> None:
        """Stops and deletes what belongs to a job that was deleted, or never existed."""
        log.info("a message about job %s, which does not exist", message.sender.job_id)
        self._stop(message.sender)
        if isinstance(message, Painted):
            self._discard(message.sender, message.result_key)

    def _discard(self, sender: Sender, key: str) -> None:
        """Deletes what an agent has stored for a job that was cancelled or deleted, and no other picture."""
        if is_key(key) and key == output_key_of(key) != input_key_of(key) and job_id_of(key) == sender.job_id:
            self._backend.objects.delete(painted_keys(key))

    def _stop(self, sender: Sender) -> None:
        if sender.assignment:
            self._batch.stop(sender.assignment, "the painting is not wanted any more")

    def _report_presence(self, sender: Sender, job: Job, now: float) -> None:
        if sender.assignment:
            with suppress(StoreUnavailable):
                self._backend.workers.report(WorkerInfo(f"batch-{sender.assignment[:8]}", job.started or now, now, job.id))
