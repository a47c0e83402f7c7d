"""The gallery after all records were lost, and `JobStore.restore`, on every backend."""

from dataclasses import replace

import pytest

from nst.domain import JobState
from nst.domain.keys import thumbnail_keys
from nst.errors import StoreUnavailable
from nst.service.rebuilding import rebuild_feed
from nst.service.retention import delete_orphans
from nst.store.ports import Backend
from tests.support.jobs import a_job, submitted
from tests.support.pictures import picture_bytes

ALONE, WITH_PHOTO, PRIVATE, HIDDEN = (f"{number:032x}" for number in range(0xA0, 0xA4))


def stored_pictures(backend: Backend) -> None:
    small = thumbnail_keys(f"public/input/{WITH_PHOTO}.png", f"public/output/{WITH_PHOTO}.png")
    paintings = [f"public/output/{ALONE}.png", f"public/output/{WITH_PHOTO}.png", f"private/output/{PRIVATE}.png"]
    photos = [f"private/input/{ALONE}.png", f"public/input/{WITH_PHOTO}.png", f"private/input/{PRIVATE}.png", f"public/input/{HIDDEN}.png"]
    for key in (*paintings, *photos, *small):
        backend.objects.put(key, picture_bytes())


def test_published_paintings_are_shown_again_and_others_are_not(backend: Backend) -> None:
    stored_pictures(backend)
    assert rebuild_feed(backend) == 2
    entries = {entry.job_id: entry for entry in backend.feed.page(99).entries}
    assert set(entries) == {ALONE, WITH_PHOTO}
    assert entries[ALONE].input_key is None
    assert not entries[ALONE].has_thumbnails
    assert entries[WITH_PHOTO].input_key == f"public/input/{WITH_PHOTO}.png"
    assert entries[WITH_PHOTO].has_thumbnails
    job = backend.jobs.get(WITH_PHOTO)
    assert job is not None
    assert (job.state, job.width, job.height) == (JobState.SUCCEEDED, 96, 64)
    assert job.size_bytes == 4 * len(picture_bytes()) == backend.jobs.stored_bytes() - len(picture_bytes()) * 2
    assert backend.jobs.durations(None, 9) == []
    assert rebuild_feed(backend) == 0


def test_what_was_deleted_and_what_has_a_record_is_left_alone(backend: Backend) -> None:
    stored_pictures(backend)
    job = submitted(backend, id=ALONE)
    submitted(backend, id=WITH_PHOTO)
    backend.jobs.delete(WITH_PHOTO)
    assert rebuild_feed(backend) == 0
    assert backend.jobs.get(ALONE) == job
    ended = replace(a_job(id=WITH_PHOTO), state=JobState.SUCCEEDED, output_key=f"public/output/{WITH_PHOTO}.png", finished=1.0)
    assert not backend.jobs.restore(ended)


def test_a_picture_that_cannot_be_read_keeps_no_other_out(backend: Backend) -> None:
    stored_pictures(backend)
    backend.objects.put(f"public/output/{ALONE}.png", b"not a picture")
    assert rebuild_feed(backend) == 1


def test_what_is_also_private_was_being_made_private_and_is_not_shown(backend: Backend) -> None:
    stored_pictures(backend)
    backend.objects.put(f"private/output/{ALONE}.png", picture_bytes())
    backend.objects.put(f"private/input/{WITH_PHOTO}.png", picture_bytes())
    assert rebuild_feed(backend) == 1
    (entry,) = backend.feed.page(99).entries
    assert (entry.job_id, entry.input_key) == (WITH_PHOTO, None)


def test_a_store_that_is_away_leaves_no_painting_out(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise `--delete-others` would delete it."""
    stored_pictures(backend)

    def away(_: str) -> bytes:
        raise StoreUnavailable("The store is away.")

    with monkeypatch.context() as patched:
        patched.setattr(backend.objects, "get", away)
        with pytest.raises(StoreUnavailable):
            rebuild_feed(backend)
    assert rebuild_feed(backend) == 2


def test_workers_delete_no_pictures_after_all_records_were_lost(backend: Backend) -> None:
    later = backend.clock() + 10 * 86_400.0
    keys = {f"public/output/{number:032x}.png" for number in range(0xB000, 0xB000 + 25)}
    for key in keys:
        backend.objects.put(key, picture_bytes())
    assert delete_orphans(backend, later) == 0
    assert {found.key for found in backend.objects.listing()} == keys
    assert rebuild_feed(backend) == 25
    backend.objects.put(f"private/output/{PRIVATE}.png", picture_bytes())
    assert delete_orphans(backend, later) == 1, "a few of many are left over from crashes"
    assert {found.key for found in backend.objects.listing()} == keys


def test_the_rest_is_deleted_on_request(backend: Backend) -> None:
    later = backend.clock() + 10 * 86_400.0
    for number in range(0xB000, 0xB000 + 25):
        backend.objects.put(f"private/output/{number:032x}.png", picture_bytes())
    assert delete_orphans(backend, later, even_most=True) == 25
