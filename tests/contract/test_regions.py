"""Regions in records, and their masks beside the other pictures, on every backend."""

from nst.domain import RegionRef, StyleRef, mask_key, style_key
from nst.service import retention
from nst.service.visibility import record_cleanup
from nst.store.ports import Backend
from tests.support.jobs import a_job, painted, record, submitted

YEARS = 10.0**9


def regions_of(job_id: str) -> tuple[RegionRef, ...]:
    styles = StyleRef("tide-wash", 2.0, "cd" * 32, "dark"), StyleRef(style_key(job_id, 1), 1.0, part=mask_key(job_id, 15))
    return RegionRef(mask_key(job_id, 0), styles, 0.25), RegionRef("colour:#4466aa:30"), RegionRef(mask_key(job_id, 2), styles[:1])


def test_a_record_keeps_its_regions_in_their_order(backend: Backend) -> None:
    plain = a_job()
    regions = regions_of(plain.id)
    job = submitted(backend, id=plain.id, regions=regions)
    assert record(backend, job.id).regions == regions
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    assert lease.job.regions == regions
    assert backend.jobs.finish(lease.job.fencing_token, painted(job), 2.0)
    assert record(backend, job.id).regions == regions


def test_a_job_without_regions_has_none(backend: Backend) -> None:
    assert record(backend, submitted(backend).id).regions == ()


def test_masks_are_stored_and_go_with_their_job(backend: Backend) -> None:
    jobs = [submitted(backend, id=plain.id, regions=regions_of(plain.id)) for plain in (a_job(), a_job())]
    for job in jobs:
        for key in job.object_keys:
            backend.objects.put(key, key.encode())
    assert backend.objects.get(mask_key(jobs[0].id, 2)) == mask_key(jobs[0].id, 2).encode()
    assert retention.delete_job(backend, jobs[0], 1.0)
    assert mask_key(jobs[1].id, 15) in jobs[1].object_keys
    assert {found.key for found in backend.objects.listing()} == set(jobs[1].object_keys)


def test_a_mask_without_a_record_is_swept(backend: Backend) -> None:
    job = submitted(backend, regions=(RegionRef("sky"),))
    lost = a_job()
    for key in (job.input_key, mask_key(job.id, 0), mask_key(lost.id, 0), mask_key(lost.id, 15), style_key(lost.id, 35)):
        backend.objects.put(key, b"picture")
    assert retention.delete_orphans(backend, YEARS * 10) == 3
    assert {found.key for found in backend.objects.listing()} == {job.input_key, mask_key(job.id, 0)}


def test_what_a_deletion_has_left_is_deleted_later(backend: Backend) -> None:
    lost = a_job()
    left = {lost.input_key, mask_key(lost.id, 0), mask_key(lost.id, 15), style_key(lost.id, 35)}
    for key in left:
        backend.objects.put(key, b"picture")
    record_cleanup(backend, lost.input_key, 1.0)
    assert retention.complete_cleanups(backend, 1000.0) == 1
    assert list(backend.objects.listing()) == []
