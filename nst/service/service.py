"""The studio as a front end sees it: every call names who asks, and gets no more than is his."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import median

from nst.domain import Cursor, Job, JobState, Page, Preset, before_of
from nst.domain.keys import with_visibility
from nst.errors import NotAllowed, ObjectMissing, PasticheError, UnknownJob, WrongState
from nst.images import Limits
from nst.service import upkeep
from nst.service.intake import Intake, Order, StyleChoice, take_in
from nst.settings import Settings
from nst.store.ports import Backend, Listener, Quota, WorkerInfo
from nst.styles import Catalogue, StyleEntry

_SAMPLE = 50  # finished jobs that estimates are made from
_WORKER_SILENCE = 15.0  # seconds after which a worker is not counted any more
MAX_PAGE = 100
_MAX_REASON = 500


@dataclass(frozen=True)
class Waiting:
    """A queued job's place: how many are in front, and the seconds to its start; None while there is nothing to estimate from."""

    jobs_ahead: int
    seconds: float | None


@dataclass(frozen=True)
class Status:
    """What an operator wants to know, and anybody may.

    Attributes:
        seconds: (median, 95th percentile) from start to end of the last paintings, by preset.
    """

    counts: Mapping[JobState, int]
    workers: list[WorkerInfo]
    seconds: Mapping[Preset, tuple[float, float]]
    stored_bytes: int


