"""The Gallery page."""

import pytest
from streamlit.testing.v1 import AppTest

from nst.domain import FeedOrder, StyleParams
from nst.gateway.answers import ImageAnswer
from nst.samples import SAMPLES
from nst.service import Order, RegionChoice, StyleChoice
from nst.service.rebuilding import rebuild_feed
from nst.store.sqlite import feed as sqlite_feed
from nst.ui import gallery, owner
from nst.ui.examples import EXAMPLES
from nst.ui.index_page import ASSETS
from nst.ui.owner import Owner
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.pictures import picture_bytes
from tests.ui.conftest import OpenPage


def shown(page: AppTest) -> list[str]:
    """The ids of the entries, in order."""
    return [button.key.removeprefix("like_") for button in page.button if button.key and button.key.startswith("like_")]


def test_an_empty_gallery_says_what_to_do_and_shows_examples_until_something_is_published(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page("gallery")
    assert "Nothing here yet" in words(page)
    assert words(page).count("Example</span>") == len(EXAMPLES)
    assert studio.service.feed().entries == ()
    studio.painted(public=True)
    assert "Example" not in words(page.run())


def test_a_search_that_finds_nothing_shows_no_examples(open_page: OpenPage) -> None:
    page = open_page("gallery")
    page.text_input(key="search").set_value("rocket").run()
    assert "Nothing found" in words(page)
    assert "Example" not in words(page)


@pytest.mark.parametrize("has_photo", [False, True])
def test_an_example_opens_the_form_with_its_style_and_leaves_a_chosen_photo(open_page: OpenPage, has_photo: bool) -> None:
    page = open_page()
    if has_photo:
        page.button(key="sample_cat").click().run()
    page.switch_page("pages/gallery.py").run()
    page.button(key="try_coffee-tide-wash").click().run()
    assert "✓ Tide Wash" in [button.label for button in page.button]
    assert page.session_state["draft"].photo.alt == ("Chelsea the cat" if has_photo else "A cup of coffee")


def test_examples_are_paintings_of_sample_photos_in_bundled_styles(studio: DiskStudio) -> None:
    assert {each.style for each in EXAMPLES} <= {entry.id for entry in studio.service.styles()}
    assert {each.photo for each in EXAMPLES} <= {sample.name for sample in SAMPLES}
    files = {file.stem.removeprefix("example-"): file for file in ASSETS.glob("example-*.webp")}
    assert files.keys() == {each.name for each in EXAMPLES}
    assert sum(file.stat().st_size for file in files.values()) < 500_000


def test_public_finished_paintings_are_shown_newest_first(open_page: OpenPage, studio: DiskStudio) -> None:
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


def test_further_pages_stay_when_newer_paintings_disappear(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    jobs = [studio.painted(public=True) for _ in range(5)]
    page = open_page("gallery")
    page.button(key="more").click().run()
    newest, *others = shown(page)
    studio.service.make_private(newest, jobs[0].owner)
    assert shown(page.run())[:3] == others


def test_a_painting_that_was_made_private_disappears(open_page: OpenPage, studio: DiskStudio) -> None:
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


def test_a_report_is_taken_and_enough_of_them_hide_a_painting(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = studio.painted(public=True)
    page = open_page("gallery", owner=BERT)
    page.button(key=f"report_now_{job.id}").click().run()
    assert "browser has been here an hour ago" in page.error[0].value
    monkeypatch.setattr(owner, "current", lambda: Owner(BERT, has_cookie=True, since=0.0))
    page.run().button(key=f"report_now_{job.id}").click().run()
    assert page.toast[0].value.startswith("Thank you")
    assert shown(page.run()) == []


def test_an_administrator_hides_and_restores(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page(owner=BERT).switch_page("pages/status.py").run()
    page.text_input(key="admin_token").set_value("sesame-of-16-characters").run()
    page.switch_page("pages/gallery.py").run()
    page.button(key=f"hide_{job.id}").click().run()
    assert shown(page) == []
    page.switch_page("pages/status.py").run()
    page.text_input(key="admin_job").set_value(f"http://localhost/?job={job.id}").run()
    page.button(key="admin_show").click().run()
    assert [entry.job_id for entry in studio.service.feed().entries] == [job.id]


@pytest.mark.parametrize("link", ["http://localhost/?job={}", "https://a-long-name-of-a-host.example/pictures/{}/after?v=1-0.5", " {} "])
def test_an_administrator_hides_a_painting_whose_id_a_program_chose(open_page: OpenPage, studio: DiskStudio, link: str) -> None:
    job_id = "an0id0that0a0program0chose00"
    studio.service.submit(ANNA, Order(picture_bytes(), [StyleChoice("tide-wash")], "form", StyleParams(), True, job_id))
    studio.end(studio.begin())
    page = open_page("status", owner=BERT)
    page.text_input(key="admin_token").set_value("sesame-of-16-characters").run()
    page.text_input(key="admin_job").set_value(link.format(job_id)).run()
    page.button(key="admin_hide").click().run()
    assert studio.service.feed().entries == ()


def test_a_wrong_token_hides_nothing(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    page = open_page("status", owner=BERT)
    page.text_input(key="admin_token").set_value("guess").run()
    assert "Only an administrator may do this" in words(page)
    assert "admin_hide" not in keys(page)
    for _ in range(9):
        page.run()
    page.text_input(key="admin_token").set_value("sesame-of-16-characters").run()
    assert "admin_hide" in keys(page)
    assert job.id in [entry.job_id for entry in studio.service.feed().entries]
    assert len(studio.service.feed().entries) == 1


def test_a_title_is_shown_as_text_with_the_style_below_it(open_page: OpenPage, studio: DiskStudio) -> None:
    job = studio.painted(public=True)
    studio.service.gallery.set_title(job.id, job.owner, "<b>Evening</b>")
    said = words(open_page("gallery"))
    assert "<b>&lt;b&gt;Evening&lt;/b&gt;</b><span>Tide Wash · " in said


def test_a_visitor_likes_a_painting_and_takes_it_back(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.painted(public=True)
    heart = f"heart_{job.id}"
    page = open_page("gallery", owner=BERT)
    page.button(key=heart).click().run()
    assert page.toast[0].value.startswith("Allow cookies")
    assert page.button(key=heart).label == "Like"
    monkeypatch.setattr(owner, "current", lambda: Owner(BERT, has_cookie=True, since=0.0))
    page.run()
    labels = [page.button(key=heart).click().run().button(key=heart).label for _ in range(2)]
    assert labels == ["Liked · 1", "Like"]
    assert not page.exception


def test_the_most_liked_come_first_if_the_visitor_wants_it(open_page: OpenPage, studio: DiskStudio) -> None:
    old, new = studio.painted(public=True), studio.painted(public=True)
    studio.service.gallery.like(old.id, BERT, liked=True)
    page = open_page("gallery")
    assert shown(page) == [new.id, old.id]
    page.get("button_group")[0].set_value(FeedOrder.LIKED).run()
    assert shown(page) == [old.id, new.id]
    studio.service.make_private(old.id, old.owner)
    assert shown(page.run()) == [new.id]


def test_the_gallery_is_searched_by_title_and_by_words_of_styles(open_page: OpenPage, studio: DiskStudio) -> None:
    tide, glass = studio.painted(public=True), studio.painted(public=True, style="cathedral-glass")
    studio.service.gallery.set_title(tide.id, tide.owner, "Évening")
    page = open_page("gallery")
    for query, wanted in (("even", [tide.id]), ("stained glass", [glass.id]), ("evening glass", []), ("", [glass.id, tide.id])):
        page.text_input(key="search").set_value(query).run()
        assert shown(page) == wanted
        assert ("Nothing found" in words(page)) is (not wanted)


def test_pages_of_the_most_liked_follow_each_other(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    jobs = [studio.painted(public=True) for _ in range(5)]
    for number, job in enumerate(jobs):
        for visitor in range(number % 3):
            studio.service.gallery.like(job.id, f"visitor {visitor}", liked=True)
    page = open_page("gallery")
    page.get("button_group")[0].set_value(FeedOrder.LIKED).run()
    for _ in range(2):
        page.button(key="more").click().run()
    assert shown(page) == [jobs[number].id for number in (2, 4, 1, 3, 0)]


def test_a_painting_that_loses_a_like_between_two_reads_is_shown_once(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page may be two seconds old, and another server has taken the like since."""
    monkeypatch.setattr(gallery, "PAGE", 2)
    jobs = [studio.painted(public=True) for _ in range(3)]
    for job in jobs[:2]:
        studio.service.gallery.like(job.id, BERT, liked=True)
    page = open_page("gallery")
    page.get("button_group")[0].set_value(FeedOrder.LIKED).run()
    monkeypatch.setattr("nst.service.feed_head.HEAD_SECONDS", 1e9)
    studio.service.gallery.head(2, None, FeedOrder.LIKED)
    studio.backend.feed.like(jobs[0].id, BERT, False, 0.0)
    page.button(key="more").click().run()
    assert not page.error
    assert shown(page) == [job.id for job in (jobs[1], jobs[0], jobs[2])]


def test_what_is_not_known_of_a_rebuilt_painting_is_not_made_up(open_page: OpenPage, studio: DiskStudio) -> None:
    job_id = "ab" * 16
    studio.backend.objects.put(f"public/output/{job_id}.jpg", picture_bytes())
    assert rebuild_feed(studio.backend) == 1
    page = open_page("gallery")
    assert "Unknown style" in words(page)
    assert " px" not in words(page)
    page = open_page(job=job_id, owner=BERT)
    assert "Everything needed to paint it again" not in words(page)
    page.button(key=f"like_{job_id}").click().run()
    assert not page.error
    assert "Its style and its settings are not known." in words(page)


def test_a_search_that_has_found_nothing_yet_is_continued(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_feed, "_FEW", 1)
    monkeypatch.setattr(sqlite_feed, "_LOOKED_AT", 2)
    jobs = [studio.painted(public=True) for _ in range(5)]
    for number, job in enumerate(jobs):
        studio.service.gallery.set_title(job.id, ANNA, "Night sea" if number < 2 else "Night" if number < 4 else "Sea")
    page = open_page("gallery", search="sea night")
    assert "Nothing found yet" in words(page)
    page.button(key="more").click().run()
    assert "Nothing found" not in words(page)
    assert words(page).count("<b>Night sea</b>") == 2


def test_a_painting_in_parts_is_named_and_found_by_all_its_styles(open_page: OpenPage, studio: DiskStudio) -> None:
    regions = [RegionChoice("sky", [StyleChoice("starlit-swirl")]), RegionChoice("subject", [StyleChoice("paper-garden")])]
    order = Order(picture_bytes(), [StyleChoice("starlit-swirl")], "form", public=True, regions=regions)
    job = studio.service.submit(ANNA, order)
    studio.end(studio.begin())
    (entry,) = studio.service.feed().entries
    assert ImageAnswer.of(entry, "", lambda _: None).styles == ["starlit-swirl", "paper-garden"], (
        "programs are told the styles that they can ask for"
    )
    for style in ("Starlit Swirl", "Paper Garden"):
        page = open_page("gallery", style=style)
        assert shown(page) == [job.id]
        assert "<b>Starlit Swirl and Paper Garden</b>" in words(page)
    assert shown(open_page("gallery", style="Tide Wash")) == []
    assert ">Starlit Swirl and Paper Garden</h1>" in words(open_page(job=job.id))


def test_what_a_visitor_likes_is_a_list_of_its_own(open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    jobs = [studio.painted(public=True) for _ in range(5)]
    page = open_page("gallery", owner=BERT)
    page.get("button_group")[0].set_value("mine").run()
    assert "Press the heart" in words(page)
    for job in jobs[1:4]:
        studio.service.gallery.like(job.id, BERT, liked=True)
    studio.service.gallery.like(jobs[0].id, ANNA, liked=True)
    assert shown(page.run()) == [jobs[3].id, jobs[2].id]
    assert page.text_input(key="search").disabled
    assert page.selectbox(key="style").disabled
    assert shown(page.button(key="more").click().run()) == [jobs[3].id, jobs[2].id, jobs[1].id]
    monkeypatch.setattr(owner, "current", lambda: Owner(BERT, has_cookie=True, since=0.0))
    page.run()
    assert shown(page.button(key=f"heart_{jobs[2].id}").click().run()) == [jobs[3].id, jobs[1].id]
    assert len(shown(page.get("button_group")[0].set_value("newest").run())) == 2
    assert not page.text_input(key="search").disabled


@pytest.mark.parametrize("order", ["best", "", "newest"])
def test_an_order_in_the_address_may_be_anything(open_page: OpenPage, studio: DiskStudio, order: str) -> None:
    job = studio.painted(public=True)
    page = open_page("gallery", order=order)
    assert not page.exception
    assert shown(page) == [job.id]
