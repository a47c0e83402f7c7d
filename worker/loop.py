"""One worker: claims a job, has its child paint it, and brings it to an end, whatever the child does.

`step` does one unit of work and neither sleeps nor looks at a clock; `rest` is the pause between two steps. The order at the end of a
job is: result, record, notification, lease. A crash between any two of them loses nothing: see the tests.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from nst.domain import Job, Outcome, result_key
from nst.domain.keys import preview_key
from nst.errors import PasticheError
from nst.service import upkeep
from nst.settings import Settings
from nst.store.ports import Backend, Pulse, WorkerInfo
from nst.styles import Catalogue
from worker.messages import Advanced, Cancel, Done, Failed, FromChild, Run, Stopped
from worker.process import Child, MakeChild

BEAT_SECONDS = 0.5  # a cancellation is heard this late, at most
GRACE_SECONDS = 1.0  # for a child to obey; together below the two seconds that are promised
REPORT_SECONDS = 5.0
UPKEEP_SECONDS = 600.0
REST_SECONDS = 0.25

_LONG = "The painting took longer than the {minutes:.0f} minutes that one may take. Choose a smaller preset."
_STUCK = "The painting got stuck and was broken off. Please try again."
_KILLED = "The system broke the painting off, most likely for want of memory. Choose a smaller preset."
_DIED = "The painting broke off unexpectedly. Please try again."
_UNSTORED = "The painting could not be stored. Please try again later."

log = logging.getLogger(__name__)


@dataclass
class _Running:
    """The job at hand.

    Attributes:
        heard: when the child last said anything about it.
        stopping: since when the child has been asked to stop.
        ending: how it ends once the child has stopped; None for a job that is somebody else's by now.
    """

    job: Job
    begun: float
    heard: float
    beaten: float
    stopping: float | None = None
    ending: Outcome | None = None


class Worker:
    """Paints one job at a time.

    Args:
        name: its own, among all workers.
        make_child: starts a child; called again whenever one is dead.
    """

    def __init__(self, name: str, backend: Backend, catalogue: Catalogue, settings: Settings, make_child: MakeChild) -> None:
        self.name = name
        self._backend, self._catalogue, self._settings, self._make_child = backend, catalogue, settings, make_child
        self._child: Child | None = None
        self._running: _Running | None = None
        self._started: float | None = None
        self._reported = self._looked = self._kept_up = float("-inf")

    def step(self, now: float) -> bool:
        """One unit of work; False when there was nothing to do."""
        self._report(now)
        self._look_after_others(now)
        if self._running is None:
            return self._begin(now)
        for duty in (self._beat, self._hear, self._watch):  # first whether the job is still its own: it may have slept
            if self._running is not None:
                duty(self._running, now)
        return True

    def rest(self) -> None:
        """Waits until there may be something to do: for a short time, so that a signal is soon obeyed."""
        if self._running is not None and self._child is not None:
            self._child.wait(REST_SECONDS)
        else:
            self._backend.queue.wait(REST_SECONDS)

    def warm_up(self) -> None:
        """Starts the child, which loads its model while nobody waits."""
        self._living_child()

    def stop(self, now: float) -> None:
        """Gives the job at hand back, without an attempt lost, and ends the child."""
        if self._running is not None:
            self._backend.queue.give_back(self._running.job.ticket, now)
            self._backend.completions.notify(self._running.job.id, now)
            self._running = None
        self._drop_child()
        self._backend.roster.leave(self.name)

    def _begin(self, now: float) -> bool:
        lease = self._backend.queue.claim(self.name, now, self._settings.lease_seconds)
        if lease is None:
            return False
        log.info("job %s begins, attempt %d", lease.job.id, lease.job.attempt)
        self._running = _Running(lease.job, begun=now, heard=now, beaten=now)
        self._reported = float("-inf")
        self._backend.completions.notify(lease.job.id, now)
        try:
            self._living_child().send(self._order(lease.job))
        except PasticheError as error:  # a picture that is gone
            self._end(Outcome.failed(str(error)), now)
        return True

    def _order(self, job: Job) -> Run:
        objects = self._backend.objects
        styles = [
            (objects.get(style.name) if style.is_upload else self._catalogue.get(style.name).path.read_bytes(), style.share)
            for style in job.styles
        ]
        return Run(job.ticket, objects.get(job.input_key), tuple(styles), job.params, PurePosixPath(job.input_key).suffix)

    def _hear(self, running: _Running, now: float) -> None:
        """Looks for death first: what was said before it is still read."""
        child = self._own_child(running)
        exit_code = child.exit_code
        for message in child.received():
            if self._running is running and not _is_late(message, running):
                running.heard = now
                self._obey(message, running, now)
        if self._running is running and exit_code is not None:
            log.warning("the child of job %s died with %d", running.job.id, exit_code)
            self._drop_child()
            self._end(running.ending if running.stopping else Outcome.failed(_KILLED if exit_code == -9 else _DIED), now)

    def _obey(self, message: FromChild, running: _Running, now: float) -> None:
        if running.stopping is not None and isinstance(message, Done | Stopped | Failed):
            self._end(running.ending, now)
            return
        match message:
            case Advanced():
                self._advance(message, running.job)
            case Done():
                self._end(self._stored(message, running.job), now)
            case Failed(error=error):
                self._end(Outcome.failed(error), now)

    def _advance(self, message: Advanced, job: Job) -> None:
        key = preview_key(job.id)
        with suppress(OSError):  # the disk is full: the painting itself will tell
            self._backend.objects.put(key, message.preview)
        self._backend.jobs.advance(job.ticket, message.progress, key)

    def _stored(self, message: Done, job: Job) -> Outcome:
        key = result_key(job.input_key)
        try:
            self._backend.objects.put(key, message.picture)
        except OSError:
            log.exception("the painting of job %s could not be stored", job.id)
            return Outcome.failed(_UNSTORED)
        return Outcome.succeeded(key, len(message.picture), message.recipe)

    def _end(self, outcome: Outcome | None, now: float) -> None:
        """The record, the notification, the lease. None: the job is somebody else's, who will see to all that."""
        assert self._running is not None  # noqa: S101 -- every caller has just looked
        job, self._running = self._running.job, None
        self._reported = float("-inf")
        log.info("job %s ends: %s", job.id, outcome.state if outcome else "elsewhere")
        if outcome is None or not self._backend.jobs.finish(job.ticket, outcome, now):
            self._withdraw(job)
            return
        self._backend.completions.notify(job.id, now)
        self._backend.objects.delete([preview_key(job.id)])
        self._backend.queue.acknowledge(job.ticket)

    def _withdraw(self, job: Job) -> None:
        """Takes away what was written too late, if nobody else's lies there: the job was deleted, or its pictures have moved."""
        record, result = self._backend.jobs.get(job.id), result_key(job.input_key)
        if record is None:
            self._backend.objects.delete([result, preview_key(job.id)])
        elif record.state.is_terminal and record.output_key != result:
            self._backend.objects.delete([result])

    def _beat(self, running: _Running, now: float) -> None:
        if now - running.beaten < BEAT_SECONDS:
            return
        running.beaten = now
        pulse = self._backend.queue.heartbeat(running.job.ticket, now, self._settings.lease_seconds)
        if pulse is not Pulse.HELD and running.stopping is None:
            log.info("job %s is to stop: %s", running.job.id, pulse)
            running.stopping = now
            running.ending = Outcome.cancelled() if pulse is Pulse.CANCEL else None
            self._own_child(running).send(Cancel(running.job.ticket))

    def _watch(self, running: _Running, now: float) -> None:
        if running.stopping is not None:
            if now - running.stopping >= GRACE_SECONDS:
                self._break_off(running.ending, now)
        elif now - running.begun > self._settings.job_seconds:
            self._break_off(Outcome.failed(_LONG.format(minutes=self._settings.job_seconds / 60)), now)
        elif now - running.heard > self._settings.hang_seconds:
            self._break_off(Outcome.failed(_STUCK), now)

    def _break_off(self, outcome: Outcome | None, now: float) -> None:
        """Kills the child. The next job gets a fresh one, which begins to load at once."""
        self._drop_child()
        self._end(outcome, now)
        self._living_child()

    def _living_child(self) -> Child:
        if self._child is not None and self._child.exit_code is not None:
            self._drop_child()
        if self._child is None:
            self._child = self._make_child()
        return self._child

    def _own_child(self, running: _Running) -> Child:
        """The child that was given the job, dead or alive."""
        assert self._child is not None, running.job.id  # noqa: S101 -- it is dropped together with the job alone
        return self._child

    def _drop_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _report(self, now: float) -> None:
        self._started = now if self._started is None else self._started
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            job_id = self._running.job.id if self._running else None
            self._backend.roster.report(WorkerInfo(self.name, self._started, now, job_id))

    def _look_after_others(self, now: float) -> None:
        """Jobs of workers that are not heard of any more, and room on the disk."""
        if now - self._looked >= BEAT_SECONDS:
            self._looked = now
            for job in self._backend.queue.requeue_lapsed(now):
                log.warning("job %s was left by its worker; it is %s", job.id, job.state)
                self._backend.completions.notify(job.id, now)
        if self._running is None and now - self._kept_up >= UPKEEP_SECONDS:
            self._kept_up = now
            upkeep.expire(self._backend, self._settings, now)
            upkeep.sweep(self._backend, now)


def _is_late(message: FromChild, running: _Running) -> bool:
    return message.ticket != running.job.ticket
