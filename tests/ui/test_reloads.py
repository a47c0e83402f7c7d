"""A form that is taken up again by a reload or in another tab."""

import pytest
from streamlit.testing.v1 import AppTest

from nst.ui import owner
from nst.ui.owner import Owner
from tests.support.pages import ANNA, DiskStudio, keys, words
from tests.support.pictures import picture_bytes
from tests.ui.conftest import OpenPage


@pytest.fixture(autouse=True)
def _anna(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages are hers."""
    monkeypatch.setattr(owner, "current", lambda: Owner(ANNA, has_cookie=True, since=0.0))


def with_photo(open_page: OpenPage) -> AppTest:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    return page


def test_what_is_sent_again_after_a_reload_is_painted_once_and_what_was_changed_is_painted(open_page: OpenPage, studio: DiskStudio) -> None:
    first = with_photo(open_page)
    reloaded, changed = open_page(), open_page()
    changed.button(key="style_copperplate").click().run()
    led_to = [page.button(key="submit").click().run().query_params["job"] for page in (first, reloaded, changed)]
    assert led_to[0] == led_to[1] != led_to[2]
    assert len(studio.service.mine(ANNA)) == 2


def test_a_form_becomes_another_once_the_end_of_its_painting_was_seen(open_page: OpenPage, studio: DiskStudio) -> None:
    first = with_photo(open_page)
    job_id = first.button(key="submit").click().run().query_params["job"]
    reloaded = open_page()
    assert "in progress" in words(reloaded)
    assert reloaded.button(key="submit").click().run().query_params["job"] == job_id, "nothing was changed"
    studio.end(studio.begin())
    reloaded = open_page()
    assert "Your painting is finished." in words(reloaded)
    assert reloaded.button(key="watch").click().run().query_params["job"] == job_id
    for page in (open_page(), back_from_the_painting(reloaded)):
        assert "is finished" not in words(page)
        assert page.button(key="submit").click().run().query_params["job"] != job_id


def back_from_the_painting(page: AppTest) -> AppTest:
    return page.button(key="another").click().run()


def test_a_painting_that_was_deleted_elsewhere_is_not_announced(open_page: OpenPage, studio: DiskStudio) -> None:
    page = with_photo(open_page)
    job_id = page.button(key="submit").click().run().query_params["job"]
    studio.end(studio.begin())
    studio.service.delete(job_id, ANNA)
    reloaded = open_page()
    assert not reloaded.error
    assert "watch" not in keys(reloaded)
