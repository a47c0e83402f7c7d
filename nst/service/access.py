"""Who may see which job. Whoever may not learns no more than whoever names one that never was."""

import hmac
import secrets
from contextlib import suppress
from dataclasses import replace

from nst.domain import Job, object_key
from nst.domain.keys import is_id
from nst.errors import JobLost, ObjectMissing, UnknownJob, WrongState
from nst.images import Format
from nst.store.ports import Backend


def found(backend: Backend, job_id: str) -> Job | None:
    return backend.jobs.get(job_id) if is_id(job_id) else None


def own(backend: Backend, job_id: str, owner: str) -> Job:
    """The job, for its owner alone.

    Raises:
        UnknownJob: when there is none, or it is somebody else's.
        JobLost: when there was one, and the record is gone with what it was kept in.
    """
    job = found(backend, job_id)
    if job is None:
        raise _gone(backend, job_id)
    if not is_same(owner, job.owner):
        raise unknown()
    return job


def visible(backend: Backend, job_id: str, viewer: str) -> Job:
    """The job, for its owner, and what strangers may know of one that is in the gallery.

    Raises:
        UnknownJob, JobLost: as `own`.
    """
    job = found(backend, job_id)
    if job is None:
        raise _gone(backend, job_id)
    if is_same(viewer, job.owner):
        return job
    if not job.is_in_feed:
        raise unknown()
    return replace(job, owner="", token="")


def painting_key(job: Job) -> str:
    """Where the painting lies.

    Raises:
        WrongState: when there is none yet.
    """
    if job.output_key is None:
        raise WrongState(f"This painting is {job.state}: there is no picture of it yet.")
    return job.output_key


def is_same(claimed: str, secret: str) -> bool:
    """In a time that does not tell how much of it is right. Nobody is nobody."""
    return bool(secret) and secrets.compare_digest(claimed.encode(errors="replace"), secret.encode(errors="replace"))


def signature_of(job: Job, until: int) -> str:
    """Made with the owner's token, which nobody else knows: so every server can look it up, and there is no other secret to keep."""
    return hmac.new(job.owner.encode(), f"{job.id} {until}".encode(), "sha256").hexdigest()


def unknown() -> UnknownJob:
    return UnknownJob("There is no such painting, or it is somebody else's. It may have been deleted, or have expired.")


def _gone(backend: Backend, job_id: str) -> UnknownJob:
    """A photo outlives a record that was not deleted but lost, for the day until it is swept; and who names an id has been given it."""
    for public in (False, True) if is_id(job_id) else ():
        for suffix in {Format.JPEG.suffix, Format.PNG.suffix}:
            with suppress(ObjectMissing):
                backend.objects.get(object_key(job_id, "input", suffix, public=public))
                return JobLost("This painting was lost when the studio was restarted after a fault. Please submit the photo again.")
    return unknown()
