"""Access to jobs. Unauthorised callers get the same error as for a job that does not exist."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Literal

from nst.domain import Job, object_key
from nst.domain.keys import is_job_id, thumbnail_keys
from nst.errors import JobLost, ObjectMissing, UnknownJob, WrongState
from nst.images import WEB_FORMATS
from nst.service.signing import SigningKey
from nst.store.ports import Backend, Links

PictureKind = Literal["result", "photo"]
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
    """The job as this viewer may see it: whole for the owner; for others, if it is in the gallery, without owner, token and masks.

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
    regions = tuple(region.without_masks for region in job.regions)
    return replace(job, owner="", token="", regions=regions, recipe=_without_digests(job.recipe), parent=None, earlier_key=None)


def _without_digests(recipe: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A recipe without the digests of masks. Somebody with a copy of a photo could use them to test whether it is the private one."""
    match recipe:
        case {"regions": [*regions]}:
            shown = [{name: value for name, value in each.items() if name != "mask_digest"} for each in regions if isinstance(each, dict)]
            return {**(recipe or {}), "regions": shown}
    return recipe


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


def picture_key(job: Job, kind: PictureKind, *, is_small: bool) -> str | None:
    """The object key of the painting or the photo, or of its thumbnail; None for a thumbnail that was not stored.

    Raises:
        UnknownJob, WrongState: as `painting_key` and `photo_key`.
    """
    key = painting_key(job) if kind == "result" else photo_key(job)
    return key if not is_small else next(iter(thumbnail_keys(key)), None) if job.has_thumbnails else None


def link_to(links: Links, job: Job, kind: PictureKind = "result", *, is_small: bool = False) -> str | None:
    """The URL of a picture in the object store: permanent for a public one, if there is a CDN. None for a thumbnail that was not stored.

    None also for what is hidden from the gallery: a link would open it for anybody who has it.

    Raises:
        UnknownJob, WrongState: as `painting_key` and `photo_key`.
    """
    key = None if job.hidden else picture_key(job, kind, is_small=is_small)
    return links.link(key, f"pastiche-{kind}-{job.id[:8]}{PurePosixPath(key).suffix}") if key else None


def constant_time_equals(claimed: str, secret: str) -> bool:
    """Compare without revealing by the time taken how much is right. An empty secret never matches."""
    return bool(secret) and secrets.compare_digest(claimed.encode(errors="replace"), secret.encode(errors="replace"))


def signature_of(key: SigningKey, job: Job, until: int) -> str:
    """The signature of a link to a painting until then (seconds since the epoch). Every server can verify it."""
    return key.sign("link", job.owner, job.id, str(until))


def signed_job(backend: Backend, key: SigningKey, job_id: str, until: int, signature: str, now: float) -> Job:
    """The job of a link.

    Raises:
        UnknownJob: when the signature does not belong to job and time, the time has passed, or the painting is hidden from the gallery.
    """
    job = find_job(backend, job_id)
    if job is None or job.hidden or not now < until <= now + LINK_SECONDS:
        raise unknown_job()
    if not constant_time_equals(signature, signature_of(key, job, until)):
        raise unknown_job()
    return job


def unknown_job() -> UnknownJob:
    return UnknownJob("There is no such painting, or it is somebody else's. It may have been deleted, or have expired.")


def _gone(backend: Backend, job_id: str) -> UnknownJob:
    """`JobLost` when the photo is still stored: orphans are kept for a day. This reveals nothing, since job ids are unguessable."""
    for public in (False, True) if is_job_id(job_id) else ():
        for format in WEB_FORMATS:
            with suppress(ObjectMissing):
                backend.objects.size(object_key(job_id, "input", format.suffix, public=public))
                return JobLost("This painting was lost when the studio was restarted after a fault. Please submit the photo again.")
    return unknown_job()
