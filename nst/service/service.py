"""Facade for all front ends. Every method takes the caller's token and checks access."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PIL import Image

from nst.domain import Cursor, Job, JobState, Mode, Page, Preset
from nst.domain.keys import timelapse_key
from nst.errors import ObjectMissing, WrongState
from nst.images import STORED_LIMITS, Limits
from nst.service import retention
from nst.service.access import (
    PictureKind,
    link_to,
    owned_job,
    painting_key,
    photo_key,
    picture_key,
    signed_job,
    unknown_job,
    visible_job,
)
from nst.service.address_quota import AddressQuota
from nst.service.feed_head import FeedHead
from nst.service.gallery import Gallery
from nst.service.keeping import Keeping
from nst.service.moderation import Moderation
from nst.service.publishing import Publisher
from nst.service.signing import SigningKey
from nst.service.status import JobView, Status, estimates_of, status_of, view_of
from nst.service.submission import MAX_SIDE, LargerOrder, Order, larger_order, order_like
from nst.service.submitter import Sender, Submitter
from nst.service.visitors import Visitors
from nst.settings import Settings
from nst.store.ports import Backend, Listener, Quota, Webhooks
from nst.styles import Catalogue, StyleEntry

MAX_PAGE = 100
_STYLES_SECONDS = 3.0  # that a listing of styles waits for pictures that were not read yet


class Service:
    """Everything that front ends may do with jobs, pictures and styles. Thread-safe, and shared by all visitors.

    `owner` and `viewer` are a visitor's browser (`visitors`) or a program, named by a hash of its secret. Somebody else's job is
    `UnknownJob`, as is one that does not exist, so nobody learns which ids exist.
    """

    def __init__(self, backend: Backend, catalogue: Catalogue, settings: Settings, clock: Callable[[], float] | None = None) -> None:
        self._backend, self._catalogue, self._settings, self._clock = backend, catalogue, settings, clock or backend.clock
        self._submitter = Submitter(backend, catalogue, settings, self._clock)
        self._feed_head = FeedHead(backend.feed)
        self._publisher = Publisher(backend)
        self._key = SigningKey(backend.secrets, settings.secret, self._clock)
        self._moderation = Moderation(backend, settings, self._publisher, self._key, self._clock)
        self.visitors = Visitors(self._key, backend.jobs, self._clock)
        self.keeping = Keeping(backend, settings, self._clock)
        self.gallery = Gallery(backend, catalogue, settings, self._clock, self._feed_head)

    def close(self) -> None:
        """Ends what runs beside it; its process is about to end."""
        self._catalogue.close()

    def submit(self, owner: str, order: Order, quota: Quota | None = None, network: str | None = None, has_cookie: bool = True) -> Job:
        """Store the pictures and queue the job; the same order again (owner and token) is the same job.

        Args:
            quota: instead of every visitor's.
            network: that a visitor comes from (`nst.client_network`), whose submissions are limited together; None where there is no limit.
            has_cookie: whether the visitor can be recognised. All of a network who cannot have the limits of one visitor.

        Raises:
            Refused: when a limit is reached; its sentence says what to do.
            InvalidImage, InvalidParams, UnknownStyle, StyleChanged: as `submission.prepare`.
            JobIdTaken: when the order's job id is that of another owner's job, or of one that was deleted.
            NotAllowed: when there is no owner.
        """
        return self._submitter.submit(owner, order, Limits.of(self._settings), Sender(quota, network, has_cookie))

    def check_quota(self, owner: str, quota: Quota | None = None) -> None:
        """
        Raises:
            Refused: when `submit` would refuse any order.
        """
        self._submitter.check_quota(owner, quota)

    def quota_of_programs(self, advice: str) -> AddressQuota:
        """The quota of addresses for programs without a key; `advice` is what its sentences advise besides waiting."""
        per_minute, active = self._settings.uploads_per_minute, self._settings.jobs_per_visitor
        return AddressQuota("programs", per_minute, active, self._clock, self._backend.rates, advice)

    def get(self, job_id: str, viewer: str) -> Job:
        """The record; without owner and token for strangers, who see published jobs only.

        Raises:
            UnknownJob: when there is none, or it is not for this viewer.
            JobLost: when the record was lost together with the store that kept it. The job will never be painted.
        """
        return visible_job(self._backend, job_id, viewer)

    def mine(self, owner: str, limit: int = 50, before: Cursor | None = None) -> list[Job]:
        """A visitor's jobs, newest first; the next page begins after the last one's (created, id)."""
        return self._backend.jobs.of_owner(owner, _page_size(limit), before)

    def cancel(self, job_id: str, owner: str) -> Job:
        """Cancel a queued job at once, and a running one within two seconds. A final one stays as it is."""
        job = self._backend.queue.cancel(owned_job(self._backend, job_id, owner).id, self._clock())
        if job is None:  # deleted in between
            raise unknown_job()
        self._backend.job_events.notify(job_id, self._clock())
        retention.delete_unfinished(self._backend, job)
        return job

    def retry(self, job_id: str, owner: str, network: str | None = None, has_cookie: bool = True) -> Job:
        """Submit a job like one that failed or was cancelled again. Asked twice, it is one new job.

        Args:
            network, has_cookie: as for `submit`.

        Raises:
            WrongState: when the job has not failed and was not cancelled.
            Refused: as `submit`.
            ObjectMissing: when the photo is gone.
            UnknownStyle, StyleChanged: when the style's picture is gone, or has been replaced.
        """
        old = owned_job(self._backend, job_id, owner)
        if old.state not in (JobState.FAILED, JobState.CANCELLED):
            raise WrongState(f"This painting is {old.state}: only one that failed or was cancelled can be tried again.")
        order = replace(order_like(old, self._backend.objects), token=f"again-{old.id}")
        return self._submitter.submit(owner, order, STORED_LIMITS, Sender(None, network, has_cookie))

    def larger(self, job_id: str, owner: str, wanted: LargerOrder, sender: Sender | None = None) -> Job:
        """Submit a job that enlarges a finished painting. Asked twice for a size, it is one job.

        It has copies of the painting and of what it was painted from, so that either can be deleted without the other.

        Raises:
            WrongState: when the painting is not finished.
            InvalidParams: when the size is out of range, or not larger than the painting.
            Refused, ObjectMissing, UnknownStyle, StyleChanged: as `retry`.
        """
        old = owned_job(self._backend, job_id, owner)
        order = larger_order(old, self._backend.objects, wanted)
        return self._submitter.submit(wanted.owner or owner, order, STORED_LIMITS, sender or Sender())

    def larger_versions(self, job_id: str, owner: str) -> list[Job]:
        """The jobs that enlarge this painting, among its owner's `MAX_PAGE` newest jobs; the smallest painting first."""
        found = [job for job in self._backend.jobs.of_owner(owner, MAX_PAGE) if job.parent == job_id]
        return sorted(found, key=lambda job: (job.params.size or 0, job.created))

    def order(self, job_id: str, owner: str) -> Order:
        """The order that a job was made from, with the pictures as they were stored, for a similar painting that begins with the photo.

        Raises:
            ObjectMissing: when a picture is gone.
        """
        return replace(order_like(owned_job(self._backend, job_id, owner), self._backend.objects), earlier=None)

    def publish(self, job_id: str, owner: str, *, with_photo: bool = False) -> Job:
        """Show a finished painting in the gallery, alone or with its photo.

        Raises:
            WrongState: when it has not succeeded.
        """
        with self._feed_head.changes():
            return self._publisher.set_public(job_id, owner, self._clock(), public=True, with_photo=with_photo)

    def make_private(self, job_id: str, owner: str) -> Job:
        """Remove a painting from the gallery, and its pictures from `public/`. It is kept for the usual time from now."""
        self.keeping.begin_again(job_id, owner)
        with self._feed_head.changes():
            return self._publisher.set_public(job_id, owner, self._clock(), public=False)

    def delete(self, job_id: str, owner: str) -> None:
        """Delete the record and every picture. A worker that is painting it stops."""
        with self._feed_head.changes():
            retention.delete_job(self._backend, owned_job(self._backend, job_id, owner), self._clock())
        self._backend.job_events.notify(job_id, self._clock())

    def feed(self, limit: int = 24, before: Cursor | None = None, style: str | None = None) -> Page:
        """The gallery, newest first."""
        return self._backend.feed.page(_page_size(limit), before, style)

    def report(self, job_id: str, reporter: str, reason: str = "", network: str | None = None, since: float | None = None) -> None:
        """Report a published painting as unsuitable; after enough reports it is hidden until an administrator decides.

        Args:
            network: that the reporter comes from; several reporters of one network count as one.
            since: when the reporter was first here, in seconds since the epoch; None when that is not known.

        Raises:
            UnknownJob: when it is not in the gallery.
            NotAllowed: when the reporter is new here.
            Refused: when the network has reported many paintings in the last hour.
        """
        with self._feed_head.changes():
            self._moderation.report(job_id, reporter, reason, network, since)

    def hide(self, job_id: str, admin_token: str, *, hidden: bool = True, network: str | None = None) -> None:
        """Hide a painting from the gallery; or show it again, clear its reports, and let no others hide it.

        Raises:
            NotAllowed, Refused: as `check_administrator`.
            UnknownJob: when there is no such job.
        """
        with self._feed_head.changes():
            self._moderation.hide(job_id, admin_token, network, hidden=hidden)

    def check_administrator(self, admin_token: str, network: str | None = None) -> None:
        """
        Args:
            network: that the caller comes from: its wrong tokens are counted and logged together.

        Raises:
            NotAllowed: when the token is not NST_ADMIN_TOKEN, or none is set.
            Refused: when there were many wrong tokens in the last minute.
        """
        self._moderation.check_administrator(admin_token, network)

    def styles(self) -> tuple[StyleEntry, ...]:
        """The styles on offer. Own pictures that were not read yet are left out until they were, rather than waited for."""
        return self._catalogue.entries(_STYLES_SECONDS)

    def style(self, style_id: str, digest: str | None = None) -> StyleEntry:
        """
        Args:
            digest: of the picture that it must be; None for whichever has the id now.

        Raises:
            UnknownStyle: when there is none with this id, or it cannot be used.
            StyleChanged: when its picture does not have this digest.
        """
        return self._catalogue.get(style_id, digest)

    def style_file(self, style_id: str, digest: str | None = None) -> bytes:
        """The bytes of a style's picture file.

        Raises:
            UnknownStyle, StyleChanged: as `style`.
        """
        entry = self._catalogue.get(style_id, digest)
        return self._catalogue.file(entry.id, entry.digest)

    def style_picture(self, style_id: str, digest: str | None = None, max_side: int = MAX_SIDE) -> Image.Image:
        """A style's picture, decoded, and reduced to a long side of `max_side` pixels."""
        return self._catalogue.picture(style_id, digest, max_side)

    def view(self, job_id: str, viewer: str) -> JobView:
        """The record and what follows from it for this viewer, for pages and programs that poll.

        Raises:
            UnknownJob, JobLost: as `get`.
        """
        return self.view_of(self.get(job_id, viewer))

    def view_of(self, job: Job) -> JobView:
        """The same, from a record that another method has just returned: with an owner for the owner only."""
        return view_of(self._backend, job, self._key, self._settings.lease_seconds, self._clock())

    def result(self, job_id: str, viewer: str) -> bytes:
        """The painting's file; its media type follows from its key.

        Raises:
            UnknownJob: when it is not for this viewer.
            WrongState: when there is none yet.
        """
        return self._backend.objects.get(painting_key(self.get(job_id, viewer)))

    def photo(self, job_id: str, viewer: str) -> bytes:
        """The photo's file as it was stored: upright and without metadata.

        Raises:
            UnknownJob: when it is not for this viewer.
        """
        return self._backend.objects.get(photo_key(self.get(job_id, viewer)))

    def signed_result(self, job_id: str, until: int, signature: str) -> bytes:
        """The painting's file, for anybody with a link that was signed for its owner (`JobView.sign`).

        Raises:
            UnknownJob: when the signature does not belong to job and time, the time has passed, or the painting is hidden from the gallery.
        """
        return self._backend.objects.get(painting_key(signed_job(self._backend, self._key, job_id, until, signature, self._clock())))

    def thumbnail(self, job: Job, kind: PictureKind = "result") -> bytes | None:
        """The stored thumbnail of a painting or its photo, a WebP; None when there is none.

        Args:
            job: as another method has returned it for this viewer.

        Raises:
            UnknownJob, WrongState: as `result`.
        """
        key = picture_key(job, kind, is_small=True)
        try:
            return self._backend.objects.get(key) if key else None
        except ObjectMissing:
            return None

    def link(self, job: Job, kind: PictureKind = "result", *, is_small: bool = False) -> str | None:
        """A URL at which a browser gets the picture from the object store, made whenever somebody looks.

        It is permanent for a published painting, and expires within minutes for a private one. None where the app serves the picture
        itself, and for a thumbnail that was not stored. Arguments and errors are those of `thumbnail`.
        """
        return link_to(self._backend.links, job, kind, is_small=is_small) if self._backend.links else None

    def public_url(self, key: str) -> str | None:
        """The permanent URL of a public picture at the CDN, found without asking a store; None where there is no CDN."""
        return self._backend.links.public_url(key) if self._backend.links else None

    def preview(self, job_id: str, owner: str) -> bytes | None:
        """The unfinished painting, a JPEG for its owner only; None when there is none at the moment."""
        key = owned_job(self._backend, job_id, owner).preview_key
        try:
            return self._backend.objects.get(key) if key else None
        except ObjectMissing:  # the job was finished between the two reads
            return None

    def timelapse(self, job_id: str, owner: str) -> bytes | None:
        """The film of how a painting emerged, an MP4 for its owner only; None when there is none.

        Raises:
            UnknownJob, StoreUnavailable: as `get`.
        """
        try:
            return self._backend.objects.get(timelapse_key(owned_job(self._backend, job_id, owner).id))
        except ObjectMissing:
            return None

    def has_timelapse(self, job_id: str, owner: str) -> bool:
        """Whether there is one; raises as `timelapse`."""
        try:
            return self._backend.objects.size(timelapse_key(owned_job(self._backend, job_id, owner).id)) > 0
        except ObjectMissing:
            return False

    @property
    def webhooks(self) -> Webhooks:
        """The pending webhooks. They are sent by a front end, which knows the addresses under which others can reach it."""
        return self._backend.webhooks

    def listen(self) -> Listener:
        """Job-changed events, for front ends that keep many viewers up to date."""
        return self._backend.job_events.listen()

    def status(self) -> Status:
        return status_of(self._backend, self._clock(), self._settings.disk_bytes)

    def estimates(self, mode: Mode) -> Mapping[Preset, float]:
        """How many seconds a painting of a mode takes, for each preset for which that is known."""
        return estimates_of(self._backend, mode, self._clock())


def _page_size(limit: int) -> int:
    return max(1, min(limit, MAX_PAGE))
