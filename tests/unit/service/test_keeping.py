"""Keeping private paintings longer than usual."""

import pytest

from nst.domain import Outcome
from nst.errors import StorageFull, UnknownJob, WrongState
from tests.support.studio import DAY, Studio


def test_a_painting_is_kept_another_period_with_each_click_up_to_the_limit(studio: Studio) -> None:
    keeping, begin = studio.service.keeping, studio.now
    job = studio.painted()
    assert keeping.until(job) == begin + 7 * DAY
    for days in (14, 21, 28):
        assert keeping.longest(job) == begin + days * DAY
        job = keeping.keep_longer(job.id, "anna")
        assert keeping.until(job) == begin + days * DAY
    assert keeping.longest(job) is None
    with pytest.raises(WrongState, match="cannot be kept longer"):
        keeping.keep_longer(job.id, "anna")
    studio.now += 20 * DAY
    assert keeping.until(keeping.keep_longer(job.id, "anna")) == begin + 35 * DAY


def test_a_painting_that_is_kept_longer_expires_then_and_others_as_usual(studio: Studio) -> None:
    kept, other = studio.painted(token="kept"), studio.painted(token="other")
    studio.service.keeping.keep_longer(kept.id, "anna")
    studio.now += 8 * DAY
    studio.submit(owner="bert")
    assert [job.id for job in studio.service.mine("anna")] == [kept.id]
    with pytest.raises(UnknownJob):
        studio.service.keeping.keep_longer(other.id, "anna")
    studio.now += 7 * DAY
    studio.submit(owner="bert", token="another")
    assert studio.service.mine("anna") == []


def test_only_the_owners_private_paintings_are_kept_longer(studio: Studio) -> None:
    public, failed = studio.painted(token="public", public=True), studio.submit(token="failed")
    studio.paint(Outcome.failed("It rained."))
    for job in (public, failed):
        with pytest.raises(WrongState):
            studio.service.keeping.keep_longer(job.id, "anna")
        with pytest.raises(UnknownJob):
            studio.service.keeping.keep_longer(job.id, "bert")


@pytest.mark.parametrize("studio", [{"keep_longer_days": 0.0}], indirect=True)
def test_a_studio_may_keep_nothing_longer(studio: Studio) -> None:
    assert studio.service.keeping.longest(studio.painted()) is None


def test_an_old_painting_that_is_made_private_is_kept_for_the_usual_time(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.now += 100 * DAY
    private = studio.service.make_private(job.id, "anna")
    assert studio.service.keeping.until(private) == studio.now + 7 * DAY
    studio.submit(owner="bert")
    assert studio.service.get(job.id, "anna").published is None


@pytest.mark.parametrize("studio", [{"disk_bytes": 1900}], indirect=True)
def test_keeping_paintings_longer_does_not_take_the_space_of_others(studio: Studio) -> None:
    kept = studio.painted(token="kept")
    studio.service.keeping.keep_longer(kept.id, "anna")
    with pytest.raises(StorageFull):
        for number in range(9):
            studio.submit(owner="bert", token=str(number))
    studio.now += 2 * DAY
    studio.submit(owner="bert", token="later")
    assert studio.service.mine("anna") == []
