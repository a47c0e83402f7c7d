"""Retention: private paintings expire by age and, when the disk is full, to make room for others; pictures without a job are deleted.

A picture that the store refuses to delete does not hold up the others: it is logged, and tried again.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from nst.domain import Job, JobState
from nst.domain.keys import is_thumbnail, job_id_of, locations_of, thumbnail_keys, unfinished_keys, with_visibility
from nst.errors import PasticheError
from nst.service.visibility import all_keys, place_pictures, record_cleanup, storage_full
from nst.settings import Settings
from nst.store.ports import Backend, Cleanup

_DAY = 86_400.0
_BATCH = 50  # jobs deleted at a time
AT_SUBMISSION = 2  # the same while a visitor waits: more than the one that comes
_MOST = 1000  # jobs of each kind that may be deleted to free space for one picture
_SAFE_SECONDS = _DAY  # since its end: a younger painting is not deleted to make room for a stranger's
_ORPHAN_SECONDS = _DAY  # a picture is stored before its record: a younger one may still get it
_FEW = 20  # jobs without a record that crashes may have left behind, whatever the number of others
_STEP_SECONDS = 60.0  # an operation on a job's pictures that takes longer was interrupted
NEARLY_FULL = 0.8  # fraction of NST_DISK_BYTES
_WARN_SECONDS = 600.0  # between two warnings

log = logging.getLogger(__name__)


def delete_job(backend: Backend, job: Job, now: float, *, only_private: bool = False) -> bool:
    """Delete the record first, so that nothing is found, then every picture, wherever an interrupted operation has left it.

    Args:
        only_private: keep a job that has been published meanwhile.

    Returns:
        False when it was kept.
    """
    cleanup = record_cleanup(backend, job.input_key, now)
    if not backend.jobs.delete(job.id, only_private=only_private) and only_private and backend.jobs.get(job.id) is not None:
        backend.cleanups.settle(cleanup)
        return False
    try:
        backend.objects.delete({*job.object_keys, *all_keys(job.id, job.input_key)})
    except PasticheError as error:  # the record is gone; `complete_cleanups` deletes the rest
        log.warning("pictures of job %s are not deleted yet: %s", job.id, error.__cause__ or error, extra={"job_id": job.id})
    else:
        backend.cleanups.settle(cleanup)
    return True


def delete_unfinished(backend: Backend, job: Job) -> None:
    """Delete the preview and the checkpoints of a job that ended without a worker. What cannot be deleted is swept later."""
    if job.state.is_terminal and job.attempt:
        with suppress(PasticheError):
            backend.objects.delete(unfinished_keys(job.id))


def expiry_of(job: Job, settings: Settings) -> float | None:
    """From when on `delete_expired` deletes this job; None while it is not finished or is published."""
    if job.finished is None or job.published is not None:
        return None
    return usual_expiry(settings, job.finished) if job.kept_until is None else job.kept_until


def usual_expiry(settings: Settings, since: float) -> float:
    """When a private painting expires that has been one since that time."""
    return since + settings.keep_private_days * _DAY


def longer_expiry_of(job: Job, settings: Settings, now: float) -> float | None:
    """When this job expires if its owner keeps it for another period; None when that is not allowed, or would be no longer."""
    expiry = expiry_of(job, settings)
    if expiry is None or job.state is not JobState.SUCCEEDED:
        return None
    longer = min(expiry + settings.keep_private_days * _DAY, now + settings.keep_longer_days * _DAY)
    return longer if longer - expiry >= min(_DAY, settings.keep_private_days * _DAY) else None


def delete_expired(backend: Backend, settings: Settings, now: float, most: int = _BATCH) -> int:
    """Delete old jobs that are not published (private, failed or cancelled), and return their number.

    Args:
        most: of those that were kept for the usual time, and of those that were kept longer.
    """
    old = [*backend.jobs.oldest_private(now - settings.keep_private_days * _DAY, most), *backend.jobs.kept_longer(now, most)]
    return sum(delete_job(backend, job, now, only_private=True) for job in old)


def free_space(backend: Backend, settings: Settings, new: Job, stored: int) -> None:
    """Delete ended private jobs until a new job's pictures fit: its owner's own first.

    Args:
        stored: bytes of all pictures, those of the new job included.

    Raises:
        StorageFull: when they would not fit even then; nothing is deleted.
    """
    lacking = stored - settings.disk_bytes
    going: list[Job] = []
    for job in _expendable(backend, new) if lacking > 0 else ():
        if lacking <= 0:
            break
        going.append(job)
        lacking -= job.size_bytes
    if lacking > 0:
        raise storage_full()
    for job in going:
        delete_job(backend, job, new.created, only_private=True)


def _expendable(backend: Backend, new: Job) -> Iterator[Job]:
    """What may be deleted for a new job, in this order: jobs of its owner, others' cancelled and failed jobs, others' paintings, beginning
    with the owners who use the most space.

    Age does not protect cancelled jobs: they cost nothing to make, so a visitor could fill the disk with them for a day. Nor do owners
    protect a painting by keeping it longer.
    """
    own = [job for job in backend.jobs.of_owner(new.owner, _MOST) if job.finished is not None and job.published is None]
    yield from sorted(own, key=lambda job: (job.state is JobState.SUCCEEDED, job.finished))
    end = new.created - _SAFE_SECONDS
    for job in backend.jobs.oldest_private(float("inf"), _MOST, only_unpainted=True):
        if job.owner != new.owner and (job.state is JobState.CANCELLED or (job.finished or 0.0) < end):
            yield job
    private = [*backend.jobs.oldest_private(end, _MOST), *backend.jobs.kept_longer(float("inf"), _MOST)]
    ended = [job for job in private if job.finished is not None and job.finished < end]
    painted = [job for job in ended if job.owner != new.owner and job.state is JobState.SUCCEEDED]
    held: Counter[str] = Counter()
    for job in painted:
        held[job.owner] += job.size_bytes
    yield from sorted(painted, key=lambda job: (-held[job.owner], job.finished))


class DiskUsageWarnings:
    """Warns the operator in the log before the space for pictures is used up, and again every ten minutes."""

    def __init__(self, settings: Settings) -> None:
        self._disk_bytes = settings.disk_bytes
        self._warned = dict.fromkeys((False, True), float("-inf"))

    def check(self, stored_bytes: int, now: float, *, is_refused: bool = False) -> None:
        if (is_refused or stored_bytes >= NEARLY_FULL * self._disk_bytes) and now - self._warned[is_refused] >= _WARN_SECONDS:
            self._warned[is_refused] = now
            effect = "uploads are refused" if is_refused else "private paintings expire early"
            text = "pictures take %.0f %% of NST_DISK_BYTES (%d). When full, %s. Published paintings never expire: raise it, or delete some"
            log.warning(text, 100 * stored_bytes / self._disk_bytes, self._disk_bytes, effect)


def complete_cleanups(backend: Backend, now: float) -> int:
    """Complete moves and deletions that were interrupted or refused, and return their number."""
    done = 0
    for cleanup in backend.cleanups.pending(now - _STEP_SECONDS, _BATCH):
        try:
            _complete(backend, cleanup, now)
            done += 1
        except PasticheError as error:
            log.warning("pictures of the job of %s are not cleaned up yet: %s", cleanup.key, error.__cause__ or error)
            backend.cleanups.put(cleanup, now)
    return done


def _complete(backend: Backend, cleanup: Cleanup, now: float) -> None:
    job = place_pictures(backend, cleanup.key, now)
    named = job.object_keys if job else ()
    backend.objects.uncache(place for place in locations_of(cleanup.key) if place not in named)  # which may be what failed
    backend.cleanups.settle(cleanup)


def delete_orphans(backend: Backend, now: float, *, even_most: bool = False) -> int:
    """Delete the pictures that crashes have left behind, and return their number.

    These are pictures without a record; previews and checkpoints older than a day; and, of pictures that are stored below both `public/`
    and `private/`, the copies that their record does not name. Thumbnails that are not beside their pictures are moved there: servers of an
    earlier version publish and hide pictures without them.

    When most of many jobs have no record, the records were lost, and nothing is deleted: `rebuilding.rebuild_feed` can use the pictures.

    Args:
        even_most: delete in that case, too.
    """
    old: list[str] = []
    beside: set[str] = set()  # where thumbnails belong
    for found in backend.objects.listing():
        beside.update(thumbnail_keys(found.key))
        old += [found.key] if found.modified < now - _ORPHAN_SECONDS else []
    owners = {key: job_id for key in old if (job_id := job_id_of(key)) is not None}
    known = backend.jobs.known(set(owners.values()))
    if not even_most and len(set(owners.values())) - len(known) > max(_FEW, len(known)):
        log.error("most pictures have no record: no picture is deleted. If records were lost, see `nst admin rebuild-feed --help`")
        return 0
    orphans = {key for key, job_id in owners.items() if job_id not in known or key in unfinished_keys(job_id)}
    copies = Counter(with_visibility(key, public=True) for key in owners)
    alone = {key for key in owners if is_thumbnail(key) and key not in beside}
    doubtful = [key for key in owners if key not in orphans and (copies[with_visibility(key, public=True)] > 1 or key in alone)]
    strays = [key for key in doubtful if (job := backend.jobs.get(owners[key])) is None or key not in job.object_keys]
    try:
        backend.objects.delete(orphans)
    except PasticheError as error:
        log.warning("some pictures without a job are not deleted: %s", error.__cause__ or error)
    for key in strays:  # another server may be moving them right now
        try:
            place_pictures(backend, key, now)
        except PasticheError as error:
            log.warning("%s is not cleaned up: %s", key, error.__cause__ or error)
    return len(orphans) + len(strays)
