"""What is stored beside a painting: its time-lapse and its thumbnails. The painting matters more, so a failure is only logged."""

import logging
from collections.abc import Mapping

from nst.domain import Outcome, input_key_of
from nst.domain.keys import job_id_of, thumbnail_keys, timelapse_key, unfinished_keys
from nst.errors import PasticheError
from nst.model_process.messages import Done
from nst.store.ports import ObjectStore

log = logging.getLogger(__name__)


def store_extras(objects: ObjectStore, output_key: str, done: Done) -> Outcome:
    """Store the time-lapse and the thumbnails of a painting that is stored. Those of earlier front ends have neither.

    Returns:
        The job's outcome, with the bytes that all of it takes.
    """
    job_id = job_id_of(output_key)
    film = {timelapse_key(job_id): done.film} if job_id and done.film else {}
    small = dict(zip(thumbnail_keys(input_key_of(output_key), output_key), done.thumbnails, strict=False))
    of_film, of_small = _stored(objects, f"time-lapse of job {job_id} is", film), _stored(objects, f"thumbnails of job {job_id} are", small)
    size = len(done.picture) + of_film + of_small
    return Outcome.succeeded(output_key, size, done.recipe, has_thumbnails=of_small > 0)


def _stored(objects: ObjectStore, what: str, files: Mapping[str, bytes]) -> int:
    """The number of bytes stored: of all the files, or none."""
    try:
        for key, data in files.items():
            objects.put(key, data)
    except PasticheError as error:
        log.warning("the %s not stored: %s", what, error)
        return 0
    return sum(map(len, files.values()))


def painted_keys(output_key: str) -> list[str]:
    """The keys of what attempts at this painting may have stored: it, its thumbnails, time-lapse and preview, and checkpoints."""
    job_id = job_id_of(output_key)
    of_job = [timelapse_key(job_id), *unfinished_keys(job_id)] if job_id else []
    return [output_key, *of_job, *thumbnail_keys(input_key_of(output_key), output_key)]
