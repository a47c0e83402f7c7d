"""Larger versions on the page of a finished painting."""

from typing import Any

import pytest

from nst.domain import Job, Outcome, output_key_of
from nst.service import LargerOrder
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.pictures import picture_bytes
from tests.ui.conftest import OpenPage

SCALES = [{"long_side": 181, "pass": False, "steps": 20}, {"long_side": 512, "pass": True, "steps": 20}]


def painted(studio: DiskStudio, recipe: dict[str, Any] | None = None, **order: Any) -> Job:
    job = studio.submit(**order)
    key, data = output_key_of(job.input_key), picture_bytes(512, 341)
    studio.backend.objects.put(key, data)
    recipe = recipe if recipe is not None else {"size": [512, 341], "seconds": 10.0, "scales": SCALES}
    studio.end(studio.begin(), Outcome.succeeded(key, len(data), recipe))
    return studio.service.get(job.id, ANNA)


def test_sizes_are_offered_with_their_time_and_prints(open_page: OpenPage, studio: DiskStudio) -> None:
    job = painted(studio)
    page = open_page(job=job.id)
    radio = page.radio(key=f"larger_size_{job.id}")
    assert radio.options == ["1024 pixels", "2048 pixels", "4096 pixels", "8192 pixels"]
    captions = [caption.replace("\u00a0", " ") for caption in radio.proto.captions]
    assert captions[1].startswith("About ")
    assert captions[1].endswith(", prints 17 x 12 cm (6.8 x 4.5 in)")
    assert "Prints have 300 dpi" in words(page)


def test_a_larger_version_is_submitted_and_shown(open_page: OpenPage, studio: DiskStudio) -> None:
    job = painted(studio)
    page = open_page(job=job.id)
    page.radio(key=f"larger_size_{job.id}").set_value(2048)
    page.button(key=f"larger_now_{job.id}").click().run()
    assert not page.exception
    (larger,) = studio.service.larger_versions(job.id, ANNA)
    assert (larger.params.size, larger.parent) == (2048, job.id)
    assert page.query_params["job"] == larger.id
    assert f'href="/?job={larger.id}" target="_self">2048 pixels (waiting)' in words(open_page(job=job.id))


def test_a_larger_version_leads_back_to_its_painting_until_that_is_deleted(open_page: OpenPage, studio: DiskStudio) -> None:
    parent = painted(studio)
    larger = studio.service.larger(parent.id, ANNA, LargerOrder(1024, public=True))
    studio.end(studio.begin())
    assert f'Enlarged from <a href="/?job={parent.id}" target="_self">512 pixels</a>' in words(open_page(job=larger.id))
    assert "Enlarged" not in words(open_page(job=larger.id, owner=BERT))
    studio.service.delete(parent.id, ANNA)
    page = open_page(job=larger.id)
    assert not page.exception
    assert "Enlarged" not in words(page)


def test_until_there_is_a_picture_of_it_the_painting_is_shown(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("nst.ui.job.live_preview", lambda _src, _size, alt: shown.append(alt))
    parent = painted(studio)
    larger = studio.service.larger(parent.id, ANNA, LargerOrder(1024))
    page = open_page(job=larger.id)
    assert not page.exception
    assert shown == ["The painting that is enlarged"]


def test_strangers_are_not_offered_any(open_page: OpenPage, studio: DiskStudio) -> None:
    job = painted(studio, public=True)
    assert f"larger_now_{job.id}" not in keys(open_page(job=job.id, owner=BERT))
    assert f"larger_now_{job.id}" in keys(open_page(job=job.id))


@pytest.mark.parametrize(
    "recipe",
    [{}, {"size": "large"}, {"size": [8192, 5461]}, {"size": [512, 341], "scales": 7}, {"size": [512, 341], "scales": [7], "seconds": 1}],
)
def test_a_recipe_that_says_little_offers_what_is_possible(open_page: OpenPage, studio: DiskStudio, recipe: dict[str, Any]) -> None:
    job = painted(studio, recipe)
    page = open_page(job=job.id)
    assert not page.exception
    assert (f"larger_now_{job.id}" in keys(page)) == (recipe.get("size") == [512, 341])


def test_a_refusal_is_shown(open_page: OpenPage, studio: DiskStudio) -> None:
    job = painted(studio)
    page = open_page(job=job.id)
    studio.backend.objects.delete([job.output_key or ""])
    page.button(key=f"larger_now_{job.id}").click().run()
    assert not page.exception
    assert len(page.error) == 1
