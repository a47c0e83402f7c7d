"""The My pictures page."""

import pytest

from nst.domain import JobProgress, Outcome
from nst.ui import my_pictures
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.ui.conftest import OpenPage


def test_a_visitor_without_pictures_reads_what_to_do(open_page: OpenPage) -> None:
    assert "No pictures yet" in words(open_page("my_pictures"))


def test_all_jobs_of_a_visitor_are_shown_and_none_of_others(open_page: OpenPage, studio: DiskStudio) -> None:
    studio.painted()
    studio.painted(public=True)
    studio.submit()
    studio.end(studio.begin(), Outcome.failed("It rained."))
    studio.submit()
    studio.begin(JobProgress(0.25, "scale 1 of 4"))
    studio.submit()
    strange = studio.submit(owner=BERT)
    said = words(open_page("my_pictures"))
    for badge in ("Private", "In the gallery", "Failed", "Being painted", "Waiting"):
        assert f">{badge}</span>" in said
    assert all(f"/?job={job.id}" in said for job in studio.service.mine(ANNA))
    assert strange.id not in said


def test_deleting_asks_and_then_really_deletes(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page("my_pictures")
    page.button(key=f"delete_now_{job.id}").click().run()
    assert "No pictures yet" in words(page)
    assert list(studio.backend.objects.listing()) == []


def test_a_painting_is_published_and_made_private_from_here(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted()
    page = open_page("my_pictures")
    page.button(key=f"publish_now_{job.id}").click().run()
    assert len(studio.service.feed().entries) == 1
    page.button(key=f"make_private_{job.id}").click().run()
    assert studio.service.feed().entries == ()


def test_show_more_adds_older_paintings(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(my_pictures, "PAGE", 2)
    for _ in range(3):
        studio.painted()
    page = open_page("my_pictures")
    assert len({key for key in keys(page) if key.startswith("delete_now_")}) == 2
    page.button(key="more").click().run()
    assert len({key for key in keys(page) if key.startswith("delete_now_")}) == 3
