"""Rebuilds the gallery from the pictures: for an operator whose records were lost.

Only what the keys and pictures say comes back: that a painting is published, and when it was stored. Who painted it, in which styles and
with which settings was in the record alone, so it belongs to nobody: only the administrator can hide it.

A painting or a photo that is also below `private/` was being published or made private when the records were lost: it is not shown.
"""

import logging
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping

from nst import images
from nst.domain import Job, JobProgress, JobState, StyleParams, input_key_of, output_key_of
from nst.domain.keys import is_public, job_id_of, thumbnail_keys, with_visibility
from nst.errors import InvalidImage, ObjectMissing
from nst.store.ports import Backend, StoredObject

_BATCH = 1000  # paintings whose records are looked for at a time

log = logging.getLogger(__name__)


def rebuild_feed(backend: Backend) -> int:
    """Store a record for each public painting that has none, and return their number. It can be repeated.

    Raises:
        StoreUnavailable: as the stores; no painting is left out because of that.
    """
    found = {each.key: each for each in backend.objects.listing()}
    paintings = [each for each in found.values() if _is_painting(each.key) and _is_only_public(each.key, found)]
    rebuilt = 0
    for start in range(0, len(paintings), _BATCH):
        batch = {job_id: each for each in paintings[start : start + _BATCH] if (job_id := job_id_of(each.key))}
        known = backend.jobs.known(set(batch))
        jobs = _jobs(backend, {job_id: each for job_id, each in batch.items() if job_id not in known}, found)
        rebuilt += sum(map(backend.jobs.restore, jobs))
    return rebuilt


def _is_painting(key: str) -> bool:
    return output_key_of(key) == key != input_key_of(key)


def _is_only_public(key: str, found: Collection[str]) -> bool:
    return is_public(key) and key in found and with_visibility(key, public=False) not in found


def _jobs(backend: Backend, paintings: Mapping[str, StoredObject], found: Mapping[str, StoredObject]) -> Iterator[Job]:
    for job_id, painting in paintings.items():
        try:
            yield _job(backend, job_id, painting, found)
        except (InvalidImage, ObjectMissing) as error:  # a picture that cannot be read does not keep others out
            log.warning("%s is left out: %s", painting.key, error)


def _job(backend: Backend, job_id: str, painting: StoredObject, found: Mapping[str, StoredObject]) -> Job:
    width, height = images.size_of(backend.objects.get(painting.key))
    photo = input_key_of(painting.key)
    photo = photo if _is_only_public(photo, found) else with_visibility(photo, public=False)
    small = thumbnail_keys(photo, painting.key)
    return Job(
        id=job_id,
        owner=f"lost-{secrets.token_hex(16)}",
        token=job_id,
        params=StyleParams(),
        styles=(),
        public=True,
        input_key=photo,
        created=painting.modified,
        size_bytes=_bytes_of((photo, painting.key, *small), found),
        state=JobState.SUCCEEDED,
        finished=painting.modified,
        progress=JobProgress(1.0),
        output_key=painting.key,
        published=painting.modified,
        width=width,
        height=height,
        has_thumbnails=all(key in found for key in small),
    )


def _bytes_of(keys: Iterable[str], found: Mapping[str, StoredObject]) -> int:
    return sum(found[key].size for key in keys if key in found)
