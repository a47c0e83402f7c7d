"""The page of a finished painting."""

from nst.domain.keys import timelapse_key
from nst.timelapse import film
from tests.support.pages import BERT, DiskStudio, keys
from tests.support.pictures import picture
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
