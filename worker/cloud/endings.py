"""What an end that only the machines' keeper has seen means for the record."""

from nst.domain import Job, Outcome
from nst.settings import Settings
from worker import sentences

_OUT_OF_MEMORY = 137  # 128 + SIGKILL
_NEVER_BEGUN = ("CannotPull", "CannotStart", "CannotCreate", "ResourceInitialization")


def ending_of(job: Job, reason: str, exit_code: int | None, settings: Settings) -> Outcome:
    """The outcome of an assignment that failed. An agent that could still speak has said more, and before."""
    if job.cancel_requested:
        return Outcome.cancelled()
    return Outcome.failed(_sentence(reason, exit_code, settings))


def _sentence(reason: str, exit_code: int | None, settings: Settings) -> str:
    """By the words of AWS Batch: https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html"""
    if "exceeded timeout" in reason:
        return sentences.LONG.format(minutes=settings.job_seconds / 60)
    if "Host EC2" in reason or "Spot" in reason:
        return sentences.TAKEN_AWAY
    if "JobStateTimeLimit" in reason:  # none came free, or none is large enough
        return sentences.NO_MACHINE
    if any(word in reason for word in _NEVER_BEGUN):
        return sentences.OF_OURS
    if "OutOfMemory" in reason or exit_code == _OUT_OF_MEMORY:
        return sentences.KILLED
    return sentences.DIED
