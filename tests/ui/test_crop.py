"""Cropping, turning and straightening the chosen photo."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from nst import images
from nst.domain import Job
from nst.images import STORED_LIMITS, Crop
from nst.ui import crop_form
from nst.ui.crop_form import crop_of
from nst.ui.kept_drafts import KeptDrafts
from nst.ui.parts import Mask, Part
from tests.support.pages import DiskStudio, keys
from tests.support.pictures import picture_bytes
from tests.ui.conftest import OpenPage


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "all",
        {},
        {"turns": 0},
        {"turns": 4, "box": [0, 0, 1, 1], "angle": 0},
        {"turns": -1, "box": [0, 0, 1, 1], "angle": 0},
        {"turns": "1", "box": [0, 0, 1, 1], "angle": 0},
        {"turns": 0, "box": [0, 0, 1], "angle": 0},
        {"turns": 0, "box": "0011", "angle": 0},
        {"turns": 0, "box": [0, 0, "1", 1], "angle": 0},
        {"turns": 0, "box": [0, 0, None, 1], "angle": 0},
        {"turns": 0, "box": [0.5, 0, 0.5, 1], "angle": 0},
        {"turns": 0, "box": [1, 1, 0, 0], "angle": 0},
        {"turns": 0, "box": [0, 0, 0.01, 1], "angle": 0},
        {"turns": 0, "box": [2, 2, 3, 3], "angle": 0},
        {"turns": 0, "box": [math.nan] * 4, "angle": 0},
        {"turns": 0, "box": [math.inf] * 4, "angle": 0},
        {"turns": 0, "box": [0, 0, 1, 1]},
        {"turns": 0, "box": [0, 0, 1, 1], "angle": "1"},
        {"turns": 0, "box": [0, 0, 1, 1], "angle": None},
        {"turns": 0, "box": [0, 0, 1, 1], "angle": 15.1},
        {"turns": 0, "box": [0, 0, 1, 1], "angle": -(10**400)},
        {"turns": 0, "box": [0, 0, 1, 1], "angle": math.nan},
    ],
)
def test_what_no_page_would_send_is_ignored(sent: object) -> None:
    assert crop_of(sent) is None


def test_a_part_is_taken_as_it_was_sent_within_the_photo() -> None:
    assert crop_of({"turns": 3, "box": [0.25, 0, 0.75, 1], "angle": 0}) == Crop(3, 0.25, 0.0, 0.75, 1.0)
    assert crop_of({"turns": 0, "box": [-1, -0.001, 1.001, 10**400], "angle": 0}) == Crop()
    assert crop_of({"turns": 0, "box": [0, 0, 1, 1], "angle": -2.34}) == Crop(angle=-2.3)


def with_photo(open_page: OpenPage) -> AppTest:
    page = open_page()
    return page.file_uploader(key="photo").upload("me.png", picture_bytes(96, 64), "image/png").run()


def take(page: AppTest, monkeypatch: pytest.MonkeyPatch, **sent: object) -> AppTest:
    """What the page does when its visitor has chosen a part."""
    monkeypatch.setattr(crop_form, "crop_value", lambda: sent)
    monkeypatch.setattr(crop_form, "show_button", crop_form._take)  # is run with the page
    page.run()
    monkeypatch.undo()
    return page


def painted(page: AppTest, studio: DiskStudio) -> Job:
    page.button(key="submit").click().run()
    return studio.service.mine(page.session_state["temporary_owner"])[0]


def test_the_part_is_stored_and_the_whole_can_be_used_again(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = with_photo(open_page)
    page.button(key="crop_photo").click().run()
    assert "crop_photo" in keys(page)
    now = page.session_state["draft"]
    now.parts.items = [Part(mask=Mask(b"png"))]
    take(page, monkeypatch, turns=1, box=[0, 0, 1, 0.5], angle=0)
    assert (now.photo.ratio, now.photo.crop) == (64 / 48, Crop(1, 0.0, 0.0, 1.0, 0.5))
    assert now.parts.items == [], "its mask has another shape"
    job = painted(page, studio)
    assert (job.width, job.height) == (64, 48)
    assert images.size_of(studio.service.photo(job.id, job.owner)) == (64, 48)
    page.query_params.clear()
    page.run()
    take(page, monkeypatch, turns=0, box=[0, 0, 1, 1], angle=0)
    assert now.photo.whole is None
    assert images.decode(now.photo.data, STORED_LIMITS).size == (96, 64)


def test_a_part_that_is_too_small_is_refused_and_the_photo_stays(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = take(with_photo(open_page), monkeypatch, turns=0, box=[0, 0, 0.1, 0.1], angle=0)
    now = page.session_state["draft"]
    assert "That part of the picture measures 10 x 6 pixels" in now.photo_error
    assert now.photo.whole is None


def test_a_straightened_photo_is_stored_and_its_angle_is_known_after_a_reload(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = take(with_photo(open_page), monkeypatch, turns=0, box=[0, 0, 1, 1], angle=5)
    assert page.session_state["draft"].photo.crop == Crop(angle=5.0)
    kept = KeptDrafts()
    kept.put("me", page.session_state["draft"])
    copy = kept.copy_of("me")
    assert copy is not None
    assert copy.photo is not None
    assert copy.photo.crop == Crop(angle=5.0)
    job = painted(page, studio)
    assert images.size_of(studio.service.photo(job.id, job.owner)) == (job.width, job.height) == (85, 56)


def test_another_photo_closes_the_tools(open_page: OpenPage, studio: DiskStudio) -> None:
    page = with_photo(open_page)
    page.button(key="crop_photo").click().run()
    assert page.session_state["cropping"]
    page.button(key="sample_cat").click().run()
    assert not page.session_state["cropping"]
