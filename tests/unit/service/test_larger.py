"""Larger versions of a finished painting: who may ask for one, what it begins with, and what is left when either is deleted."""

import pytest

from nst.domain import JobState, Outcome, Preset, StyleParams, mask_key, output_key_of, style_key
from nst.domain.keys import earlier_key
from nst.errors import InvalidParams, TooManyJobs, UnknownJob, WrongState
from nst.service import LargerOrder, RegionChoice, Sender, StyleChoice
from nst.store.ports import Quota
from tests.support.pictures import half_mask, picture_bytes
from tests.support.studio import Studio

PAINTING = picture_bytes(64, 43, colour="gold")


def painted(studio: Studio, painting: bytes = PAINTING, **order: object) -> str:
    """The id of a job whose painting is a picture."""
    job = studio.submit(**{"params": StyleParams(strength=0.7, seed=3), **order})  # type: ignore[arg-type]
    key = output_key_of(job.input_key)
    studio.backend.objects.put(key, painting)
    studio.paint(Outcome.succeeded(key, len(painting), {"size": [64, 43]}))
    return job.id


def test_a_larger_version_begins_with_the_painting_and_has_the_same_photo_styles_and_parameters(studio: Studio) -> None:
    parent = studio.service.get(painted(studio), "anna")
    job = studio.service.larger(parent.id, "anna", LargerOrder(2048))
    assert (job.state, job.parent, job.public) == (JobState.QUEUED, parent.id, False)
    assert job.earlier_key == earlier_key(job.id, ".jpg")
    assert studio.backend.objects.get(job.earlier_key) == PAINTING
    assert job.params == StyleParams(strength=0.7, seed=3, size=2048, preset=Preset.ULTRA)
    assert (job.styles, job.width, job.height) == (parent.styles, parent.width, parent.height)
    assert job.size_bytes == sum(len(studio.backend.objects.get(key)) for key in job.object_keys)


def test_regions_and_own_styles_are_those_of_the_painting(studio: Studio) -> None:
    regions = [RegionChoice(half_mask(), [StyleChoice(picture_bytes(40, 40), part=half_mask(40, 40))], 0.2), RegionChoice("sky")]
    job = studio.service.larger(painted(studio, regions=regions), "anna", LargerOrder(1024))
    assert [region.mask_key for region in job.regions] == [mask_key(job.id, 0), "sky"]
    assert job.regions[0].strength == 0.2
    assert job.object_keys == (job.input_key, job.earlier_key, mask_key(job.id, 0), mask_key(job.id, 8), style_key(job.id, 1))


def test_either_can_be_deleted_without_the_other(studio: Studio) -> None:
    parent = painted(studio)
    job, other = (studio.service.larger(parent, "anna", LargerOrder(size)) for size in (1024, 2048))
    studio.service.delete(other.id, "anna")
    assert not studio.stored().intersection(other.object_keys)
    assert studio.service.result(parent, "anna") == PAINTING
    studio.service.delete(parent, "anna")
    assert studio.stored() == set(job.object_keys)
    assert studio.service.get(job.id, "anna").parent == parent


def test_only_the_owner_of_the_painting_may_ask(studio: Studio) -> None:
    parent = painted(studio, public=True)
    with pytest.raises(UnknownJob):
        studio.service.larger(parent, "bert", LargerOrder(1024))


def test_asked_twice_for_a_size_it_is_one_job(studio: Studio) -> None:
    parent = painted(studio)
    once, again, other = (studio.service.larger(parent, "anna", LargerOrder(size)).id for size in (1024, 1024, 2048))
    assert once == again != other
    assert [job.id for job in studio.service.larger_versions(parent, "anna")] == [once, other]
    assert studio.service.larger_versions(once, "anna") == []


def test_there_must_be_a_painting(studio: Studio) -> None:
    with pytest.raises(WrongState):
        studio.service.larger(studio.submit().id, "anna", LargerOrder(1024))


@pytest.mark.parametrize("size", [64, 40, 31, 8193])
def test_a_size_must_be_larger_than_the_painting_and_possible(studio: Studio, size: int) -> None:
    parent = painted(studio)
    before = studio.stored()
    with pytest.raises(InvalidParams):
        studio.service.larger(parent, "anna", LargerOrder(size))
    assert studio.stored() == before


def test_a_painting_of_another_shape_is_refused(studio: Studio) -> None:
    parent = painted(studio, picture_bytes(64, 64))
    with pytest.raises(InvalidParams, match="which has its shape"):
        studio.service.larger(parent, "anna", LargerOrder(1024))


def test_it_counts_against_the_limits(studio: Studio) -> None:
    parent = painted(studio)
    studio.submit(token="other")
    with pytest.raises(TooManyJobs):
        studio.service.larger(parent, "anna", LargerOrder(1024), Sender(Quota(100, 1, 100)))


def test_one_that_failed_is_tried_again_from_the_same_painting(studio: Studio) -> None:
    parent = painted(studio)
    failed = studio.service.larger(parent, "anna", LargerOrder(1024))
    studio.paint(Outcome.failed("It rained."))
    studio.service.delete(parent, "anna")
    job = studio.service.retry(failed.id, "anna")
    assert (job.parent, job.params.size) == (parent, 1024)
    assert studio.backend.objects.get(job.earlier_key or "") == PAINTING


def test_again_with_other_settings_begins_with_the_photo(studio: Studio) -> None:
    job = studio.service.larger(painted(studio), "anna", LargerOrder(1024))
    assert studio.service.order(job.id, "anna").earlier is None


def test_strangers_do_not_see_what_it_was_enlarged_from(studio: Studio) -> None:
    parent = painted(studio)
    job = studio.service.larger(parent, "anna", LargerOrder(1024, public=True))
    studio.paint()
    seen = studio.service.get(job.id, "bert")
    assert (seen.parent, seen.earlier_key) == (None, None)
    assert studio.service.get(job.id, "anna").parent == parent
