"""What a worker stores beside a painting."""

import pytest

from nst.domain import FencingToken, JobState
from nst.domain.keys import timelapse_key
from nst.errors import StoreUnavailable, UnknownJob
from nst.model_process.messages import Done
from tests.support.studio import Studio
from tests.support.workers import Bench


def test_a_time_lapse_is_stored_for_the_owner_and_deleted_with_the_job(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    bench.step()
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}, b"a film"))
    assert studio.service.timelapse(job.id, "anna") == b"a film"
    assert studio.service.has_timelapse(job.id, "anna")
    with pytest.raises(UnknownJob):  # it shows the photo, though the painting is in the gallery
        studio.service.timelapse(job.id, "bert")
    assert studio.service.get(job.id, "anna").size_bytes == job.size_bytes + len(b"painting") + len(b"a film")
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


def test_a_painting_without_a_time_lapse_has_none(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}))
    assert studio.service.timelapse(job.id, "anna") is None
    assert not studio.service.has_timelapse(job.id, "anna")


def test_a_time_lapse_that_cannot_be_stored_costs_no_painting(bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job, put = studio.submit(), studio.backend.objects.put

    def refuse_films(key: str, data: bytes) -> None:
        if key == timelapse_key(job.id):
            raise StoreUnavailable("The disk is full.")
        put(key, data)

    bench.step()
    monkeypatch.setattr(studio.backend.objects, "put", refuse_films)
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}, b"a film"))
    assert bench.state(job.id) is JobState.SUCCEEDED
    assert studio.service.get(job.id, "anna").size_bytes == job.size_bytes + len(b"painting")


def test_thumbnails_are_stored_beside_the_painting_and_counted(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    bench.step()
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}, None, (b"photo", b"small")))
    finished = studio.service.get(job.id, "anna")
    assert finished.has_thumbnails
    assert studio.backend.objects.get(f"public/thumbnail/{job.id}-input.webp") == b"photo"
    assert studio.service.thumbnail(finished) == b"small"
    assert finished.size_bytes == job.size_bytes + len(b"painting") + len(b"photo") + len(b"small")


def test_thumbnails_that_cannot_be_stored_cost_no_painting(bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job, put = studio.submit(), studio.backend.objects.put

    def refuse_thumbnails(key: str, data: bytes) -> None:
        if key.endswith("-output.webp"):
            raise StoreUnavailable("The disk is full.")
        put(key, data)

    bench.step()
    monkeypatch.setattr(studio.backend.objects, "put", refuse_thumbnails)
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}, None, (b"photo", b"small")))
    assert bench.state(job.id) is JobState.SUCCEEDED
    assert not studio.service.get(job.id, "anna").has_thumbnails


def test_thumbnails_of_a_deleted_job_do_not_stay(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    studio.backend.jobs.delete(job.id)
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}, None, (b"photo", b"small")))
    assert not studio.stored() - {job.input_key}


def test_a_time_lapse_of_a_deleted_job_does_not_stay(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    studio.backend.jobs.delete(job.id)
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}, b"a film"))
    assert not studio.stored() - {job.input_key}
