"""Several photos in one form, painted in one style."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from nst.domain import JobProgress, JobState, Outcome, Preset, SharedLane
from nst.errors import StoreUnavailable
from nst.service import Order, Service
from nst.ui import batches, draft, owner
from nst.ui.frame import Visit
from nst.ui.owner import Owner
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.pictures import picture_bytes
from tests.ui.conftest import Configure, OpenPage


def files(*names: str) -> list[tuple[str, bytes, str]]:
    return [(name, picture_bytes(40 + number, 50), "image/png") for number, name in enumerate(names)]


def with_photos(page: AppTest, *names: str) -> AppTest:
    return page.file_uploader(key="photo").set_value(files(*names)).run()


def batch_of(page: AppTest) -> str:
    value = page.query_params["batch"]
    return value if isinstance(value, str) else value[0]


def mine(studio: DiskStudio) -> list[JobState]:
    return [job.state for job in reversed(studio.service.mine(ANNA))]


def test_several_photos_become_a_job_each_in_the_same_style(open_page: OpenPage, studio: DiskStudio) -> None:
    page = with_photos(open_page(), "one.png", "<b>two</b>.png", "three.png")
    assert "<figcaption>one.png</figcaption>" in words(page)
    assert "<figcaption>&lt;b&gt;two&lt;/b&gt;.png</figcaption>" in words(page)
    assert page.button(key="submit").label == "Paint 3 photos"
    page.button(key="style_copperplate").click().run()
    page.button(key="submit").click().run()
    jobs = studio.service.mine(ANNA)
    assert [[style.name for style in job.styles] for job in jobs] == [["copperplate"]] * 3
    assert {(job.width, job.height) for job in jobs} == {(40, 50), (41, 50), (42, 50)}
    assert "3 waiting" in page.get("progress")[0].proto.text
    assert page.session_state["draft"].more == []
    assert not page.exception


def test_photos_of_a_form_with_several_wait_in_their_own_lane_and_a_single_one_does_not(
    configure: Configure, open_page: OpenPage, studio: DiskStudio
) -> None:
    configure(batch_lanes='["folder"]')
    for names in (["1.png"], ["1.png", "2.png"]):
        page = with_photos(open_page(), *names)
        page.button(key="submit").click().run()
        assert not page.exception
    assert [job.lane for job in studio.service.mine(ANNA)] == [SharedLane.FOLDER, SharedLane.FOLDER, Preset.STANDARD]


def test_what_does_not_fit_the_limits_is_said_before_and_follows(configure: Configure, open_page: OpenPage, studio: DiskStudio) -> None:
    configure(jobs_per_visitor=2)
    page = with_photos(open_page(), "1.png", "2.png", "3.png", "4.png")
    assert "Now 2 of these 4 can be painted." in words(page)
    page.button(key="submit").click().run()
    assert mine(studio) == [JobState.QUEUED] * 2
    said = words(page)
    assert "2 photos follow as soon as your limits allow it." in said
    assert said.count("Not sent yet") == 2
    studio.end(studio.begin())
    page.run()
    assert mine(studio) == [JobState.SUCCEEDED, JobState.QUEUED, JobState.QUEUED]
    for _ in range(3):
        studio.end(studio.begin())
        page.run()
    assert mine(studio) == [JobState.SUCCEEDED] * 4
    assert "Your paintings</h1>" in words(page)
    assert len({job.token for job in studio.service.mine(ANNA)}) == 4


def test_all_of_them_are_cancelled_those_that_were_not_sent_included(configure: Configure, open_page: OpenPage, studio: DiskStudio) -> None:
    configure(jobs_per_visitor=2)
    page = with_photos(open_page(), "1.png", "2.png", "3.png")
    page.button(key="submit").click().run()
    studio.begin(JobProgress(0.5, "scale 1 of 2"))
    assert page.run().get("progress")[0].proto.value in (16, 17)
    page.button(key="cancel_all").click().run()
    assert mine(studio) == [JobState.RUNNING, JobState.CANCELLED]
    assert all(job.cancel_requested for job in studio.service.mine(ANNA))
    assert "Not sent yet" not in words(page)


def test_a_batch_that_cannot_be_cancelled_now_says_so(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    page = with_photos(open_page(), "1.png", "2.png")
    page.button(key="submit").click().run()

    def away(*_: object) -> None:
        raise StoreUnavailable("The studio's database does not answer.")

    with monkeypatch.context() as outage:
        outage.setattr(Service, "cancel", away)
        page.button(key="cancel_all").click().run()
    assert page.toast[0].value == "The studio's database does not answer."
    assert not page.exception
    assert mine(studio) == [JobState.QUEUED] * 2


def test_the_state_of_each_picture_is_shown_and_a_zip_file_has_those_that_are_painted(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = with_photos(open_page(), "1.png", "2.png", "3.png")
    page.button(key="submit").click().run()
    studio.end(studio.begin())
    studio.end(studio.begin(), Outcome.failed("It rained."))
    studio.begin()
    monkeypatch.setattr(owner, "current", lambda: Owner(ANNA, has_cookie=True, since=0.0))
    said = words(page.run())
    assert all(f">{badge}</span>" in said for badge in ("Private", "Failed", "Being painted"))
    assert "Download ZIP (1)" in said
    assert "1 finished · 1 being painted · 1 failed" in page.get("progress")[0].proto.text


def test_the_page_of_a_batch_is_found_again_and_is_nobody_elses(open_page: OpenPage, studio: DiskStudio) -> None:
    page = with_photos(open_page(), "1.png", "2.png")
    page.button(key="submit").click().run()
    batch = batch_of(page)
    again = open_page(batch=batch)
    assert words(again).count('class="card waiting"') == 2
    for stranger in (open_page(owner=BERT, batch=batch), open_page(batch="0" * 32), open_page(batch="<b>")):
        assert "There are no such paintings" in words(stranger)
        assert not stranger.exception


def test_a_photo_that_cannot_be_used_is_named_and_the_others_are_taken(open_page: OpenPage) -> None:
    page = open_page()
    page.file_uploader(key="photo").set_value([*files("1.png"), ("a*b.jpg", b"dear diary", "image/jpeg"), *files("3.png")]).run()
    assert "3.png</figcaption>" in words(page)
    assert r"a\*b\.jpg: This is not a JPEG" in page.error[0].value
    assert page.button(key="submit").label == "Paint 2 photos"
    assert page.button(key="remove_more_0").label == r"Remove :small[3\.png]"
    page.button(key="remove_more_0").click().run()
    assert page.button(key="submit").label == "Paint it"


def test_the_first_photo_that_can_be_used_is_the_first(open_page: OpenPage) -> None:
    page, bad = open_page(), ("a*b.jpg", b"dear diary", "image/jpeg")
    page.file_uploader(key="photo").set_value([bad, *files("2.png"), ("c.jpg", b"dear diary", "image/jpeg"), *files("3.png")]).run()
    assert words(page).index("<figcaption>2.png") < words(page).index("<figcaption>3.png")
    assert [r"a\*b\.jpg: This is not a JPEG" in page.error[0].value, r"c\.jpg: This is not a JPEG" in page.error[0].value] == [True, True]
    assert page.button(key="submit").label == "Paint 2 photos"
    page = open_page()
    page.file_uploader(key="photo").set_value([bad, bad]).run()
    assert page.error[0].value.count("This is not a JPEG") == 2
    assert page.button(key="submit").label == "Paint it"


def test_photos_are_added_to_the_first_up_to_a_limit(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "MOST_PHOTOS", 3)
    page = with_photos(open_page(), "1.png")
    page.file_uploader(key="further_photos").set_value(files("2.png", "3.png", "4.png")).run()
    assert page.button(key="submit").label == "Paint 3 photos"
    assert "A form takes at most 3 photos" in page.error[0].value


def test_an_order_that_was_sent_twice_is_one_job(open_page: OpenPage, studio: DiskStudio) -> None:
    page = with_photos(open_page(), "1.png", "2.png")
    kept: Any = page.session_state["draft"]
    page.button(key="submit").click().run()
    orders = [batches.token_of(batch_of(page), number) for number in range(2)]
    assert sorted(job.token for job in studio.service.mine(ANNA)) == orders
    assert kept.batches[0].waiting == []
    assert "cancel_all" in keys(page)


def test_a_second_click_that_comes_before_the_browser_has_left_the_form_leads_to_the_same(open_page: OpenPage, studio: DiskStudio) -> None:
    for number, names in enumerate((["1.png"], ["1.png", "2.png"])):
        form = with_photos(open_page(owner=f"{number}" * 32), *names)
        clicked = form.button(key="submit").click().root.get_widget_states()
        form.run()
        led_to = dict(form.query_params)
        form.query_params.clear()
        form._run(clicked)
        assert dict(form.query_params) == led_to
        assert len(studio.service.mine(f"{number}" * 32)) == len(names)
        form.query_params.clear()
        form.run().button(key="submit").click().run()  # the first photo once more
        assert len(studio.service.mine(f"{number}" * 32)) == len(names) + 1


def test_photos_that_wait_are_kept_while_another_form_is_sent(configure: Configure, open_page: OpenPage, studio: DiskStudio) -> None:
    configure(jobs_per_visitor=2)
    page = with_photos(open_page(), "1.png", "2.png", "3.png")
    page.button(key="submit").click().run()
    first = batch_of(page)
    page.button(key="another").click().run()
    assert "1 photo of an earlier form is not sent yet." in words(page)
    page.file_uploader(key="further_photos").set_value(files("5.png")).run()
    page.button(key="submit").click().run()
    assert mine(studio) == [JobState.QUEUED] * 2
    studio.end(studio.begin())
    page.query_params.clear()
    page.run().button(key="watch").click().run()
    assert batch_of(page) == first
    assert len(studio.service.mine(ANNA)) == 3


def test_a_form_leaves_the_sending_to_its_page_so_that_a_lost_connection_sends_nothing_again(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "current", lambda: Owner(ANNA, has_cookie=True, since=0.0))
    page = with_photos(open_page(), "1.png", "2.png")
    with monkeypatch.context() as lost:
        lost.setattr(batches.Batch, "send", lambda *_: None)
        page.button(key="submit").click().run()
    assert mine(studio) == []
    reloaded = open_page()
    assert reloaded.button(key="submit").label == "Paint it"
    assert "2 photos of an earlier form are not sent yet." in words(reloaded)
    reloaded.button(key="watch").click().run()
    page.run()
    assert len(studio.service.mine(ANNA)) == 2


def test_two_pages_that_send_the_same_batch_send_each_photo_once() -> None:
    sent: list[str] = []

    class SlowService:
        def submit(self, _viewer: str, order: Order, **_: object) -> None:
            time.sleep(0.01)
            sent.append(order.token)

    waiting = [batches.Waiting(Order(b"", [], str(number)), "", "", None) for number in range(8)]
    batch, visit = batches.Batch("0" * 32, list(waiting)), Visit(cast(Service, SlowService()), Owner(ANNA, has_cookie=True))
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(batch.send, visit)
    assert sent == [str(number) for number in range(8)]
    batch.waiting = list(waiting)
    batch.cancel()
    assert batch.waiting == []


def test_the_form_leads_back_to_the_page_of_all_of_them(open_page: OpenPage, studio: DiskStudio) -> None:
    page = with_photos(open_page(), "1.png", "2.png")
    page.button(key="submit").click().run()
    batch = batch_of(page)
    again = open_page()
    again.button(key="watch").click().run()
    assert batch_of(again) == batch
    assert "Painting 2 photos" in words(again)
