"""Making room: private paintings expire by age and, when the disk is full, from the oldest; what belongs to no job is swept away."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from nst.domain import Job
from nst.domain.keys import job_of, places_of, preview_key, with_visibility
from nst.errors import StorageFull
from nst.settings import Settings
from nst.store.ports import Backend

_DAY = 86_400.0
_BATCH = 50  # so that nobody waits long for the room that he needs
_MOST = 1000  # paintings that make room for one picture
_ORPHAN_SECONDS = _DAY  # a picture is stored before its record: a younger one may still get it


def remove(backend: Backend, job: Job) -> None:
    """Really deletes: first the record, so that nothing is found, then every picture, wherever a step that broke off has left it."""
    backend.jobs.delete(job.id)
    backend.objects.delete({*job.object_keys, *places_of(job.input_key), preview_key(job.id)})


def expire(backend: Backend, settings: Settings, now: float) -> int:
    """Deletes private paintings past their time, and what came to nothing; says how many."""
    old = backend.jobs.oldest_private(now - settings.keep_private_days * _DAY, _BATCH)
    for job in old:
        remove(backend, job)
    return len(old)


def make_room(backend: Backend, settings: Settings, needed: int) -> None:
    """Deletes the oldest finished private paintings, as many as it takes for so many bytes to fit.

    Raises:
        StorageFull: when they would not fit even so; then nothing is deleted.
    """
    lacking = backend.jobs.stored_bytes() + needed - settings.disk_bytes
    going: list[Job] = []
    for job in backend.jobs.oldest_private(float("inf"), _MOST) if lacking > 0 else ():
        if lacking <= 0:
            break
        going.append(job)
        lacking -= job.size_bytes
    if lacking > 0:
        raise full()
    for job in going:
        remove(backend, job)


def full() -> StorageFull:
    return StorageFull("There is no room for another picture. Delete some of yours that you do not need, or try again tomorrow.")


@contextmanager
def full_disk_reported() -> Iterator[None]:
    """An error of the file system while pictures are stored is `StorageFull` to the visitor."""
    try:
        yield
    except OSError as error:
        raise full() from error


def sweep(backend: Backend, now: float) -> int:
    """Deletes what crashes left behind, and says how many pictures that were.

    Those are pictures of no record; previews, of which none is old; and of pictures that lie among the public and the private ones
    those that their record does not name.
    """
    old = [found.key for found in backend.objects.listing() if found.modified < now - _ORPHAN_SECONDS]
    owners = {key: job_id for key in old if (job_id := job_of(key)) is not None}
    known = backend.jobs.known(set(owners.values()))
    copies = Counter(with_visibility(key, public=True) for key in owners)

    def is_orphan(key: str, job_id: str) -> bool:
        if job_id not in known or key == preview_key(job_id):
            return True
        return copies[with_visibility(key, public=True)] > 1 and not _names(backend.jobs.get(job_id), key)

    orphans = [key for key, job_id in owners.items() if is_orphan(key, job_id)]
    backend.objects.delete(orphans)
    return len(orphans)


def _names(job: Job | None, key: str) -> bool:
    return job is not None and key in job.object_keys
