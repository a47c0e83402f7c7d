"""The public feed."""

import pytest
from streamlit.testing.v1 import AppTest

from nst.ui import gallery
from tests.ui.conftest import BERT, DiskStudio, OpenPage, words


def shown(page: AppTest) -> list[str]:
    """The ids of the entries, in order."""
    return [button.key.removeprefix("like_") for button in page.button if button.key and button.key.startswith("like_")]


def test_an_empty_gallery_says_what_to_do(open_page: OpenPage) -> None:
    assert "Nothing here yet" in words(open_page("gallery"))


def test_what_is_public_and_finished_is_shown_newest_first(open_page: OpenPage, studio: DiskStudio) -> None:
    first, second = studio.painted(public=True), studio.painted(public=True, owner=BERT)
    studio.painted()
    studio.submit(public=True)
    newest_first = [entry.job_id for entry in studio.service.feed().entries]
    page = open_page("gallery")
    assert shown(page) == newest_first
    assert set(newest_first) == {first.id, second.id}
    assert all(f"/?job={job_id}" in words(page) for job_id in newest_first)


def test_pages_follow_without_gap_or_repeat_while_new_paintings_arrive(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    for _ in range(5):
        studio.painted(public=True)
    page = open_page("gallery")
    assert len(shown(page)) == 2
    new = studio.painted(public=True)
    page.button(key="more").click().run()
    new_again = studio.painted(public=True)
    page.button(key="more").click().run()
    page.run()
    everything = [entry.job_id for entry in studio.service.feed().entries]
    assert shown(page) == everything[: len(shown(page))]
    assert {new.id, new_again.id} <= set(shown(page))
    assert len(shown(page)) >= 6


def test_what_was_asked_for_stays_when_newer_ones_disappear(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    jobs = [studio.painted(public=True) for _ in range(5)]
    page = open_page("gallery")
    page.button(key="more").click().run()
    newest, *others = shown(page)
    studio.service.make_private(newest, jobs[0].owner)
    assert shown(page.run())[:3] == others


def test_what_was_made_private_is_gone(open_page: OpenPage, studio: DiskStudio) -> None:
    job, stays = studio.painted(public=True), studio.painted(public=True)
    page = open_page("gallery")
    studio.service.make_private(job.id, job.owner)
    assert shown(page.run()) == [stays.id]


def test_the_gallery_is_filtered_by_style(open_page: OpenPage, studio: DiskStudio) -> None:
    studio.painted(public=True, style="tide-wash")
    glass = studio.painted(public=True, style="cathedral-glass")
    page = open_page("gallery")
    page.selectbox(key="style").select("cathedral-glass").run()
    assert shown(page) == [glass.id]


def test_paint_mine_like_this_takes_style_and_settings_along(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True, style="copperplate", strength=0.85)
    page = open_page(owner=BERT).switch_page("pages/gallery.py").run()
    page.button(key=f"like_{job.id}").click().run()
    assert "✓ Copperplate" in [button.label for button in page.button]
    assert page.slider(key="strength").value == 0.85
    assert dict(page.query_params) == {}  # what is taken off an address again is one more step back


def test_a_report_is_taken_and_enough_of_them_hide_a_painting(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page("gallery", owner=BERT)
    page.button(key=f"report_now_{job.id}").click().run()
    assert page.toast[0].value.startswith("Thank you")
    assert shown(page.run()) == []


def test_an_administrator_hides_and_lets_in_again(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page(owner=BERT).switch_page("pages/status.py").run()
    page.text_input(key="admin_token").set_value("sesame").run()
    page.switch_page("pages/gallery.py").run()
    page.button(key=f"hide_{job.id}").click().run()
    assert shown(page) == []
    page.switch_page("pages/status.py").run()
    page.text_input(key="admin_job").set_value(f"http://localhost/?job={job.id}").run()
    page.button(key="admin_show").click().run()
    assert [entry.job_id for entry in studio.service.feed().entries] == [job.id]


def test_a_wrong_token_hides_nothing(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page("status", owner=BERT)
    page.text_input(key="admin_token").set_value("guess").run()
    page.text_input(key="admin_job").set_value(job.id).run()
    page.button(key="admin_hide").click().run()
    assert "Only an administrator may do this" in words(page)
    assert len(studio.service.feed().entries) == 1
