"""Checkpoints of jobs in the object store: each attempt writes its own, and the next one goes on from the latest.

They matter less than the painting: without one, it begins anew.
"""

import logging
from collections.abc import Iterable

from nst.checkpoints import MAX_BYTES
from nst.domain import FencingToken
from nst.domain.keys import CHECKPOINTS, checkpoint_key
from nst.errors import ObjectMissing, PasticheError, StoreMisconfigured
from nst.store.ports import ObjectStore

log = logging.getLogger(__name__)


def store_checkpoint(objects: ObjectStore, token: FencingToken, checkpoint: bytes) -> None:
    try:
        objects.put(checkpoint_key(token.job_id, token.attempt), checkpoint)
    except PasticheError as error:  # no space, an outage, or the id of a front end that makes no key
        log.warning("a checkpoint of job %s is not stored: %s", token.job_id, error, extra={"job_id": token.job_id})
    else:
        log.info("a checkpoint of job %s is stored, %d bytes", token.job_id, len(checkpoint), extra={"job_id": token.job_id})


def attempts_before(attempt: int) -> range:
    """The attempts whose checkpoints may be there, the latest first."""
    return range(attempt - 1, max(0, attempt - CHECKPOINTS), -1)


def find_checkpoint(objects: ObjectStore, job_id: str, attempts: Iterable[int]) -> bytes | None:
    """The first checkpoint of these attempts; None when there is none, or it may not be read.

    Raises:
        StoreUnavailable: during an outage.
    """
    try:
        for attempt in attempts:
            if (found := _read(objects, checkpoint_key(job_id, attempt))) is not None:
                log.info("job %s goes on from a checkpoint of attempt %d", job_id, attempt, extra={"job_id": job_id})
                return found
    except StoreMisconfigured as error:  # a role of an earlier version
        log.warning("checkpoints of job %s cannot be read: %s", job_id, error.reason, extra={"job_id": job_id})
    return None


def _read(objects: ObjectStore, key: str) -> bytes | None:
    try:
        if (size := objects.size(key)) > MAX_BYTES:
            log.warning("the checkpoint %s is not used: it has %d bytes", key, size)
            return None
        return objects.get(key)
    except ObjectMissing:
        return None
