"""Larger versions of paintings in records, and the copies that they begin with, on every backend."""

from nst.domain.keys import earlier_key
from nst.service import retention
from nst.store.ports import Backend
from tests.support.jobs import a_job, painted, record, submitted

PARENT = "f" * 32
YEARS = 10.0**9


def test_a_record_keeps_its_parent_and_the_painting_it_begins_with(backend: Backend) -> None:
    plain = a_job()
    job = submitted(backend, id=plain.id, parent=PARENT, earlier_key=earlier_key(plain.id, ".png"))
    assert (record(backend, job.id).parent, record(backend, job.id).earlier_key) == (PARENT, earlier_key(job.id, ".png"))
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    assert (lease.job.parent, lease.job.earlier_key) == (PARENT, earlier_key(job.id, ".png"))
    assert backend.jobs.finish(lease.job.fencing_token, painted(job), 2.0)
    assert record(backend, job.id).parent == PARENT
    assert [found.parent for found in backend.jobs.of_owner(job.owner, 10)] == [PARENT]


def test_a_painting_that_begins_with_the_photo_has_neither(backend: Backend) -> None:
    job = record(backend, submitted(backend).id)
    assert (job.parent, job.earlier_key) == (None, None)


def test_the_painting_it_begins_with_goes_with_its_job(backend: Backend) -> None:
    plain = a_job()
    job = submitted(backend, id=plain.id, parent=PARENT, earlier_key=earlier_key(plain.id, ".webp"))
    for key in job.object_keys:
        backend.objects.put(key, b"picture")
    assert backend.objects.get(earlier_key(job.id, ".webp")) == b"picture"
    assert retention.delete_orphans(backend, YEARS * 10) == 0
    assert retention.delete_job(backend, job, 1.0)
    assert list(backend.objects.listing()) == []


def test_one_without_a_record_is_swept(backend: Backend) -> None:
    kept, lost = submitted(backend), a_job()
    for key in (kept.input_key, earlier_key(lost.id, ".jpg")):
        backend.objects.put(key, b"picture")
    assert retention.delete_orphans(backend, YEARS * 10) == 1
    assert [found.key for found in backend.objects.listing()] == [kept.input_key]
