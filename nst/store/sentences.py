"""The sentences that every adapter says in the same words."""

from nst.errors import ObjectMissing, QueueFull, TooManyJobs, TooManyUploads
from nst.store.ports import Quota

WORKER_LOST = "The painting broke off {attempts} times, and is not tried again. Please submit it anew, perhaps with a smaller preset."


def check_quota(quota: Quota, *, uploads: int, active: int, queued: int) -> None:
    """
    Args:
        uploads: of the owner in the last minute.
        active: the owner's jobs that are queued or running.
        queued: everybody's jobs that are queued.

    Raises:
        TooManyUploads, TooManyJobs, QueueFull: when another one would be too many.
    """
    if uploads >= quota.uploads_per_minute:
        raise TooManyUploads(f"At most {quota.uploads_per_minute} pictures a minute are taken from one visitor. Try again in a minute.")
    if active >= quota.active:
        raise TooManyJobs(f"You have {active} paintings under way, and at most {quota.active} are. Wait for one to finish, or cancel one.")
    if queued >= quota.queued:
        raise QueueFull(f"There are {queued} paintings in the queue, which is as many as it takes. Try again in some minutes.")


def missing() -> ObjectMissing:
    return ObjectMissing("This picture is not there any more. It may have been deleted, or have expired.")
