"""The studio as a front end sees it: every call names who asks, and gets no more than is his."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Literal

from PIL import Image

from nst.domain import Cursor, Job, JobState, Page, Preset, new_id
from nst.errors import JobIdTaken, NotAllowed, ObjectMissing, PasticheError, StoreUnavailable, WrongState
from nst.images import STORED, Limits
from nst.service import upkeep
from nst.service.access import found, is_same, own, painting_key, signature_of, unknown, visible
from nst.service.intake import Intake, Order, StyleChoice, take_in
from nst.service.moving import Mover
from nst.service.status import Silence, Status, Waiting, seconds_of, silence_of, status_of, waiting_of
from nst.settings import Settings
from nst.store.ports import Backend, Listener, Quota, Webhooks
from nst.styles import Catalogue, StyleEntry

MAX_PAGE = 100
READERS = 2  # pictures that are read at a time: each may need a gigabyte while it is
_MAX_REASON = 500

log = logging.getLogger(__name__)


class Service:
    """Thread-safe, and shared by all visitors.

    `owner` is everywhere the unguessable token of the visitor's browser. A job that is somebody else's is `UnknownJob`, as is one that
    does not exist: nobody learns which ids there are.
    """

    def __init__(self, backend: Backend, catalogue: Catalogue, settings: Settings, clock: Callable[[], float] | None = None) -> None:
        self._backend, self._catalogue, self._settings, self._clock = backend, catalogue, settings, clock or backend.clock
        self._quota = Quota(settings.uploads_per_minute, settings.jobs_per_visitor, settings.queue_length)
        self._readers = threading.BoundedSemaphore(READERS)
        self._mover = Mover(backend)

    def submit(self, owner: str, order: Order, quota: Quota | None = None) -> Job:
        """Stores the pictures and puts the job in line; the same order again (owner and token) is the same job.

        Args:
            quota: instead of what every visitor has.

        Raises:
            Refused: when a limit is reached; its sentence says what to do.
            InvalidImage, InvalidParams, UnknownStyle: as `take_in`.
            JobIdTaken: when the order names a job that is another's.
            NotAllowed: when there is no owner.
        """
        return self._submit(owner, order, Limits.of(self._settings), quota)

    def get(self, job_id: str, viewer: str) -> Job:
        """The record. Of a published job, strangers see it without what is its owner's alone.

        Raises:
            UnknownJob: when there is none, or it is not for this viewer.
            JobLost: when there was one, and the record is gone with what it was kept in. It will never be painted.
        """
        return visible(self._backend, job_id, viewer)

    def mine(self, owner: str, limit: int = 50, before: Cursor | None = None) -> list[Job]:
        """A visitor's jobs, newest first; the next page begins behind the last one's (created, id)."""
        return self._backend.jobs.of_owner(owner, _page_size(limit), before)

    def cancel(self, job_id: str, owner: str) -> Job:
        """Ends a queued job at once, and a running one within two seconds. A finished one stays as it is."""
        job = self._backend.queue.cancel(own(self._backend, job_id, owner).id, self._clock())
        if job is None:  # deleted meanwhile
            raise unknown()
        self._backend.completions.notify(job_id, self._clock())
        return job

    def retry(self, job_id: str, owner: str) -> Job:
        """A new job like one that failed or was cancelled. Asked twice, it is one.

        Raises:
            WrongState: when the job has not failed and was not cancelled.
            Refused: as `submit`.
            ObjectMissing: when the photo is gone.
        """
        old = own(self._backend, job_id, owner)
        if old.state not in (JobState.FAILED, JobState.CANCELLED):
            raise WrongState(f"This painting is {old.state}: only one that failed or was cancelled can be tried again.")
        return self._submit(owner, replace(self.order(job_id, owner), token=f"again-{old.id}"), STORED)

    def order(self, job_id: str, owner: str) -> Order:
        """What its owner asked for, with the pictures as they were stored, so that he can ask for something like it.

        Raises:
            ObjectMissing: when a picture is gone.
        """
        job, objects = own(self._backend, job_id, owner), self._backend.objects
        styles = [StyleChoice(objects.get(style.name) if style.is_upload else style.name, style.share) for style in job.styles]
        return Order(objects.get(job.input_key), styles, new_id(), job.params, job.public)

    def publish(self, job_id: str, owner: str) -> Job:
        """Puts a finished painting, with its photo, into the gallery.

        Raises:
            WrongState: when it has not succeeded.
        """
        return self._mover.move(job_id, owner, self._clock(), public=True)

    def make_private(self, job_id: str, owner: str) -> Job:
        """Takes a painting out of the gallery, and its pictures from where anybody could reach them."""
        return self._mover.move(job_id, owner, self._clock(), public=False)

    def delete(self, job_id: str, owner: str) -> None:
        """Deletes the record and every picture. A worker that is painting it stops."""
        upkeep.remove(self._backend, own(self._backend, job_id, owner))
        self._backend.completions.notify(job_id, self._clock())

    def feed(self, limit: int = 24, before: Cursor | None = None, style: str | None = None) -> Page:
        """The gallery, newest first."""
        return self._backend.feed.page(_page_size(limit), before, style)

    def report(self, job_id: str, reporter: str, reason: str = "") -> None:
        """Reports a published painting as unsuitable; when enough visitors have, it leaves the gallery until an administrator looks.

        Raises:
            UnknownJob: when it is not in the gallery.
        """
        if found(self._backend, job_id) is None:
            raise unknown()
        reports = self._backend.feed.report(job_id, reporter, reason[:_MAX_REASON], self._clock())
        if not reports:
            raise unknown()
        if reports >= self._settings.reports_to_hide:
            self._mover.hide(job_id, self._clock(), hidden=True)

    def hide(self, job_id: str, admin_token: str, *, hidden: bool = True) -> None:
        """Takes a painting out of the gallery and keeps it out, or lets it in again with its reports forgotten.

        Raises:
            NotAllowed: when the token is not NST_ADMIN_TOKEN, or none is set.
            UnknownJob: when there is no such job.
        """
        wanted = self._settings.admin_token
        if wanted is None or not is_same(admin_token, wanted.get_secret_value()):
            raise NotAllowed("Only an administrator may do this. Check the token.")
        if found(self._backend, job_id) is None:
            raise unknown()
        self._mover.hide(job_id, self._clock(), hidden=hidden)

    def styles(self) -> tuple[StyleEntry, ...]:
        return self._catalogue.entries()

    def style_picture(self, style_id: str) -> Image.Image:
        """
        Raises:
            UnknownStyle: when there is none with this id.
        """
        return self._catalogue.picture(style_id)

    def waiting(self, job_id: str, owner: str) -> Waiting | None:
        """None when the job does not wait any more."""
        return waiting_of(self._backend, own(self._backend, job_id, owner).id, self._clock())

    def silence(self, job_id: str, owner: str) -> Silence | None:
        """None while the job's worker is heard of. Never of the cloud's machines, which are silent until they have begun to paint."""
        job = own(self._backend, job_id, owner)
        if self._settings.backend == "aws":
            return None
        return silence_of(self._backend, job, self._settings.lease_seconds, self._clock())

    def result(self, job_id: str, viewer: str) -> bytes:
        """The painting's file; its key's ending tells the media type.

        Raises:
            UnknownJob: when it is not for this viewer.
            WrongState: when there is none yet.
        """
        return self._backend.objects.get(painting_key(self.get(job_id, viewer)))

    def photo(self, job_id: str, viewer: str) -> bytes:
        """The photo's file, as it was stored: upright, and nothing but pixels."""
        return self._backend.objects.get(self.get(job_id, viewer).input_key)

    def sign(self, job_id: str, owner: str, seconds: float) -> tuple[int, str]:
        """A moment and a signature: whoever has both may fetch the painting until then (`signed_result`)."""
        until = int(self._clock() + seconds)
        return until, signature_of(own(self._backend, job_id, owner), until)

    def signed_result(self, job_id: str, until: int, signature: str) -> bytes:
        """The painting's file, for whoever has an address that its owner asked for.

        Raises:
            UnknownJob: when the signature is not its owner's for this moment, or the moment has passed.
        """
        job = self._backend.jobs.get(job_id)
        if job is None or not self._clock() < until or not is_same(signature, signature_of(job, until)):
            raise unknown()
        return self._backend.objects.get(painting_key(job))

    def link(self, job_id: str, viewer: str, kind: Literal["result", "photo"] = "result") -> str | None:
        """An address at which a browser gets the picture without us, to be asked for whenever somebody looks.

        Of a published painting it lasts; of a private one it expires within minutes. None where pictures can be had from us alone.

        Raises:
            UnknownJob, WrongState: as `result`.
        """
        job = self.get(job_id, viewer)
        key = painting_key(job) if kind == "result" else job.input_key
        return self._backend.links.link(key, f"pastiche-{kind}-{job.id[:8]}{PurePosixPath(key).suffix}") if self._backend.links else None

    def preview(self, job_id: str, owner: str) -> bytes | None:
        """The painting as it emerges, a JPEG for its owner alone; None when there is none at the moment."""
        key = own(self._backend, job_id, owner).preview_key
        try:
            return self._backend.objects.get(key) if key else None
        except ObjectMissing:  # the job was finished between the two looks
            return None

    @property
    def webhooks(self) -> Webhooks:
        """Whom to tell of jobs' ends. Who tells them is a front end's business: only one that others can reach has addresses to give."""
        return self._backend.webhooks

    def listen(self) -> Listener:
        """Hints that jobs have changed, for whoever keeps many viewers up to date."""
        return self._backend.completions.listen()

    def status(self) -> Status:
        return status_of(self._backend, self._clock())

    def seconds(self) -> Mapping[Preset, tuple[float, float]]:
        """How long paintings take, as `Status.seconds`."""
        return seconds_of(self._backend)

    def _submit(self, owner: str, order: Order, limits: Limits, quota: Quota | None = None) -> Job:
        if not owner:  # all who are nobody would share their jobs
            raise NotAllowed("Nobody would know whose painting this is. Allow cookies for this page and try again.")
        now, quota = self._clock(), quota or self._quota
        if known := self._submitted_before(owner, order):
            return known
        self._backend.queue.check(owner, quota, now)
        with self._readers:
            intake = take_in(order, owner, self._catalogue, limits, self._settings.max_attempts, now)
        return self._accept(intake, quota)

    def _accept(self, intake: Intake, quota: Quota) -> Job:
        """The pictures first: a crash leaves pictures without a record, which are swept, and never a record without pictures."""
        upkeep.expire(self._backend, self._settings, intake.job.created)
        upkeep.make_room(self._backend, self._settings, intake.job.size_bytes)
        try:
            with upkeep.full_disk_reported():
                intake.store(self._backend.objects)
            stored = self._backend.queue.submit(intake.job, quota)
        except StoreUnavailable:  # it may have been accepted all the same, and then the pictures are needed
            raise
        except PasticheError:
            self._backend.objects.delete(intake.pictures)
            raise
        if stored.id != intake.job.id:
            self._backend.objects.delete(intake.pictures)
        log.info("job %s is submitted", stored.id, extra={"job_id": stored.id})
        return stored

    def _submitted_before(self, owner: str, order: Order) -> Job | None:
        """Looked for among the newest alone, to spare a repeated form the reading of its picture; the queue itself is sure.

        Of an id that was brought along, it has to be sure here: the pictures are stored under it before the queue is asked.
        """
        if order.job_id is None:
            return next((job for job in self._backend.jobs.of_owner(owner, 10) if job.token == order.token), None)
        known = self._backend.jobs.get(order.job_id)
        if known is not None and not is_same(owner, known.owner):
            raise JobIdTaken("There is a painting with this id already. Make the id of 128 random bits, anew for each painting.")
        return known


def _page_size(limit: int) -> int:
    return max(1, min(limit, MAX_PAGE))
