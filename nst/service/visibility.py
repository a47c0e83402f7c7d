"""Keep the pictures of a job below `public/` or `private/`, as its record says, and nowhere else.

Several servers may move the pictures of one job at the same time, and any of them may be late or crash. Three rules keep the pictures safe:

- A record is changed only by a server that knows its current output key (`JobStore.set_public`: compare and set).
- A server that moves or deletes a picture keeps its bytes in memory until the record, read again, does not name that place. If it does, the
  picture is put back.
- A server that has changed a record then makes sure that its pictures are there, before it deletes anything else.

So after the last step of the last server, every picture that the record names is there. Operations are recorded before they begin
(`Cleanups`); what a crash leaves behind is removed by `retention.complete_cleanups`.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from nst.domain import MAX_REGIONS, MAX_STYLE_MASKS, Job
from nst.domain.keys import (
    earlier_key,
    former_style_key,
    is_public,
    job_id_of,
    locations_of,
    mask_key,
    style_key,
    thumbnail_keys,
    timelapse_key,
    unfinished_keys,
    with_visibility,
)
from nst.errors import ObjectMissing, StorageFull, StoreFull, StoreMisconfigured, StoreUnavailable
from nst.images import WEB_FORMATS
from nst.service.submission import MAX_STYLES
from nst.store.ports import Backend, Cleanup

_TRIES = 100  # number of times that others may change the record between its reading and its change


def storage_full() -> StorageFull:
    return StorageFull("There is no space for another picture. Delete some of your paintings, or try again tomorrow.")


@contextmanager
def storage_full_reported() -> Iterator[None]:
    """Turn `StoreFull`, an operator's error, into `StorageFull`, a visitor's."""
    try:
        yield
    except StoreFull as error:
        raise storage_full() from error


def record_cleanup(backend: Backend, key: str, now: float) -> Cleanup:
    """Record that pictures of a job may be where its record does not name them, for `retention.complete_cleanups` to check."""
    cleanup = Cleanup(key, secrets.token_hex(4))
    backend.cleanups.put(cleanup, now)
    return cleanup


def place_pictures(backend: Backend, key: str, now: float, *, public: bool | None = None, with_photo: bool | None = None) -> Job | None:
    """Move the pictures of a job to where they belong, and remove them from everywhere else.

    Args:
        key: of one of its pictures.
        public: the visibility that its owner wants; None for what the record says.
        with_photo: whether a public painting's photo is public, too; None for what the record says.

    Returns:
        The record after that; None when there is none, and its pictures are deleted.

    Raises:
        StorageFull: when there is no space for copies; then nothing has changed.
        ObjectMissing: when a picture is in none of its places.
        StoreUnavailable: as the stores.
    """
    move = _Move(backend, key)
    for _ in range(_TRIES):
        job = backend.jobs.get(move.job_id)
        if job is None:
            backend.objects.delete(all_keys(move.job_id, key))
            return None
        if job.output_key is None:
            return job
        is_wanted = job.public if public is None else public
        is_shown, shows_photo = is_wanted and not job.hidden, is_public(job.input_key) if with_photo is None else with_photo
        targets = with_visibility(job.input_key, public=is_shown and shows_photo), with_visibility(job.output_key, public=is_shown)
        if (*targets, is_wanted) != (job.input_key, job.output_key, job.public):
            if move.to(job, targets, is_wanted, now):
                public = with_photo = None
        elif move.clear(job):
            return job
    raise StoreUnavailable("This painting is being published or hidden by others at the same time. Please try again in a minute.")


def all_keys(job_id: str, key: str) -> set[str]:
    """Every key that a picture of this job may have; `key` is that of its photo or its painting."""
    styles = (named(job_id, number) for number in range(MAX_STYLES * (1 + MAX_REGIONS)) for named in (style_key, former_style_key))
    masks = (mask_key(job_id, number) for number in range(MAX_REGIONS + MAX_STYLE_MASKS))
    earlier = (earlier_key(job_id, format.suffix) for format in WEB_FORMATS)
    return {*locations_of(key), timelapse_key(job_id), *unfinished_keys(job_id), *styles, *masks, *earlier}


class _Move:
    """One server's operation on the pictures of one job. It keeps their bytes in memory."""

    def __init__(self, backend: Backend, key: str) -> None:
        self._backend, self._objects = backend, backend.objects
        self.job_id = job_id_of(key) or ""
        self._held: dict[str, bytes] = {}

    def to(self, job: Job, targets: tuple[str, str], public: bool, now: float) -> bool:
        """Copy the pictures, then change the record. False when the record has changed meanwhile; `clear` removes the copies."""
        try:
            for source, target in zip((job.input_key, job.output_key or ""), targets, strict=True):
                self._copy(source, target)
            for source, target in zip(job.thumbnail_keys, thumbnail_keys(*targets), strict=False):
                with suppress(ObjectMissing):  # one that is gone does not matter
                    self._copy(source, target)
        except ObjectMissing:
            if self._is_still(job):
                raise
            return False
        except StorageFull:
            self.clear(job)
            raise
        return self._backend.jobs.set_public(job.id, public, *targets, now, job.output_key)

    def clear(self, job: Job) -> bool:
        """Remove the pictures from where this record does not name them. False when the record has changed meanwhile."""
        named = _named(job)
        for key in named:
            if not self._is_there(key):
                self._restore(key)
        doomed = [key for key in locations_of(job.input_key) if key not in named and self._is_there(key)]
        held = [key for key in doomed if self._hold(key)]
        self._objects.delete(held)
        return self._settled(job, held)

    def _settled(self, job: Job, deleted: Iterable[str]) -> bool:
        """Put back what the record has come to name since it was read."""
        record = self._backend.jobs.get(job.id)
        if record is None or _named(record) != _named(job):
            for key in set(deleted).intersection(_named(record) if record else ()):
                self._restore(key)
            return False
        return (record.public, record.hidden) == (job.public, job.hidden)

    def _copy(self, source: str, target: str) -> None:
        if source == target:
            return
        if not self._hold(source):
            raise ObjectMissing("A picture of this painting is not there any more. It may have been deleted, or have expired.")
        with storage_full_reported():
            try:
                self._objects.copy(source, target)
            except ObjectMissing:  # moved since it was read
                self._objects.put(target, self._held[_content(source)])

    def _restore(self, key: str) -> None:
        if self._hold(key):
            self._objects.put(key, self._held[_content(key)])

    def _hold(self, key: str) -> bool:
        """Read a picture from either of its places; False when it is in neither."""
        refusal: StoreMisconfigured | None = None
        for place in (key, with_visibility(key, public=not is_public(key))):
            if _content(key) not in self._held:
                try:
                    self._held[_content(key)] = self._objects.get(place)
                except ObjectMissing:
                    continue
                except StoreMisconfigured as error:
                    refusal = error
        if refusal is not None and _content(key) not in self._held:
            raise refusal
        return _content(key) in self._held

    def _is_there(self, key: str) -> bool:
        try:
            self._objects.size(key)
        except ObjectMissing:
            return False
        return True

    def _is_still(self, job: Job) -> bool:
        record = self._backend.jobs.get(job.id)
        return record is not None and _named(record) == _named(job)


def _named(job: Job) -> tuple[str, ...]:
    """The keys of the photo, the painting and their thumbnails, as the record has them."""
    return (*((job.input_key, job.output_key) if job.output_key else (job.input_key,)), *job.thumbnail_keys)


def _content(key: str) -> str:
    """A key that is the same for both places of a picture."""
    return with_visibility(key, public=True)
