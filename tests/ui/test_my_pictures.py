"""The My pictures page."""

import re
import time
from html import unescape
from urllib.parse import parse_qs

import pytest

from nst.domain import JobProgress, Outcome
from nst.errors import StoreUnavailable
from nst.service import Service
from nst.ui import my_pictures, owner, texts
from nst.ui.owner import Owner
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.studio import DAY
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


def test_several_pictures_are_selected_and_deleted(open_page: OpenPage, studio: DiskStudio) -> None:
    first, second, third = (studio.painted(public=number == 0) for number in range(3))
    page = open_page("my_pictures")
    assert f"select_{first.id}" not in keys(page, "checkbox")
    page.toggle(key="selecting").set_value(True).run()
    assert page.button(key="select_none").disabled
    page.checkbox(key=f"select_{first.id}").check()
    page.checkbox(key=f"select_{third.id}").check().run()
    assert "Delete 2 pictures for good?" in words(page)
    page.button(key="delete_selected_now").click().run()
    assert not page.exception
    assert [job.id for job in studio.service.mine(ANNA)] == [second.id]
    assert studio.service.feed().entries == ()
    assert {found.key.rpartition("/")[2].partition(".")[0] for found in studio.backend.objects.listing()} == {second.id}
    assert page.toast[0].value == "2 pictures are deleted."


def test_what_cannot_be_deleted_now_stays_selected(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, delete = [studio.painted() for _ in range(3)], type(studio.service).delete
    page = open_page("my_pictures")
    page.toggle(key="selecting").set_value(True).run()
    page.button(key="select_all").click().run()

    def fails_once_one_is_deleted(service: Service, job_id: str, viewer: str) -> None:
        if len(service.mine(viewer)) < 3:
            raise StoreUnavailable("The studio's database does not answer.")
        delete(service, job_id, viewer)

    with monkeypatch.context() as away:
        away.setattr(Service, "delete", fails_once_one_is_deleted)
        page.button(key="delete_selected_now").click().run()
    assert not page.exception
    assert [toast.value for toast in page.toast] == ["The studio's database does not answer.", "1 picture is deleted."]
    assert [job.id for job in studio.service.mine(ANNA)] == [jobs[1].id, jobs[0].id]
    assert "2 pictures selected" in words(page)


def test_all_pictures_are_selected_for_one_zip_file(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    painted = [studio.painted() for _ in range(3)]
    studio.submit()
    page = open_page("my_pictures")
    page.toggle(key="selecting").set_value(True).run()
    page.button(key="select_all").click().run()
    assert "4 pictures selected" in words(page)
    assert "Download ZIP" not in words(page)  # without a cookie, the server could not know whose they are
    monkeypatch.setattr(owner, "current", lambda: Owner(ANNA, has_cookie=True, since=0.0))
    page.run()
    link = re.search(r'href="/archives/paintings\.zip\?([^"]+)" download>Download ZIP \(3\)<', words(page))
    assert link is not None
    assert sorted(parse_qs(unescape(link[1]))["job"]) == sorted(job.id for job in painted)
    page.button(key="select_none").click().run()
    assert "Download ZIP" not in words(page)
    page.toggle(key="selecting").set_value(False).run()
    assert not keys(page, "checkbox")


@pytest.mark.parametrize("path", ["my_pictures", "create"])
def test_a_private_painting_is_kept_longer(open_page: OpenPage, studio: DiskStudio, path: str) -> None:
    job = studio.painted()
    soon = time.time() + 3 * DAY
    studio.backend.jobs.keep(job.id, soon)
    page = open_page("my_pictures") if path == "my_pictures" else open_page(job=job.id)
    assert texts.kept(soon) in words(page)
    button = page.button(key=f"keep_{job.id}")
    assert button.label == f"Keep until {texts.day(soon + 7 * DAY)}"
    button.click().run()
    assert texts.kept(soon + 7 * DAY) in words(page)
