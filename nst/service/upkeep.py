"""Making room: private paintings expire by age and, when the disk is full, from the oldest; what belongs to no job is swept away."""

from nst.domain import Job
from nst.domain.keys import preview_key
from nst.errors import StorageFull
from nst.settings import Settings
from nst.store.ports import Backend

_DAY = 86_400.0
_BATCH = 50  # so that nobody waits long for the room that he needs
_ORPHAN_SECONDS = _DAY  # a picture is stored before its record: a younger one may still get it


def remove(backend: Backend, job: Job) -> None:
    """Really deletes: first the record, so that nothing is found, then every picture."""
    backend.jobs.delete(job.id)
    backend.objects.delete({*job.object_keys, preview_key(job.id)})


def expire(backend: Backend, settings: Settings, now: float) -> int:
    """Deletes private paintings past their time, and says how many."""
    old = backend.jobs.oldest_private(now - settings.keep_private_days * _DAY, _BATCH)
    for job in old:
        remove(backend, job)
    return len(old)


def make_room(backend: Backend, settings: Settings, needed: int) -> None:
    """Deletes the oldest finished private paintings until so many bytes fit.

    Raises:
        StorageFull: when they do not, with nothing left to delete.
    """
    while backend.jobs.stored_bytes() + needed > settings.disk_bytes:
        oldest = backend.jobs.oldest_private(float("inf"), 1)
        if not oldest:
            raise StorageFull("There is no room for another picture. Delete some of yours that you do not need, or try again tomorrow.")
        remove(backend, oldest[0])


def sweep(backend: Backend, now: float) -> int:
    """Deletes what crashes left behind, and says how many pictures that were: those of no record, and previews, of which none is old."""
    old = [found.key for found in backend.objects.listing() if found.modified < now - _ORPHAN_SECONDS]
    owners = {key: _job_of(key) for key in old}
    known = backend.jobs.known(set(owners.values()))
    orphans = [key for key, job_id in owners.items() if job_id not in known or key == preview_key(job_id)]
    backend.objects.delete(orphans)
    return len(orphans)


def _job_of(key: str) -> str:
    return key.rpartition("/")[2].partition(".")[0].partition("-")[0]
