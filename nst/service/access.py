"""Access to jobs. Unauthorised callers get the same error as for a job that does not exist."""

import secrets
from contextlib import suppress
from dataclasses import replace

from nst.domain import Job, object_key
from nst.domain.keys import is_job_id
from nst.errors import JobLost, ObjectMissing, UnknownJob, WrongState
from nst.images import Format
from nst.service.signing import SigningKey
from nst.store.ports import Backend

LINK_SECONDS = 300.0
"""For which a signed link to a painting is valid."""


def find_job(backend: Backend, job_id: str) -> Job | None:
    return backend.jobs.get(job_id) if is_job_id(job_id) else None


def owned_job(backend: Backend, job_id: str, owner: str) -> Job:
    """The job, for its owner only.

    Raises:
        UnknownJob: when there is none, or it is somebody else's.
        JobLost: when the record was lost together with the store that kept it.
    """
    job = find_job(backend, job_id)
    if job is None:
        raise _gone(backend, job_id)
    if not constant_time_equals(owner, job.owner):
        raise unknown_job()
    return job


def visible_job(backend: Backend, job_id: str, viewer: str) -> Job:
    """The job as this viewer may see it: whole for the owner; for others without owner, token and masks, if it is in the gallery.

    Raises:
        UnknownJob, JobLost: as `owned_job`.
    """
    job = find_job(backend, job_id)
    if job is None:
        raise _gone(backend, job_id)
    if constant_time_equals(viewer, job.owner):
        return job
    if not job.is_in_feed:
        raise unknown_job()
    return replace(job, owner="", token="", regions=tuple(region.without_masks for region in job.regions))


def painting_key(job: Job) -> str:
    """The object key of the painting.

    Raises:
        WrongState: when there is none yet.
    """
    if job.output_key is None:
        raise WrongState(f"This painting is {job.state}: there is no picture of it yet.")
    return job.output_key


def photo_key(job: Job) -> str:
    """The object key of the photo.

    Raises:
        UnknownJob: when the record was read for somebody who may see the painting alone.
    """
    if not job.shows_photo:
        raise unknown_job()
    return job.input_key


def constant_time_equals(claimed: str, secret: str) -> bool:
    """Compare without revealing by the time taken how much is right. An empty secret never matches."""
    return bool(secret) and secrets.compare_digest(claimed.encode(errors="replace"), secret.encode(errors="replace"))


def signature_of(key: SigningKey, job: Job, until: int) -> str:
    """The signature of a link to a painting until then (seconds since the epoch). Every server can verify it."""
    return key.sign("link", job.owner, job.id, str(until))


def unknown_job() -> UnknownJob:
    return UnknownJob("There is no such painting, or it is somebody else's. It may have been deleted, or have expired.")


def _gone(backend: Backend, job_id: str) -> UnknownJob:
    """`JobLost` when the photo is still stored: orphans are kept for a day. This reveals nothing, since job ids are unguessable."""
    for public in (False, True) if is_job_id(job_id) else ():
        for format in Format:
            with suppress(ObjectMissing):
                backend.objects.size(object_key(job_id, "input", format.suffix, public=public))
                return JobLost("This painting was lost when the studio was restarted after a fault. Please submit the photo again.")
    return unknown_job()
