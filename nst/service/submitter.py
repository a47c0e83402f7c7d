"""Accepts orders: limits of visitors and networks, space for pictures, and orders that were sent twice."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from nst.domain import Job, SharedLane
from nst.errors import NotAllowed, PasticheError, StorageFull, StoreUnavailable
from nst.images import Limits
from nst.service import retention
from nst.service.access import constant_time_equals
from nst.service.address_quota import AddressQuota
from nst.service.submission import Order, Submission, prepare
from nst.service.visibility import storage_full_reported
from nst.settings import Settings
from nst.store.ports import Backend, Quota
from nst.store.user_messages import id_taken
from nst.styles import Catalogue

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sender:
    """Whose limits an order counts against, besides its owner's.

    Attributes:
        quota: instead of every visitor's.
        network: that a visitor comes from (`nst.client_network`), whose submissions are limited together; None where there is no limit.
        has_cookie: whether the visitor can be recognised. All of a network who cannot have the limits of one visitor.
    """

    quota: Quota | None = None
    network: str | None = None
    has_cookie: bool = True


class Submitter:
    """Checks limits, stores the pictures of an order and queues its job. Thread-safe."""

    def __init__(self, backend: Backend, catalogue: Catalogue, settings: Settings, clock: Callable[[], float]) -> None:
        self._backend, self._catalogue, self._settings, self._clock = backend, catalogue, settings, clock
        self._quota = Quota(settings.uploads_per_minute, settings.jobs_per_visitor, settings.queue_length)
        self._disk_usage = retention.DiskUsageWarnings(settings)
        most = settings.visitors_per_address
        per_minute, active, rates = settings.uploads_per_minute, settings.jobs_per_visitor, backend.rates
        self._strangers = AddressQuota("visitors without cookies", per_minute, active, clock, rates)
        self._networks = AddressQuota("networks", most * per_minute, most * active, clock, rates)

    def check_quota(self, owner: str, quota: Quota | None) -> None:
        """As `Service.check_quota`."""
        self._backend.queue.check(owner, quota or self._quota, self._clock())

    def submit(self, owner: str, order: Order, limits: Limits, sender: Sender) -> Job:
        """As `Service.submit`.

        Args:
            limits: of the pictures in the order.
        """
        if not owner:  # all visitors without a token would share their jobs
            raise NotAllowed("Without a cookie, the studio cannot know whose painting this is. Allow cookies for this page and try again.")
        now, quota, network = self._clock(), sender.quota or self._quota, sender.network
        if known := self._submitted_before(owner, order):
            return known
        self._backend.queue.check(owner, quota, now)
        of_network = self._networks if sender.has_cookie else self._strangers
        if network is not None:
            of_network.check(network, self._is_active)  # before the pictures are decoded
        order = replace(order, in_folder=order.in_folder and SharedLane.FOLDER in self._settings.batch_lanes)
        submission = prepare(order, owner, self._catalogue, limits, self._settings.max_attempts, now)
        counted = nullcontext() if network is None else of_network.counted(network, submission.job.id, self._is_active)
        with counted:
            return self._accept(submission, quota)

    def _is_active(self, job_id: str) -> bool:
        job = self._backend.jobs.get(job_id)
        return job is not None and not job.state.is_terminal

    def _accept(self, submission: Submission, quota: Quota) -> Job:
        """Pictures first: a crash leaves pictures without a record, which are deleted later, and never a record without pictures."""
        retention.delete_expired(self._backend, self._settings, submission.job.created, retention.AT_SUBMISSION)
        self._free_space(submission.job)
        try:
            with storage_full_reported():
                submission.store(self._backend.objects)
            stored = self._backend.queue.submit(submission.job, quota)
        except StoreUnavailable:  # the job may have been accepted, and then the pictures are needed
            raise
        except PasticheError:
            self._backend.objects.delete(submission.pictures)
            raise
        if stored.id != submission.job.id:
            self._backend.objects.delete(submission.pictures)
        log.info("job %s is submitted", stored.id, extra={"job_id": stored.id})
        return stored

    def _free_space(self, job: Job) -> None:
        stored = self._backend.jobs.stored_bytes() + job.size_bytes
        try:
            retention.free_space(self._backend, self._settings, job, stored)
        except StorageFull:
            self._disk_usage.check(stored, job.created, is_refused=True)
            raise
        self._disk_usage.check(stored, job.created)

    def _submitted_before(self, owner: str, order: Order) -> Job | None:
        """The job of a repeated form, if it is among the newest: a shortcut that saves decoding its picture. The queue checks all jobs.

        An id that a program has chosen has to be checked here: the pictures are stored under it before the job is queued.
        """
        if order.job_id is None:
            return next((job for job in self._backend.jobs.of_owner(owner, 10) if job.token == order.token), None)
        known = self._backend.jobs.get(order.job_id)
        if known is None and self._backend.jobs.was_deleted(order.job_id):
            raise id_taken()
        if known is not None and not constant_time_equals(owner, known.owner):
            raise id_taken()
        return known
