"""Publishing a painting, making it private again, and hiding it."""

import logging

from nst.domain import Job, output_key_of
from nst.errors import StoreUnavailable
from nst.service.access import owned_job, painting_key, unknown_job
from nst.service.visibility import place_pictures, record_cleanup
from nst.store.ports import Backend, Cleanup

log = logging.getLogger(__name__)


class Publisher:
    """Publishes jobs and hides them. Any number of servers may do so with the same job at the same time: see `nst.service.visibility`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def set_public(self, job_id: str, owner: str, now: float, *, public: bool, with_photo: bool = False) -> Job:
        """Copy the pictures, change the record, then delete the pictures at the old place.

        Args:
            with_photo: whether the photo is published, too.

        Raises:
            UnknownJob: when there is no such job, or no longer.
            WrongState: when there is no painting yet.
            StorageFull: when there is no space for a copy.
        """
        key = painting_key(owned_job(self._backend, job_id, owner))
        self._place(record_cleanup(self._backend, key, now), job_id, now, public, with_photo)
        return owned_job(self._backend, job_id, owner)

    def hide(self, job_id: str, now: float, *, hidden: bool) -> None:
        """Remove the job from the gallery, then its pictures from `public/`; with `hidden=False`, the reverse, but for the photo.

        Raises:
            UnknownJob: when there is no such job.
        """
        job = self._backend.jobs.get(job_id)
        if job is None:
            raise unknown_job()
        cleanup = record_cleanup(self._backend, job.output_key or output_key_of(job.input_key), now)
        if not self._backend.feed.hide(job_id, hidden):
            raise unknown_job()
        self._place(cleanup, job_id, now)

    def _place(self, cleanup: Cleanup, job_id: str, now: float, public: bool | None = None, with_photo: bool | None = None) -> None:
        """Once the record is changed, a picture that cannot be moved or deleted is left to `retention.complete_cleanups`."""
        try:
            place_pictures(self._backend, cleanup.key, now, public=public, with_photo=with_photo)
        except StoreUnavailable as error:
            record = self._backend.jobs.get(job_id)
            if public is not None and (record is None or record.public is not public):
                raise
            log.warning("pictures of job %s are moved later: %s", job_id, error.__cause__ or error, extra={"job_id": job_id})
        else:
            self._backend.cleanups.settle(cleanup)
