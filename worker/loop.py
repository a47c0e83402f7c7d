"""One worker: claims a job, has its child paint it, and brings it to an end, whatever the child does.

`step` does one unit of work and neither sleeps nor looks at a clock; `rest` is the pause between two steps. The order at the end of a
job is: result, record, notification, lease. A crash between any two of them loses nothing: see the tests.

When the store is away, a step raises `StoreUnavailable` and may be made again: the child goes on painting, what it says is kept, and what
has ended is recorded once the store is back.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from nst.domain import Job, Outcome, Preset, StyleRef, result_key
from nst.domain.keys import preview_key
from nst.errors import FileUnreadable, PasticheError, StoreUnavailable
from nst.service import upkeep
from nst.settings import Settings
from nst.store.ports import Backend, Pulse, WorkerInfo
from nst.styles import Catalogue
from worker import sentences
from worker.messages import Advanced, Cancel, Done, Failed, FromChild, Run, Stopped
from worker.process import Child, MakeChild

BEAT_SECONDS = 0.5  # a cancellation is heard this late, at most
GRACE_SECONDS = 1.0  # for a child to obey; together below the two seconds that are promised
REPORT_SECONDS = 5.0
UPKEEP_SECONDS = 600.0
REST_SECONDS = 0.25


OnEnd = Callable[[Job, Outcome, float], None]

log = logging.getLogger(__name__)


@dataclass
class _Running:
    """The job at hand.

    Attributes:
        heard: when the child last said anything about it.
        stopping: since when the child has been asked to stop.
        ending: how it ends once the child has stopped; None for a job that is somebody else's by now.
        said: what the child has said and nobody has heeded yet.
        exit_code: of the child, if it is dead.
        is_briefed: whether the child has been told.
        is_over: whether it has ended, as `ending` says, and only the record is to be written.
    """

    job: Job
    begun: float
    heard: float
    beaten: float
    stopping: float | None = None
    ending: Outcome | None = None
    said: list[FromChild] = field(default_factory=list)
    exit_code: int | None = None
    is_briefed: bool = False
    is_over: bool = False


class Worker:
    """Paints one job at a time.

    Args:
        name: its own, among all workers.
        make_child: starts a child; called again whenever one is dead.
        lanes: the presets that it paints; all when empty.
        on_end: is told of every job that it has brought to an end, how that was, and in how many seconds.
    """

    def __init__(
        self,
        name: str,
        backend: Backend,
        catalogue: Catalogue,
        settings: Settings,
        make_child: MakeChild,
        lanes: Collection[Preset] = (),
        on_end: OnEnd = lambda _job, _outcome, _seconds: None,
    ) -> None:
        self.name = name
        self._backend, self._catalogue, self._settings, self._make_child = backend, catalogue, settings, make_child
        self._lanes, self._on_end = lanes, on_end
        self._is_open, self._was_away = True, False
        self._child: Child | None = None
        self._running: _Running | None = None
        self._started: float | None = None
        self._reported = self._looked = self._kept_up = float("-inf")

    def step(self, now: float) -> bool:
        """One unit of work; False when there was nothing to do.

        Raises:
            StoreUnavailable: when it could not be done; it may be tried again.
        """
        self._listen(now)
        self._report(now)
        self._look_after_others(now)
        if self._running is None:
            return self._is_open and self._begin(now)
        # First whether the job is still its own: it may have slept.
        for duty in (self._settle, self._beat, self._brief, self._hear, self._watch):
            if self._running is not None:
                duty(self._running, now)
        return True

    def rest(self) -> None:
        """Waits until there may be something to do: for a short time, so that a signal is soon obeyed."""
        if self._running is not None and self._child is not None:
            self._child.wait(REST_SECONDS)
        else:
            self._backend.queue.wait(REST_SECONDS, self._lanes)

    @property
    def is_busy(self) -> bool:
        return self._running is not None

    def close(self) -> None:
        """Takes no further job; the one at hand goes on."""
        self._is_open = False

    def note_outage(self) -> None:
        """The store is away, and so are all heartbeats: before leases count as lapsed, everybody gets the time of one to be heard again."""
        self._was_away = True

    def warm_up(self) -> None:
        """Starts the child, which loads its model while nobody waits."""
        self._living_child()

    def stop(self, now: float) -> None:
        """Gives the job at hand back, without an attempt lost, and ends the child."""
        self._drop_child()
        if self._running is not None:
            self._backend.queue.give_back(self._running.job.ticket, now)
            self._backend.completions.notify(self._running.job.id, now)
            self._running = None
        self._backend.roster.leave(self.name)

    def _begin(self, now: float) -> bool:
        lease = self._backend.queue.claim(self.name, now, self._settings.lease_seconds, self._lanes)
        if lease is None:
            return False
        log.info("job %s begins, attempt %d", lease.job.id, lease.job.attempt, extra=_about(lease.job))
        self._running = _Running(lease.job, begun=now, heard=now, beaten=now)
        self._reported = float("-inf")
        self._tell(lease.job, now)
        self._brief(self._running, now)
        return True

    def _brief(self, running: _Running, now: float) -> None:
        """Tells the child what to paint, if it does not know yet."""
        if running.is_briefed:
            return
        try:
            order = self._order(running.job)
        except StoreUnavailable:
            raise
        except PasticheError as error:  # a picture that is gone
            self._end(Outcome.failed(str(error)), now)
            return
        self._living_child().send(order)
        running.is_briefed, running.heard = True, now

    def _order(self, job: Job) -> Run:
        styles = tuple((self._style_file(style), style.share) for style in job.styles)
        photo = self._backend.objects.get(job.input_key)
        return Run(job.ticket, photo, styles, job.params, PurePosixPath(job.input_key).suffix)

    def _style_file(self, style: StyleRef) -> bytes:
        if style.is_upload:
            return self._backend.objects.get(style.name)
        try:
            return self._catalogue.get(style.name).path.read_bytes()
        except OSError as error:  # an operator's own, and gone since the app has looked
            raise FileUnreadable("The picture of this style is not there any more. Choose another style.") from error

    def _listen(self, now: float) -> None:
        """Reads what the child says, whether it can be heeded or not: a child with a full pipe stands still.

        Looks for death first: what was said before it is still read.
        """
        running = self._running
        if running is None or running.is_over or not running.is_briefed:
            return
        child = self._own_child(running)
        running.exit_code = child.exit_code
        for message in child.received():
            if _is_late(message, running):
                continue
            if running.said and isinstance(running.said[-1], Advanced):
                running.said.pop()  # what is newer says more
            running.said.append(message)
            running.heard = now

    def _hear(self, running: _Running, now: float) -> None:
        """A message is dropped once it has been heeded, and so is heeded again when the store was away."""
        while running.said and self._running is running and not running.is_over:
            self._obey(running.said[0], running, now)
            running.said.pop(0)
        if self._running is running and not running.is_over and running.exit_code is not None:
            log.warning("the child of job %s died with %d", running.job.id, running.exit_code, extra=_about(running.job))
            self._drop_child()
            self._end(
                running.ending
                if running.stopping is not None
                else Outcome.failed(sentences.KILLED if running.exit_code == -9 else sentences.DIED),
                now,
            )

    def _obey(self, message: FromChild, running: _Running, now: float) -> None:
        if running.stopping is not None and isinstance(message, Done | Stopped | Failed):
            self._end(running.ending, now)
            return
        match message:
            case Advanced():
                self._advance(message, running.job)
            case Done():
                self._end(self._stored(message, running.job) if self._holds(running.job, now) else None, now)
            case Failed(error=error):
                self._end(Outcome.failed(error), now)

    def _advance(self, message: Advanced, job: Job) -> None:
        key = preview_key(job.id)
        with suppress(OSError, StoreUnavailable):  # the disk is full, or out of reach: the painting itself will tell
            self._backend.objects.put(key, message.preview)
        self._backend.jobs.advance(job.ticket, message.progress, key)

    def _holds(self, job: Job, now: float) -> bool:
        """Looked at right before the painting is stored: the place of it is the same for every attempt."""
        return self._backend.queue.heartbeat(job.ticket, now, self._settings.lease_seconds) is not Pulse.LOST

    def _stored(self, message: Done, job: Job) -> Outcome:
        key = result_key(job.input_key)
        try:
            self._backend.objects.put(key, message.picture)
        except OSError:
            log.exception("the painting of job %s could not be stored", job.id, extra=_about(job))
            return Outcome.failed(sentences.UNSTORED)
        return Outcome.succeeded(key, len(message.picture), message.recipe)

    def _end(self, outcome: Outcome | None, now: float) -> None:
        """Nothing more is painted. None: the job is somebody else's, who will see to its record."""
        assert self._running is not None  # noqa: S101 -- every caller has just looked
        self._running.is_over, self._running.ending = True, outcome
        self._settle(self._running, now)

    def _settle(self, running: _Running, now: float) -> None:
        """The record, the notification, the lease of what is over. Behind the record, nothing may keep the worker from its next job."""
        if not running.is_over:
            return
        job, outcome = running.job, running.ending
        is_ours = outcome is not None and self._backend.jobs.finish(job.ticket, outcome, now)
        self._running, self._reported = None, float("-inf")
        log.info("job %s ends: %s", job.id, outcome.state if outcome and is_ours else "elsewhere", extra=_about(job))
        with suppress(StoreUnavailable):  # a hint that nobody needs, and pictures that are swept
            if outcome is None or not is_ours:
                self._withdraw(job)
                return
            self._on_end(job, outcome, now - running.begun)
            self._backend.completions.notify(job.id, now)
            self._backend.objects.delete([preview_key(job.id)])
            self._backend.queue.acknowledge(job.ticket)

    def _tell(self, job: Job, now: float) -> None:
        with suppress(StoreUnavailable):
            self._backend.completions.notify(job.id, now)

    def _withdraw(self, job: Job) -> None:
        """Takes away what was written too late, if nobody else's lies there: the job was deleted, or its pictures have moved."""
        record = self._backend.jobs.get(job.id)
        if record is None or record.state.is_terminal:
            late = {result_key(job.input_key), preview_key(job.id)}
            self._backend.objects.delete(late - {record.output_key if record else None})

    def _beat(self, running: _Running, now: float) -> None:
        if now - running.beaten < BEAT_SECONDS:
            return
        pulse = self._backend.queue.heartbeat(running.job.ticket, now, self._settings.lease_seconds)
        running.beaten = now
        if pulse is not Pulse.HELD and running.stopping is None:
            log.info("job %s is to stop: %s", running.job.id, pulse, extra=_about(running.job))
            running.stopping = now
            running.ending = Outcome.cancelled() if pulse is Pulse.CANCEL else None
            if not running.is_briefed:
                self._end(running.ending, now)
                return
            self._own_child(running).send(Cancel(running.job.ticket))

    def _watch(self, running: _Running, now: float) -> None:
        if running.is_over:
            return
        if running.stopping is not None:
            if now - running.stopping >= GRACE_SECONDS:
                self._break_off(running.ending, now)
        elif now - running.begun > self._settings.job_seconds:
            self._break_off(Outcome.failed(sentences.LONG.format(minutes=self._settings.job_seconds / 60)), now)
        elif now - running.heard > self._settings.hang_seconds:
            self._break_off(Outcome.failed(sentences.STUCK), now)

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
            job_id = self._running.job.id if self._running else None
            self._backend.roster.report(WorkerInfo(self.name, self._started, now, job_id))
            self._reported = now

    def _look_after_others(self, now: float) -> None:
        """Jobs of workers that are not heard of any more, and room on the disk."""
        if self._was_away:
            self._looked, self._was_away = now + self._settings.lease_seconds, False
        if now - self._looked >= BEAT_SECONDS:
            self._looked = now
            for job in self._backend.queue.requeue_lapsed(now):
                log.warning("job %s was left by its worker; it is %s", job.id, job.state, extra=_about(job))
                self._tell(job, now)
        if self._running is None and now - self._kept_up >= UPKEEP_SECONDS:
            self._kept_up = now
            upkeep.expire(self._backend, self._settings, now)
            upkeep.sweep(self._backend, now)


def _about(job: Job) -> dict[str, str]:
    """What every line about a job carries, for whoever looks for them."""
    return {"job_id": job.id}


def _is_late(message: FromChild, running: _Running) -> bool:
    return message.ticket != running.job.ticket
