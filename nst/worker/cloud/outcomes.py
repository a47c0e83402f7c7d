"""How a job ends: its record, and sentences for the reasons that AWS Batch gives."""

import logging
from contextlib import suppress

from nst.domain import FencingToken, Job, Outcome, longest_seconds, output_key_of
from nst.domain.keys import thumbnail_keys, timelapse_key, unfinished_keys
from nst.errors import ObjectMissing
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker import user_messages
from nst.worker.cloud.repeated_failures import REFUSALS

_OUT_OF_MEMORY = 137  # 128 + SIGKILL
_NEVER_STARTED = ("CannotPull", "CannotStart", "CannotCreate", "ResourceInitialization", "network interface", "Task failed to start")

log = logging.getLogger(__name__)


def end(backend: Backend, token: FencingToken, outcome: Outcome, now: float) -> bool:
    """Writes the record, notifies, and ends the lease. It notifies again when called again: the first caller may have died before that.

    Returns:
        False when the attempt had ended before.
    """
    is_first = backend.jobs.finish(token, outcome, now)
    backend.job_events.notify(token.job_id, now)
    if is_first:
        log.info("job %s ends: %s", token.job_id, outcome.state, extra={"job_id": token.job_id})
        backend.queue.acknowledge(token)
        with suppress(*REFUSALS):  # it is swept later
            backend.objects.delete(unfinished_keys(token.job_id))
    return is_first


def painting_of(backend: Backend, job: Job) -> Outcome | None:
    """Success, if a painting is stored, whichever attempt made it. Only its size is asked for.

    Raises:
        StoreUnavailable: when that cannot be determined.
    """
    key = output_key_of(job.input_key)
    try:
        size = backend.objects.size(key)
    except ObjectMissing:
        return None
    with suppress(ObjectMissing):
        size += backend.objects.size(timelapse_key(job.id))
    small = thumbnail_keys(job.input_key, key)
    try:
        of_small = sum(map(backend.objects.size, small))
    except ObjectMissing:
        of_small = 0
    return Outcome.succeeded(key, size + of_small, {}, has_thumbnails=of_small > 0)


def ending_of(job: Job, reason: str, exit_code: int | None, settings: Settings) -> Outcome:
    """The outcome of an assignment that failed. An agent that could still report has done so earlier, in more detail."""
    if job.cancel_requested:
        return Outcome.cancelled()
    return Outcome.failed(_sentence(reason, exit_code, longest_seconds(job.params, settings.job_seconds)))


def _sentence(reason: str, exit_code: int | None, longest: float) -> str:
    """By the words of AWS Batch: https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html"""
    if "exceeded timeout" in reason:
        return user_messages.LONG.format(minutes=longest / 60)
    if "Host EC2" in reason or "Spot" in reason:
        return user_messages.TAKEN_AWAY
    if "JobStateTimeLimit" in reason or user_messages.NO_MACHINE in reason:  # none came free, or none is large enough
        return user_messages.NO_MACHINE
    if any(word in reason for word in _NEVER_STARTED):
        return user_messages.INTERNAL
    if "OutOfMemory" in reason or exit_code == _OUT_OF_MEMORY:
        return user_messages.KILLED
    return user_messages.DIED
