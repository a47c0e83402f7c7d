"""Thumbnails: stored beside the photo and the painting, as public as these, and deleted with them."""

import pytest

from nst.domain import Job
from nst.domain.keys import locations_of, thumbnail_keys, with_visibility
from nst.errors import UnknownJob
from nst.service.retention import delete_orphans
from tests.support.studio import DAY, Studio


def small(job: Job, photo: str, painting: str) -> set[str]:
    return {f"{photo}/thumbnail/{job.id}-input.webp", f"{painting}/thumbnail/{job.id}-output.webp"}


def stored_thumbnails(studio: Studio) -> set[str]:
    return {key for key in studio.stored() if "/thumbnail/" in key}


def test_they_move_with_their_pictures(studio: Studio) -> None:
    job = studio.painted(has_thumbnails=True)
    assert stored_thumbnails(studio) == small(job, "private", "private")
    studio.service.publish(job.id, "anna")
    assert stored_thumbnails(studio) == small(job, "private", "public")
    assert studio.service.thumbnail(studio.service.get(job.id, "bert")) == b"small-1"
    with pytest.raises(UnknownJob):
        studio.service.thumbnail(studio.service.get(job.id, "bert"), "photo")
    studio.service.publish(job.id, "anna", with_photo=True)
    assert stored_thumbnails(studio) == small(job, "public", "public")
    assert studio.service.thumbnail(studio.service.get(job.id, "bert"), "photo") == b"small-0"
    studio.service.make_private(job.id, "anna")
    assert stored_thumbnails(studio) == small(job, "private", "private")
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters"}], indirect=True)
def test_what_is_hidden_from_the_gallery_has_no_public_thumbnail(studio: Studio) -> None:
    job = studio.painted(has_thumbnails=True, public=True)
    assert stored_thumbnails(studio) == small(job, "public", "public")
    studio.service.hide(job.id, "sesame-of-16-characters")
    assert stored_thumbnails(studio) == small(job, "private", "private")
    studio.service.hide(job.id, "sesame-of-16-characters", hidden=False)
    assert stored_thumbnails(studio) == small(job, "private", "public"), "its photo stays private"


def test_one_that_is_gone_does_not_keep_a_painting_from_being_published(studio: Studio) -> None:
    job = studio.painted(has_thumbnails=True)
    studio.backend.objects.delete(job.thumbnail_keys)
    assert studio.service.publish(job.id, "anna", with_photo=True).is_in_feed
    assert studio.service.thumbnail(studio.service.get(job.id, "bert")) is None


def test_paintings_of_earlier_versions_have_none(studio: Studio) -> None:
    job = studio.painted()
    assert studio.service.thumbnail(job) is None
    assert job.object_keys == (job.input_key, job.output_key)


def test_those_of_lost_records_and_interrupted_moves_are_swept(studio: Studio) -> None:
    lost, job = studio.painted(has_thumbnails=True), studio.painted(has_thumbnails=True, token="another")
    studio.backend.jobs.delete(lost.id)
    for key in thumbnail_keys(*locations_of(job.input_key)):
        studio.backend.objects.put(key, b"a copy")
    delete_orphans(studio.backend, studio.now + 2 * DAY + 10**10)
    assert studio.stored() == set(job.object_keys)


def test_those_that_an_earlier_version_left_behind_follow_their_pictures(studio: Studio) -> None:
    """Its servers publish and hide pictures without them, while servers are upgraded, or after a way back to an earlier image."""
    hidden = studio.painted(has_thumbnails=True, public=True)
    shown = studio.painted(has_thumbnails=True, token="another")
    for job in (hidden, shown):
        pictures = job.input_key, job.output_key or ""
        photo, painting = (with_visibility(key, public=not job.public) for key in pictures)
        for old, new in zip(pictures, (photo, painting), strict=True):
            studio.backend.objects.copy(old, new)
            studio.backend.objects.delete([old])
        assert studio.backend.jobs.set_public(job.id, not job.public, photo, painting, studio.now)
    assert f"public/thumbnail/{hidden.id}-output.webp" in studio.stored()
    later = studio.now + 2 * DAY + 10**10
    assert delete_orphans(studio.backend, later) == 4
    assert stored_thumbnails(studio) == small(hidden, "private", "private") | small(shown, "public", "public")
    assert delete_orphans(studio.backend, later) == 0
