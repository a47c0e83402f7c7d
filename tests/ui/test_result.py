"""The page of a finished painting."""

from typing import Any

import pytest

from nst.domain import Job, JobState, Outcome, output_key_of
from nst.domain.keys import timelapse_key
from nst.timelapse import film
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.pictures import picture, picture_bytes
from tests.ui.conftest import OpenPage


def test_a_time_lapse_is_offered_to_the_owner_and_read_when_it_is_opened(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    studio.backend.objects.put(timelapse_key(job.id), film(picture(96, 64), [], picture(96, 64, seed=1)))
    page = open_page(job=job.id)
    assert not page.get("video")
    page.session_state["timelapse"] = True
    page.run()
    assert not page.exception
    assert len(page.get("video")) == 1
    assert {"download_mp4", "download_webp"} <= keys(page, "download_button")
    stranger = open_page(job=job.id, owner=BERT)
    stranger.session_state["timelapse"] = True
    stranger.run()
    assert not stranger.get("video")


def test_a_painting_without_a_time_lapse_offers_none(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page(job=studio.painted().id)
    page.session_state["timelapse"] = True
    page.run()
    assert not page.exception
    assert not page.get("video")


def test_the_page_says_how_large_a_painting_prints(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.submit()
    studio.end(studio.begin(), succeeded_with({"size": [2048, 1365]}, studio, job))
    page = open_page(job=job.id)
    assert "Prints 17 x 12 cm (6.8 x 4.5 in) at 300 dpi, 35 x 23 cm (14 x 9.1 in) at 150 dpi." in words(page).replace("\u00a0", " ")
    assert {"download", "download_jpeg", "download_tiff"} <= keys(page, "download_button")


@pytest.mark.parametrize("recipe", [None, {}, {"size": None}, {"size": [1]}, {"size": ["a", "b"]}, {"size": "large"}])
def test_a_recipe_without_a_size_says_nothing_of_prints(open_page: OpenPage, studio: DiskStudio, recipe: dict[str, Any] | None) -> None:
    job = studio.submit()
    studio.end(studio.begin(), succeeded_with(recipe, studio, job))
    page = open_page(job=job.id)
    assert not page.exception
    assert "Prints" not in words(page)


def succeeded_with(recipe: dict[str, Any] | None, studio: DiskStudio, job: Job) -> Outcome:
    key, data = output_key_of(job.input_key), picture_bytes()
    studio.backend.objects.put(key, data)
    return Outcome(JobState.SUCCEEDED, output_key=key, size_bytes=len(data), recipe=recipe)


def test_the_owner_gives_a_title_and_corrects_one_that_is_refused(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted()
    page = open_page(job=job.id)
    assert "Tide Wash</h1>" in words(page)
    page.text_input(key=f"title_edit_{job.id}").set_value("\u202eevil")
    page.button(key=f"save_title_{job.id}").click().run()
    assert "cannot be shown" in page.error[0].value
    page.text_input(key=f"title_edit_{job.id}").set_value(" <i>Evening</i> ")
    page.button(key=f"save_title_{job.id}").click().run()
    assert not page.error
    assert "&lt;i&gt;Evening&lt;/i&gt;</h1><p>Tide Wash</p>" in words(page)
    assert studio.service.get(job.id, ANNA).title == "<i>Evening</i>"


def test_a_title_is_given_when_publishing_and_strangers_read_it(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted()
    page = open_page(job=job.id)
    page.text_input(key=f"title_publish_{job.id}").set_value("\u2066")
    page.button(key=f"publish_now_{job.id}").click().run()
    assert "cannot be shown" in page.error[0].value
    assert studio.service.feed().entries == ()
    page.text_input(key=f"title_publish_{job.id}").set_value("Evening")
    page.button(key=f"publish_now_{job.id}").click().run()
    assert [entry.title for entry in studio.service.feed().entries] == ["Evening"]
    stranger = open_page(job=job.id, owner=BERT)
    assert "Evening</h1><p>Tide Wash</p>" in words(stranger)
    assert f"title_edit_{job.id}" not in keys(stranger, "text_input")
    assert f"heart_{job.id}" in keys(stranger)
    assert f"heart_{job.id}" not in keys(page)


def test_the_owner_reads_how_many_like_it(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    studio.service.gallery.like(job.id, BERT, liked=True)
    assert "1 visitor likes it." in words(open_page(job=job.id))
    assert "1 like<" in words(open_page("my_pictures"))


def test_the_page_says_whose_a_painting_is_and_what_publishing_means(open_page: OpenPage, studio: DiskStudio) -> None:
    private, public = studio.painted(), studio.painted(public=True)
    said = words(open_page(job=private.id))
    assert "Pastiche claims no rights in your painting" in said
    assert "free for any use (CC0)" in said
    assert "If you publish it, everyone can see and download it" in said
    assert "until you make it private, and gets no other rights" in words(open_page(job=public.id))
    assert "You get no other rights to it" in words(open_page(job=public.id, owner=BERT))
