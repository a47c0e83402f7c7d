"""Checkpoints of interrupted jobs, on every backend: the next attempt finds the latest, and none outlives its job."""

from collections.abc import Callable

import pytest

from nst.domain import FencingToken, Job, JobState, Outcome
from nst.domain.keys import CHECKPOINTS, checkpoint_key, unfinished_keys
from nst.service import retention
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker.checkpoints import attempts_before, find_checkpoint, store_checkpoint
from nst.worker.cloud import outcomes
from nst.worker.maintenance import Maintenance
from tests.support.jobs import a_job, painted, record, submitted

DAY = 86_400.0


def claimed(backend: Backend, at: float) -> Job:
    lease = backend.queue.claim("worker", at, 30.0)
    assert lease is not None
    return lease.job


def lapse(backend: Backend, at: float) -> None:
    assert len(backend.queue.requeue_lapsed(at)) == 1


def checkpoints(backend: Backend) -> set[str]:
    return {found.key for found in backend.objects.listing() if found.key.startswith("private/checkpoint/")}


def found(backend: Backend, job: Job) -> bytes | None:
    return find_checkpoint(backend.objects, job.id, attempts_before(job.attempt))


def test_the_next_attempt_finds_the_latest_checkpoint(backend: Backend) -> None:
    submitted(backend, max_attempts=9)
    first = claimed(backend, 1.0)
    assert found(backend, first) is None
    store_checkpoint(backend.objects, first.fencing_token, b"scale 1")
    store_checkpoint(backend.objects, first.fencing_token, b"scale 2")
    lapse(backend, 100.0)
    second = claimed(backend, 101.0)
    assert found(backend, second) == b"scale 2"
    lapse(backend, 200.0)  # before it has finished a scale
    third = claimed(backend, 201.0)
    assert found(backend, third) == b"scale 2"
    store_checkpoint(backend.objects, third.fencing_token, b"scale 3")
    assert backend.queue.give_back(third.fencing_token, 202.0)
    assert found(backend, claimed(backend, 203.0)) == b"scale 3"


def test_a_worker_that_lost_its_lease_does_not_replace_its_successors_checkpoint(backend: Backend) -> None:
    submitted(backend, max_attempts=9)
    late = claimed(backend, 1.0)
    lapse(backend, 100.0)
    successor = claimed(backend, 101.0)
    store_checkpoint(backend.objects, successor.fencing_token, b"scale 3")
    store_checkpoint(backend.objects, late.fencing_token, b"scale 1")
    lapse(backend, 200.0)
    assert found(backend, claimed(backend, 201.0)) == b"scale 3"


def finish(backend: Backend, job: Job) -> None:
    assert outcomes.end(backend, job.fencing_token, painted(job), 2.0)


def fail(backend: Backend, job: Job) -> None:
    assert outcomes.end(backend, job.fencing_token, Outcome.failed("It rained."), 2.0)


def lose_for_good(backend: Backend, _: Job) -> None:
    Maintenance(backend, Settings()).step(100.0, is_idle=False)


def cancel_in_the_queue(backend: Backend, job: Job) -> None:
    assert backend.queue.give_back(job.fencing_token, 2.0)
    cancelled = backend.queue.cancel(job.id, 3.0)
    assert cancelled is not None
    retention.delete_unfinished(backend, cancelled)


def delete(backend: Backend, job: Job) -> None:
    assert retention.delete_job(backend, job, 2.0)


ENDS: list[Callable[[Backend, Job], None]] = [finish, fail, lose_for_good, cancel_in_the_queue, delete]


@pytest.mark.parametrize("end", ENDS)
def test_no_checkpoint_outlives_its_job(backend: Backend, end: Callable[[Backend, Job], None]) -> None:
    submitted(backend, max_attempts=1)
    job = claimed(backend, 1.0)
    for key in unfinished_keys(job.id):
        backend.objects.put(key, b"unfinished")
    other = FencingToken(a_job().id, 1)
    store_checkpoint(backend.objects, other, b"of another job")
    end(backend, job)
    assert (kept := backend.jobs.get(job.id)) is None or kept.state.is_terminal
    assert {found.key for found in backend.objects.listing()} == {checkpoint_key(other.job_id, 1)}


def test_a_job_that_goes_back_to_the_queue_keeps_its_checkpoint(backend: Backend) -> None:
    submitted(backend, max_attempts=3)
    job = claimed(backend, 1.0)
    store_checkpoint(backend.objects, job.fencing_token, b"scale 1")
    Maintenance(backend, Settings()).step(100.0, is_idle=False)
    assert record(backend, job.id).state is JobState.QUEUED
    assert checkpoints(backend) == {checkpoint_key(job.id, 1)}


def test_what_is_left_is_swept_after_a_day(backend: Backend) -> None:
    submitted(backend)
    job, lost = claimed(backend, 1.0), a_job()
    for token in (job.fencing_token, FencingToken(lost.id, 3)):
        store_checkpoint(backend.objects, token, b"left behind")
    modified = max(found.modified for found in backend.objects.listing())
    assert retention.delete_orphans(backend, modified + DAY / 2) == 0
    assert retention.delete_orphans(backend, modified + 2 * DAY) == 2
    assert checkpoints(backend) == set()


def test_each_attempt_has_a_key_of_its_own_for_as_long_as_any_worker_is_late() -> None:
    keys = {checkpoint_key("0" * 32, attempt) for attempt in range(1, CHECKPOINTS + 1)}
    assert len(keys) == CHECKPOINTS
    assert keys < set(unfinished_keys("0" * 32))
    assert list(attempts_before(1)) == []
    assert list(attempts_before(4)) == [3, 2, 1]
    assert len(attempts_before(1000)) == CHECKPOINTS - 1
