"""nst.service: titles, likes and search."""

import pytest

from nst.domain import FeedOrder
from nst.errors import InvalidParams, NotAllowed, Refused, UnknownJob, WrongState
from nst.service import StyleChoice
from tests.support.studio import Studio


def found(studio: Studio, query: str, **options: object) -> list[str]:
    return [entry.job_id for entry in studio.service.gallery.page(24, query=query, **options).entries]  # type: ignore[arg-type]


def test_only_the_owner_gives_a_finished_painting_a_title(studio: Studio) -> None:
    gallery, waiting = studio.service.gallery, studio.submit(token="waiting")
    with pytest.raises(WrongState):
        gallery.set_title(waiting.id, "anna", "Too early")
    studio.paint()
    for _ in range(2):
        assert gallery.set_title(waiting.id, "anna", "  Evening ").title == "Evening"
    for stranger, job_id in (("bert", waiting.id), ("", waiting.id), ("anna", "0" * 32), ("anna", "../x")):
        with pytest.raises(UnknownJob):
            gallery.set_title(job_id, stranger, "Mine")
    with pytest.raises(InvalidParams, match="Shorten it"):
        gallery.set_title(waiting.id, "anna", "a" * 81)
    assert studio.service.get(waiting.id, "anna").title == "Evening"
    assert gallery.set_title(waiting.id, "anna", " ").title is None


def test_titles_are_changed_a_few_times_a_minute(studio: Studio) -> None:
    job = studio.painted()
    for number in range(10):
        studio.service.gallery.set_title(job.id, "anna", f"Number {number}")
    with pytest.raises(Refused):
        studio.service.gallery.set_title(job.id, "anna", "One more")
    studio.now += 61
    assert studio.service.gallery.set_title(job.id, "anna", "One more").title == "One more"


def test_a_private_painting_can_neither_be_liked_nor_found(studio: Studio) -> None:
    job, gallery = studio.painted(public=True), studio.service.gallery
    gallery.set_title(job.id, "anna", "Evening")
    assert gallery.like(job.id, "bert", liked=True) == 1
    assert found(studio, "evening") == found(studio, "", order=FeedOrder.LIKED) == [job.id]
    studio.service.make_private(job.id, "anna")
    assert found(studio, "evening") == found(studio, "", order=FeedOrder.LIKED) == found(studio, "starlit") == []
    for job_id in (job.id, "0" * 32, "../x"):
        with pytest.raises(UnknownJob):
            gallery.like(job_id, "bert", liked=True)
    studio.service.publish(job.id, "anna")
    assert found(studio, "evening", order=FeedOrder.LIKED) == [job.id]
    studio.service.delete(job.id, "anna")
    assert found(studio, "evening") == found(studio, "", order=FeedOrder.LIKED) == []


def test_strangers_see_the_title_and_the_likes_and_still_no_owner(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.service.gallery.set_title(job.id, "anna", "Evening")
    studio.service.gallery.like(job.id, "bert", liked=True)
    seen = studio.service.get(job.id, "carl")
    assert (seen.title, seen.likes, seen.owner) == ("Evening", 1, "")
    assert studio.service.gallery.liked("bert", [job.id]) == {job.id}
    assert studio.service.gallery.liked("carl", [job.id]) == set()


def test_likes_need_a_cookie_and_have_a_pace(studio: Studio) -> None:
    job, gallery = studio.painted(public=True), studio.service.gallery
    for owner, has_cookie in (("", True), ("temporary", False)):
        with pytest.raises(NotAllowed):
            gallery.like(job.id, owner, liked=True, has_cookie=has_cookie)
    for number in range(30):
        gallery.like(job.id, "bert", liked=number % 2 == 0)
    with pytest.raises(Refused):
        gallery.like(job.id, "bert", liked=True)
    assert gallery.like(job.id, "carl", liked=True) == 1
    studio.now += 61
    assert gallery.like(job.id, "bert", liked=True) == 2


@pytest.mark.parametrize("studio", [{"visitors_per_address": 3}], indirect=True)
def test_a_painting_gets_few_likes_a_day_from_one_network(studio: Studio) -> None:
    job, gallery = studio.painted(public=True), studio.service.gallery
    for number in range(3):
        gallery.like(job.id, f"cookie-{number}", liked=True, network="192.0.2.1")
    assert gallery.like(job.id, "cookie-0", liked=True, network="192.0.2.1") == 3
    with pytest.raises(Refused):
        gallery.like(job.id, "cookie-3", liked=True, network="192.0.2.1")
    assert gallery.like(job.id, "other", liked=True, network="192.0.2.2") == 4
    studio.now += 86_401
    assert gallery.like(job.id, "cookie-3", liked=True, network="192.0.2.1") == 5


@pytest.mark.parametrize("studio", [{"visitors_per_address": 3}], indirect=True)
def test_one_visitor_who_likes_again_and_again_counts_once_for_the_network(studio: Studio) -> None:
    job, gallery = studio.painted(public=True), studio.service.gallery
    for liked in (True, False) * 5:
        gallery.like(job.id, "bert", liked=liked, network="192.0.2.1")
    assert gallery.like(job.id, "bert", liked=True, network="192.0.2.1") == 1
    assert gallery.like(job.id, "carl", liked=True, network="192.0.2.1") == 2


def test_a_search_looks_at_titles_and_at_the_words_of_styles(studio: Studio) -> None:
    swirl = studio.painted(public=True, token="1")
    tide = studio.painted(public=True, token="2", styles=[StyleChoice("tide-wash")])
    studio.service.gallery.set_title(tide.id, "anna", "Night over Arles")
    assert found(studio, "van gogh") == [swirl.id]
    assert found(studio, "WATERCOLOUR") == [tide.id]
    assert found(studio, "arl") == [tide.id]
    assert found(studio, "arles watercolour") == [tide.id]
    assert found(studio, "arles van gogh") == []
    assert found(studio, "!?") == []
    assert len(found(studio, " ")) == 2
    assert found(studio, "x" * 10**6) == []
