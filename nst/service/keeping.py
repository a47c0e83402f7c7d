"""How long private paintings are kept, and keeping them longer."""

from collections.abc import Callable

from nst.domain import Job
from nst.errors import WrongState
from nst.service import retention
from nst.service.access import owned_job, unknown_job
from nst.settings import Settings
from nst.store.ports import Backend


class Keeping:
    """Keeps private paintings longer than usual. Thread-safe, and shared by all visitors."""

    def __init__(self, backend: Backend, settings: Settings, clock: Callable[[], float]) -> None:
        self._backend, self._settings, self._clock = backend, settings, clock

    def until(self, job: Job) -> float | None:
        """When a finished job that is not published expires; None if it does not."""
        return retention.expiry_of(job, self._settings)

    def longest(self, job: Job) -> float | None:
        """When it expires after `keep_longer`; None if it cannot be kept longer."""
        return retention.longer_expiry_of(job, self._settings, self._clock())

    def keep_longer(self, job_id: str, owner: str) -> Job:
        """Keep a private painting for another period. When space runs out, it may still be deleted to make room.

        Raises:
            UnknownJob: when it is somebody else's, or has expired.
            WrongState: when it cannot be kept longer.
        """
        until = self.longest(owned_job(self._backend, job_id, owner))
        if until is None:
            raise WrongState("This painting cannot be kept longer now. Download it, or publish it.")
        if not self._backend.jobs.keep(job_id, until):
            raise unknown_job()
        return owned_job(self._backend, job_id, owner)

    def begin_again(self, job_id: str, owner: str) -> None:
        """Keep a published painting, which is about to become private, for the usual time from now at least, however old it is.

        Raises:
            UnknownJob: when it is somebody else's.
        """
        job = owned_job(self._backend, job_id, owner)
        if job.published is not None:
            usual = retention.usual_expiry(self._settings, self._clock())
            self._backend.jobs.keep(job_id, max(job.kept_until or 0.0, usual))
