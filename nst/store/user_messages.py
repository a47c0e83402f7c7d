"""Messages for users that all adapters share."""

from nst.errors import JobIdTaken, ObjectMissing, QueueFull, TooManyJobs, TooManyUploads
from nst.store.ports import Quota

WORKER_LOST = "The painting was interrupted {attempts} times and is not tried again. Please submit it again, perhaps with a smaller preset."


def check_quota(quota: Quota, uploads: int, active: int, queued: int) -> None:
    """Check whether one more job is allowed.

    Args:
        uploads: the owner's submissions in the last minute.
        active: the owner's jobs that are queued or running.
        queued: everybody's jobs that are queued.

    Raises:
        TooManyUploads, TooManyJobs, QueueFull: when it is not.
    """
    if uploads >= quota.uploads_per_minute:
        raise TooManyUploads(f"At most {quota.uploads_per_minute} pictures per minute are accepted from a visitor. Try again in a minute.")
    if active >= quota.active:
        raise TooManyJobs(f"You have {active} paintings in progress, the maximum is {quota.active}. Wait for one to finish, or cancel one.")
    if queued >= quota.queued:
        raise QueueFull("The queue is full. Try again in a few minutes.")


def id_taken() -> JobIdTaken:
    return JobIdTaken("There is or was a painting with this id. Use 128 random bits for each painting's id.")


def missing() -> ObjectMissing:
    return ObjectMissing("This picture is not there any more. It may have been deleted, or have expired.")