class Service:
    """Thread-safe, and shared by all visitors.

    `owner` is everywhere the unguessable token of the visitor's browser. A job that is somebody else's is `UnknownJob`, as is one that
    does not exist: nobody learns which ids there are.
    """

    def __init__(self, backend: Backend, catalogue: Catalogue, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._backend, self._catalogue, self._settings, self._clock = backend, catalogue, settings, clock
        self._quota = Quota(settings.uploads_per_minute, settings.jobs_per_visitor, settings.queue_length)

    def submit(self, owner: str, order: Order) -> Job:
        """Stores the pictures and puts the job in line; the same order again (owner and token) is the same job.

        Raises:
            Refused: when a limit is reached; its sentence says what to do.
            InvalidImage, InvalidParams, UnknownStyle: as `take_in`.
        """
        now = self._clock()
        if known := self._submitted_before(owner, order.token):
            return known
        self._backend.queue.check(owner, self._quota, now)
        limits = Limits.of(self._settings)
        return self._accept(take_in(order, owner, self._catalogue, limits, self._settings.max_attempts, now))

    def get(self, job_id: str, viewer: str) -> Job:
        """The record. Of a published job, strangers see it without what is its owner's alone.

        Raises:
            UnknownJob: when there is none, or it is not for this viewer.
        """
        job = self._backend.jobs.get(job_id)
        if job is not None and _is(viewer, job.owner):
            return job
        if job is None or not job.is_in_feed:
            raise _unknown()
        return replace(job, owner="", token="")

    def mine(self, owner: str, limit: int = 50, before: Cursor | None = None) -> list[Job]:
        """A visitor's jobs, newest first; the next page begins behind the last one's (created, id)."""
        return self._backend.jobs.of_owner(owner, _page_size(limit), before)

    def cancel(self, job_id: str, owner: str) -> Job:
        """Ends a queued job at once, and a running one within two seconds. A finished one stays as it is."""
        job = self._backend.queue.cancel(self._own(job_id, owner).id, self._clock())
        if job is None:  # deleted meanwhile
            raise _unknown()
        self._backend.completions.notify(job_id, self._clock())
        return job

    def retry(self, job_id: str, owner: str) -> Job:
        """A new job like one that failed or was cancelled. Asked twice, it is one.

        Raises:
            WrongState: when the job has not failed and was not cancelled.
            Refused: as `submit`.
            ObjectMissing: when the photo is gone.
        """
        old = self._own(job_id, owner)
        if old.state not in (JobState.FAILED, JobState.CANCELLED):
            raise WrongState(f"This painting is {old.state}: only one that failed or was cancelled can be tried again.")
        return self.submit(owner, self._order_like(old))

    def publish(self, job_id: str, owner: str) -> Job:
        """Puts a finished painting, with its photo, into the gallery.

        Raises:
            WrongState: when it has not succeeded.
        """
        return self._show(job_id, owner, public=True)

    def make_private(self, job_id: str, owner: str) -> Job:
        """Takes a painting out of the gallery, and its pictures from where anybody could reach them."""
        return self._show(job_id, owner, public=False)

    def delete(self, job_id: str, owner: str) -> None:
        """Deletes the record and every picture. A worker that is painting it stops."""
        upkeep.remove(self._backend, self._own(job_id, owner))
        self._backend.completions.notify(job_id, self._clock())

    def feed(self, limit: int = 24, before: Cursor | None = None, style: str | None = None) -> Page:
        """The gallery, newest first."""
        return self._backend.feed.page(_page_size(limit), before, style)

    def report(self, job_id: str, reporter: str, reason: str = "") -> None:
        """Reports a published painting as unsuitable; when enough visitors have, it leaves the gallery until an administrator looks.

        Raises:
            UnknownJob: when it is not in the gallery.
        """
        reports = self._backend.feed.report(job_id, reporter, reason[:_MAX_REASON], self._clock())
        if not reports:
            raise _unknown()
        if reports >= self._settings.reports_to_hide:
            self._backend.feed.hide(job_id, True)

    def hide(self, job_id: str, admin_token: str, *, hidden: bool = True) -> None:
        """Takes a painting out of the gallery and keeps it out, or lets it in again with its reports forgotten.

        Raises:
            NotAllowed: when the token is not NST_ADMIN_TOKEN, or none is set.
            UnknownJob: when there is no such job.
        """
        wanted = self._settings.admin_token
        if wanted is None or not _is(admin_token, wanted.get_secret_value()):
            raise NotAllowed("Only an administrator may do this. Check the token.")
        if not self._backend.feed.hide(job_id, hidden):
            raise _unknown()

    def styles(self) -> tuple[StyleEntry, ...]:
        return self._catalogue.entries()

    def waiting(self, job_id: str, owner: str) -> Waiting | None:
        """None when the job does not wait any more."""
        ahead = self._backend.queue.ahead(self._own(job_id, owner).id)
        if ahead is None:
            return None
        done = self._backend.jobs.durations(None, _SAMPLE)
        work = sum(cost for cost, _ in done)
        workers = max(1, len(self._workers()))
        return Waiting(ahead.jobs, ahead.cost * sum(seconds for _, seconds in done) / work / workers if work else None)

    def result(self, job_id: str, viewer: str) -> bytes:
        """The painting's file; its key's ending tells the media type.

        Raises:
            UnknownJob: when it is not for this viewer.
            WrongState: when there is none yet.
        """
        return self._backend.objects.get(_output_key(self.get(job_id, viewer)))

    def photo(self, job_id: str, viewer: str) -> bytes:
        """The photo's file, as it was stored: upright, and nothing but pixels."""
        return self._backend.objects.get(self.get(job_id, viewer).input_key)

    def preview(self, job_id: str, owner: str) -> bytes | None:
        """The painting as it emerges, a JPEG for its owner alone; None when there is none at the moment."""
        key = self._own(job_id, owner).preview_key
        try:
            return self._backend.objects.get(key) if key else None
        except ObjectMissing:  # the job was finished between the two looks
            return None

    def listen(self) -> Listener:
        """Hints that jobs have changed, for whoever keeps many viewers up to date."""
        return self._backend.completions.listen()

    def status(self) -> Status:
        jobs = self._backend.jobs
        spans = {preset: [seconds for _, seconds in jobs.durations(preset, _SAMPLE)] for preset in Preset}
        times = {preset: (median(seconds), _percentile(seconds, 0.95)) for preset, seconds in spans.items() if seconds}
        return Status(jobs.counts(), self._workers(), times, jobs.stored_bytes())

    def _accept(self, intake: Intake) -> Job:
        """The pictures first: a crash leaves pictures without a record, which are swept, and never a record without pictures."""
        upkeep.expire(self._backend, self._settings, intake.job.created)
        upkeep.make_room(self._backend, self._settings, intake.job.size_bytes)
        intake.store(self._backend.objects)
        try:
            stored = self._backend.queue.submit(intake.job, self._quota)
        except PasticheError:
            self._backend.objects.delete(intake.pictures)
            raise
        if stored.id != intake.job.id:
            self._backend.objects.delete(intake.pictures)
        return stored

    def _submitted_before(self, owner: str, token: str) -> Job | None:
        """Looked for among the newest alone, to spare a repeated form the reading of its picture; the queue itself is sure."""
        return next((job for job in self._backend.jobs.of_owner(owner, 10) if job.token == token), None)

    def _order_like(self, job: Job) -> Order:
        objects = self._backend.objects
        styles = [StyleChoice(objects.get(style.name) if style.is_upload else style.name, style.share) for style in job.styles]
        return Order(objects.get(job.input_key), styles, f"again-{job.id}", job.params, job.public)

    def _show(self, job_id: str, owner: str, *, public: bool) -> Job:
        """Copies, then notes, then deletes: a crash between leaves the pictures in both places, and this call, made again, ends it."""
        job = self._own(job_id, owner)
        output_key = _output_key(job)
        wanted = with_visibility(output_key, public=public)
        pairs = [(output_key, wanted), (before_of(output_key), before_of(wanted))]
        for source, target in pairs:
            if source != target:
                self._backend.objects.copy(source, target)
        if not self._backend.jobs.set_public(job_id, public, before_of(wanted), wanted, self._clock()):
            self._backend.objects.delete(target for _, target in pairs)
            raise _unknown()
        self._backend.objects.delete(with_visibility(key, public=not public) for _, key in pairs)
        return self._own(job_id, owner)

    def _own(self, job_id: str, owner: str) -> Job:
        job = self._backend.jobs.get(job_id)
        if job is None or not _is(owner, job.owner):
            raise _unknown()
        return job

    def _workers(self) -> list[WorkerInfo]:
        return self._backend.roster.present(self._clock() - _WORKER_SILENCE)


def _is(claimed: str, secret: str) -> bool:
    """In a time that does not tell how much of it is right. Nobody is nobody."""
    return bool(secret) and secrets.compare_digest(claimed.encode(), secret.encode())


def _output_key(job: Job) -> str:
    if job.output_key is None:
        raise WrongState(f"This painting is {job.state}: there is no picture of it yet.")
    return job.output_key


def _page_size(limit: int) -> int:
    return max(1, min(limit, MAX_PAGE))


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def _unknown() -> UnknownJob:
    return UnknownJob("There is no such painting, or it is somebody else's. It may have been deleted, or have expired.")
