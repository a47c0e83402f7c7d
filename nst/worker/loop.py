"""One worker: claims a job, has its child paint it, and ends it, whatever the child does.

`step` does one unit of work and neither sleeps nor reads a clock; `rest` is the pause between two steps. A job ends in this order: result,
record, notification, lease. A crash between any two of them loses nothing (see the tests).

While the store is away, a step raises `StoreUnavailable` and may be repeated: the child goes on painting, its messages are kept, and an
end is recorded once the store is back.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from nst.domain import LANES, Job, JobState, Lane, Outcome, PresetSeconds, StyleRef, StyleShare, longest_seconds, output_key_of
from nst.domain.keys import preview_key, unfinished_keys
from nst.errors import PasticheError, StoreFault, StoreUnavailable, StyleChanged
from nst.model_process.messages import Advanced, Done, Failed, Final, Measured, PaintRequest, RegionRequest
from nst.model_process.parent import Child, MakeChild
from nst.service.visibility import record_cleanup
from nst.settings import Settings
from nst.store.ports import Backend, LeaseStatus, WorkerInfo
from nst.styles import Catalogue
from nst.worker.attempt import Attempt
from nst.worker.checkpoints import attempts_before, find_checkpoint, store_checkpoint
from nst.worker.maintenance import Maintenance
from nst.worker.masks import mask_file, style_masks
from nst.worker.timelapse_and_thumbnails import painted_keys, store_extras

HEARTBEAT_SECONDS = 0.5  # a cancellation takes effect within this and the attempt's grace, together below the promised two seconds
REPORT_SECONDS = 5.0
REST_SECONDS = 0.25


OnEnd = Callable[[Job, Outcome, float], None]

log = logging.getLogger(__name__)


@dataclass
class _Running:
    """The job that is being painted.

    Attributes:
        begun, beaten: when it was claimed, and when the last heartbeat was sent.
        attempt: None until the child has the request.
        is_stopping: whether it was cancelled, or the lease was lost.
        is_over: whether it has ended, and only the record is to be written.
        outcome: how it ends, or will once the child has stopped; None for a job that belongs to another worker by now.
    """

    job: Job
    begun: float
    beaten: float
    attempt: Attempt | None = None
    is_stopping: bool = False
    is_over: bool = False
    outcome: Outcome | None = None


class Worker:
    """Paints one job at a time.

    Args:
        name: unique among all workers.
        make_child: starts a child; called again whenever one is dead.
        lanes: the presets that it paints; all when empty.
        on_end: called after every job that it ended, with its outcome and the seconds since it was claimed.
        maintains: whether it also returns the jobs of lost workers to the queue and deletes what has expired. Beside AWS Batch, the relay
            does that: it asks Batch first.
    """

    def __init__(
        self,
        name: str,
        backend: Backend,
        catalogue: Catalogue,
        settings: Settings,
        make_child: MakeChild,
        lanes: Collection[Lane] = (),
        on_end: OnEnd = lambda _job, _outcome, _seconds: None,
        *,
        maintains: bool = True,
    ) -> None:
        self.name = name
        self._backend, self._catalogue, self._settings, self._make_child = backend, catalogue, settings, make_child
        self._lanes, self._on_end = lanes, on_end
        self._maintenance = Maintenance(backend, settings) if maintains else None
        self._is_open = True
        self._child: Child | None = None
        self._running: _Running | None = None
        self._started: float | None = None
        self._faulty: float | None = None
        self._reported = float("-inf")
        self._seconds: PresetSeconds = {}

    def step(self, now: float) -> bool:
        """Does one unit of work; False when there was nothing to do.

        Raises:
            StoreUnavailable: when it could not be done; it may be repeated.
        """
        try:
            has_worked = self._work(now)
        except StoreFault:
            self._note_fault(now)
            raise
        self._faulty = None
        return has_worked

    def _work(self, now: float) -> bool:
        self._listen(now)  # also when the store cannot be reached in this step
        self._report(now)
        if self._maintenance is not None:
            self._maintenance.step(now, is_idle=self._running is None)
        if self._running is None:
            return self._is_open and self._claim(now)
        # The heartbeat before the events: another worker may have the job by now, if this one was suspended.
        for duty in (self._commit, self._heartbeat, self._send_request, self._handle_event):
            if self._running is not None:
                duty(self._running, now)
        return True

    def _listen(self, now: float) -> None:
        """Reads what the child has sent. Without a job, only what it has measured counts."""
        measured = None
        if self._running is not None and self._running.attempt is not None:
            self._running.attempt.listen(now)
            measured = self._running.attempt.measured
        elif self._running is None and self._child is not None:
            measured = next((message.seconds for message in self._child.received() if isinstance(message, Measured)), None)
        if measured is not None and measured != self._seconds:
            self._seconds, self._reported = measured, float("-inf")

    def rest(self) -> None:
        """Waits until there may be something to do, but briefly, so that a signal takes effect soon."""
        if self._running is not None and self._child is not None:
            self._child.wait(REST_SECONDS)
        else:
            self._backend.queue.wait(REST_SECONDS, self._lanes)

    @property
    def is_busy(self) -> bool:
        return self._running is not None

    def close(self) -> None:
        """Claims no further job; the present one goes on."""
        self._is_open = False

    def note_outage(self) -> None:
        """The store is away."""
        if self._maintenance is not None:
            self._maintenance.note_outage()

    def _note_fault(self, now: float) -> None:
        """Leaves a job whose record the store cannot take, which would occupy its worker for ever: it lapses, and the attempt counts."""
        self._faulty = now if self._faulty is None else self._faulty
        if self._running is not None and now - self._faulty > longest_seconds(self._running.job.params, self._settings.job_seconds):
            log.error("job %s is left: the store fails at it", self._running.job.id, extra=_about(self._running.job))
            self._drop_child()
            self._running, self._faulty, self._reported = None, None, float("-inf")

    def warm_up(self) -> None:
        """Starts the child, which loads its model, before there is a job."""
        self._living_child()

    def stop(self, now: float) -> None:
        """Gives the present job back, without an attempt lost, and ends the child."""
        self._drop_child()
        if self._running is not None:
            job = self._running.job
            self._backend.queue.give_back(job.fencing_token, now)
            self._backend.job_events.notify(job.id, now)
            self._running = None
            with suppress(StoreUnavailable):
                self._discard_unfinished(job)  # it was cancelled
        self._backend.workers.leave(self.name)

    def _claim(self, now: float) -> bool:
        lease = self._backend.queue.claim(self.name, now, self._settings.lease_seconds, self._lanes)
        if lease is None:
            return False
        log.info("job %s begins, attempt %d", lease.job.id, lease.job.attempt, extra=_about(lease.job))
        self._running = _Running(lease.job, begun=now, beaten=now)
        self._reported = float("-inf")
        with suppress(StoreUnavailable):
            self._backend.job_events.notify(lease.job.id, now)
        self._send_request(self._running, now)
        return True

    def _send_request(self, running: _Running, now: float) -> None:
        """Has the child paint, if it does not yet."""
        if running.attempt is not None:
            return
        try:
            request = self._request(running.job)
        except StoreUnavailable:
            raise
        except StyleChanged as error:
            self._end(running, Outcome.failed(str(error), error.code), now)
        except PasticheError as error:  # a picture is gone
            self._end(running, Outcome.failed(str(error)), now)
        else:
            running.attempt = Attempt(self._living_child(), request, self._settings, now)

    def _request(self, job: Job) -> PaintRequest:
        objects, styles = self._backend.objects, self._style_files(job.styles)
        regions = tuple(
            RegionRequest(
                mask_file(objects, region.mask_key), self._style_files(region.styles), region.strength, style_masks(objects, region)
            )
            for region in job.regions
        )
        photo = objects.get(job.input_key)
        earlier = objects.get(job.earlier_key) if job.earlier_key else None
        checkpoint = find_checkpoint(objects, job.id, attempts_before(job.attempt))
        suffix = PurePosixPath(job.input_key).suffix
        return PaintRequest(job.fencing_token, photo, styles, job.params, suffix, regions, earlier, checkpoint)

    def _style_files(self, styles: Iterable[StyleRef]) -> tuple[StyleShare[bytes], ...]:
        return tuple(StyleShare(self._style_file(style), style.share) for style in styles)

    def _style_file(self, style: StyleRef) -> bytes:
        if style.is_upload:
            return self._backend.objects.get(style.name)
        return self._catalogue.file(style.name, style.digest)

    def _heartbeat(self, running: _Running, now: float) -> None:
        if now - running.beaten < HEARTBEAT_SECONDS:
            return
        status = self._backend.queue.heartbeat(running.job.fencing_token, now, self._settings.lease_seconds)
        running.beaten = now
        if status is LeaseStatus.HELD or running.is_stopping:
            return
        log.info("job %s is to stop: %s", running.job.id, status, extra=_about(running.job))
        running.is_stopping = True
        running.outcome = Outcome.cancelled() if status is LeaseStatus.CANCEL else None
        if running.attempt is None:
            self._end(running, running.outcome, now)
        else:
            running.attempt.cancel(now)

    def _handle_event(self, running: _Running, now: float) -> None:
        """Handles the latest event of the attempt. When the store is away, it is handled again in the next step."""
        if running.attempt is None or running.is_over:
            return
        event = running.attempt.poll(now)
        self._keep_checkpoint(running, event)
        match event:
            case None:
                return
            case Advanced():
                self._advance(event, running.job)
                running.attempt.handled(event)
                return
            case Done() if not running.is_stopping:
                outcome = self._stored(event, running.job) if self._holds_lease(running.job, now) else None
            case Failed(error=error) if not running.is_stopping:
                outcome = Outcome.failed(error)
            case _:
                outcome = running.outcome
        self._end(running, outcome, now)
        self._living_child()  # loads its model before the next job, if this one has cost the child its life

    def _keep_checkpoint(self, running: _Running, event: Advanced | Final | None) -> None:
        if running.attempt is None or running.is_stopping or isinstance(event, Final):
            return
        if (checkpoint := running.attempt.take_checkpoint()) is not None:
            store_checkpoint(self._backend.objects, running.job.fencing_token, checkpoint)

    def _advance(self, event: Advanced, job: Job) -> None:
        key = preview_key(job.id)
        with suppress(StoreUnavailable):  # a full disk, or an outage: the end of the painting will show it
            self._backend.objects.put(key, event.preview)
        self._backend.jobs.advance(job.fencing_token, event.progress, key)

    def _holds_lease(self, job: Job, now: float) -> bool:
        """Asked right before the painting is stored: its key is the same for every attempt."""
        return self._backend.queue.heartbeat(job.fencing_token, now, self._settings.lease_seconds) is not LeaseStatus.LOST

    def _stored(self, event: Done, job: Job) -> Outcome:
        key = output_key_of(job.input_key)
        self._backend.objects.put(key, event.picture)  # when there is no room for it, the next step tries again
        return store_extras(self._backend.objects, key, event)

    def _end(self, running: _Running, outcome: Outcome | None, now: float) -> None:
        running.is_over, running.outcome = True, outcome
        self._commit(running, now)

    def _commit(self, running: _Running, now: float) -> None:
        """Writes the end of a job: record, notification, lease. After the record, nothing may keep the worker from its next job."""
        if not running.is_over:
            return
        job, outcome = running.job, running.outcome
        is_recorded = outcome is not None and self._backend.jobs.finish(job.fencing_token, outcome, now)
        self._running, self._reported = None, float("-inf")
        log.info("job %s ends: %s", job.id, outcome.state if outcome and is_recorded else "elsewhere", extra=_about(job))
        with suppress(StoreUnavailable):  # notifications are hints, and left pictures are swept
            if outcome is None or not is_recorded:
                self._discard_late_output(job, now)
                return
            self._on_end(job, outcome, now - running.begun)
            self._backend.job_events.notify(job.id, now)
            self._backend.objects.delete(unfinished_keys(job.id))
            self._backend.queue.acknowledge(job.fencing_token)

    def _discard_late_output(self, job: Job, now: float) -> None:
        """Deletes what was written too late, unless it is another attempt's: the job was deleted, or its pictures have moved."""
        record, late = self._discard_unfinished(job), output_key_of(job.input_key)
        if record is None or record.state in (JobState.FAILED, JobState.CANCELLED):
            self._backend.objects.delete(painted_keys(late))
        elif record.state is JobState.SUCCEEDED and record.output_key != late:  # its owner may be moving it back right now
            record_cleanup(self._backend, late, now)

    def _discard_unfinished(self, job: Job) -> Job | None:
        """Deletes preview and checkpoints of a job that has ended. Returns its record."""
        record = self._backend.jobs.get(job.id)
        if record is None or record.state.is_terminal:
            self._backend.objects.delete(unfinished_keys(job.id))
        return record

    def _living_child(self) -> Child:
        if self._child is not None and self._child.exit_code is not None:
            self._drop_child()
        if self._child is None:
            self._child = self._make_child()
        return self._child

    def _drop_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _report(self, now: float) -> None:
        self._started = now if self._started is None else self._started
        if now - self._reported >= REPORT_SECONDS:
            job_id = self._running.job.id if self._running else None
            self._backend.workers.report(WorkerInfo(self.name, self._started, now, job_id, self._seconds_of_lanes()))
            self._reported = now

    def _seconds_of_lanes(self) -> PresetSeconds:
        """What the paintings take that this worker is given."""
        lanes = self._lanes or LANES
        return {mode: {each: of for each, of in presets.items() if each in lanes} for mode, presets in self._seconds.items()}


def _about(job: Job) -> dict[str, str]:
    """The job's id, for every log line about it."""
    return {"job_id": job.id}
