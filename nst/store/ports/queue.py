"""The queue of jobs, with leases."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nst.domain import FencingToken, Job, Lane


@dataclass(frozen=True)
class Quota:
    """Limits on what one visitor, and all visitors together, may submit.

    Attributes:
        uploads_per_minute: an owner's submissions, whatever has become of them.
        active: an owner's jobs that are queued or running.
        queued: everybody's jobs that are queued.
    """

    uploads_per_minute: int
    active: int
    queued: int


@dataclass(frozen=True)
class Lease:
    """A worker's right to a job until a point in time; `job` is the record as it was at the claim."""

    job: Job
    worker: str
    until: float


class LeaseStatus(StrEnum):
    """The answer to a heartbeat."""

    HELD = "held"
    CANCEL = "cancel"
    """Held, and the owner wants the job to stop."""
    LOST = "lost"
    """The lease has ended or passed to another worker: stop, and write nothing."""


@dataclass(frozen=True)
class QueuePosition:
    """The work ahead of a queued job: the number of jobs, and their cost (see `nst.domain.cost_of`) with the rest of running ones.

    The number is exact. The cost may be an estimate when there are many.
    """

    jobs: int
    cost: float


@dataclass(frozen=True)
class LaneStats:
    """The queued jobs of one lane: their number, and when the oldest was submitted."""

    jobs: int
    oldest: float


class Queue(Protocol):
    """The order of jobs, and their leases. Delivery is at least once: a job whose worker falls silent is given to another.

    Order is self-clocked fair queueing (Golestani 1994). At its submission a job gets a virtual finish time: its cost, added to the
    later of the virtual time and the finish time of its owner's last queued or running job. The least goes first, and the virtual
    time is that of the last job claimed. So fifty jobs of one visitor are spread over fifty rounds and delay no one else; a draft goes
    before an ultra that was submitted a little earlier; and the ultra is not put off forever, since its finish time is fixed while
    virtual time goes on. A job that is queued again keeps its finish time.
    """

    def check(self, owner: str, quota: Quota, now: float) -> None:
        """Check the quota before a picture is decoded, which is expensive.

        Raises:
            TooManyUploads, TooManyJobs, QueueFull: when `submit` would.
        """
        ...

    def submit(self, job: Job, quota: Quota) -> Job:
        """Store the record and queue it, in one transaction: from here on it is not lost. Its `created` is the time.

        Returns:
            The job as stored; or, when this owner has submitted something with this token before, that job, and nothing is changed.

        Raises:
            TooManyUploads, TooManyJobs, QueueFull: when the quota is used up; nothing is stored.
            JobIdTaken: when a job with this id was deleted.
        """
        ...

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Lane] = ()) -> Lease | None:
        """Take the next job, if there is one, in one transaction: it is running, its attempt is one higher, and the lease begins.

        Args:
            lanes: only jobs in these; all when empty.
        """
        ...

    def heartbeat(self, token: FencingToken, now: float, lease_seconds: float) -> LeaseStatus:
        """Extend the lease, for the holder of the current attempt only: a worker that comes back late does not get its job back."""
        ...

    def give_back(self, token: FencingToken, now: float) -> bool:
        """Queue a running job again, or cancel it if that was requested; the attempt does not count. False for an outdated token."""
        ...

    def acknowledge(self, token: FencingToken) -> None:
        """Release the lease of a final job. Called last, after record and notification; calling it again changes nothing."""
        ...

    def overdue(self, now: float) -> list[Job]:
        """Running jobs whose leases have lapsed, as `requeue_lapsed` would find them; nothing is changed."""
        ...

    def requeue_lapsed(self, now: float) -> list[Job]:
        """Queue jobs whose leases have lapsed again, or make them failed when no attempt is left (cancelled, if that was requested).

        Returns:
            Those that changed, as they are now.
        """
        ...

    def cancel(self, job_id: str, now: float) -> Job | None:
        """Cancel a queued job at once, and ask the worker of a running one to stop. A final job stays as it is. None for no such job."""
        ...

    def position(self, job_id: str) -> QueuePosition | None:
        """None when the job is not queued."""
        ...

    def wait(self, seconds: float, lanes: Collection[Lane] = ()) -> None:
        """Block until there is something to claim, at most for `seconds`. It may return early for no reason."""
        ...

    def pause(self, paused: bool) -> None:
        """Stop or resume claims; everything else goes on."""
        ...

    def lane_stats(self) -> Mapping[Lane, LaneStats]:
        """The queued jobs of each lane that is not empty."""
        ...
