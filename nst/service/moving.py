"""A painting's way between what all may see and what its owner alone may see."""

import threading

from nst.domain import Job, before_of
from nst.domain.keys import with_visibility
from nst.errors import StorageFull
from nst.service import upkeep
from nst.service.access import own, painting_key, unknown
from nst.store.ports import Backend


class Mover:
    """One painting at a time, since two that go opposite ways would each delete what the other has copied."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()

    def move(self, job_id: str, owner: str, now: float, *, public: bool) -> Job:
        """Copies, then notes, then deletes: a crash between leaves the pictures in both places until this is called again, or swept up."""
        with self._lock:
            return self._move(own(self._backend, job_id, owner), now, public)

    def hide(self, job_id: str, now: float, *, hidden: bool) -> None:
        """Out of the gallery first, then its pictures from where anybody could reach them without us; and both the way back.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._lock:
            job = self._backend.jobs.get(job_id) if self._backend.feed.hide(job_id, hidden) else None
            if job is None:
                raise unknown()
            if job.published is not None:
                self._move(job, now, public=True)

    def _move(self, job: Job, now: float, public: bool) -> Job:
        output_key, objects = painting_key(job), self._backend.objects
        is_open = public and not job.hidden
        wanted = with_visibility(output_key, public=is_open)
        pairs = [(output_key, wanted), (before_of(output_key), before_of(wanted))]
        copies = [(source, target) for source, target in pairs if source != target]
        try:
            with upkeep.full_disk_reported():
                for source, target in copies:
                    objects.copy(source, target)
        except StorageFull:
            objects.delete(target for _, target in copies)
            raise
        if not self._backend.jobs.set_public(job.id, public, before_of(wanted), wanted, now):
            objects.delete(target for _, target in pairs)
            raise unknown()
        objects.delete(with_visibility(key, public=not is_open) for _, key in pairs)
        return own(self._backend, job.id, job.owner)
