"""The gallery in a real browser: what is published, opened, searched and liked there. All tests share one studio; each can run alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import (
    ANNA,
    NARROW,
    WIDE,
    OpenBrowser,
    Studio,
    button,
    choose_photo,
    element,
    publish,
    served,
    shoot,
)


def expect_liked(page: Page) -> None:
    """The form has the style of Anna's painting."""
    expect(button(page, "style_woodblock-surf")).to_contain_text("✓")


def test_a_published_painting_appears_in_galleries_that_are_open(studio: Studio, visitor: OpenBrowser, private_id: str) -> None:
    stranger, page = visitor(f"{studio.url}/gallery"), visitor(f"{studio.url}/?job={private_id}", owner=ANNA)
    expect(stranger.locator("h1")).to_be_visible()
    entry = element(stranger, f"entry_{private_id}")
    expect(entry).to_have_count(0)
    publish(page, private_id)
    shoot(page, "result-public-wide-light")
    expect(entry).to_be_visible()
    expect(entry.locator("img").first).to_have_js_property("complete", True)
    shoot(stranger, "gallery-wide-light")
    entry.locator("a").first.click()
    expect(element(stranger, "result")).to_be_visible()
    expect(button(stranger, f"like_{private_id}")).to_be_visible()
    assert stranger.request.get(f"{studio.url}/pictures/{private_id}/after").status == 200
    assert stranger.request.get(f"{studio.url}/pictures/{private_id}/before").status == 404
    button(stranger, f"report_{private_id}").click()
    button(stranger, f"report_now_{private_id}").click()
    expect(stranger.get_by_text("browser has been here an hour ago")).to_be_visible()


def test_a_painting_that_is_made_private_leaves_galleries_that_are_open(studio: Studio, visitor: OpenBrowser, public_id: str) -> None:
    stranger, page = visitor(f"{studio.url}/gallery"), visitor(f"{studio.url}/my_pictures", owner=ANNA)
    entry = element(stranger, f"entry_{public_id}")
    expect(entry).to_be_visible()
    expect(element(page, f"mine_{public_id}")).to_be_visible()
    shoot(page, "my-pictures-wide-light")
    button(page, f"make_private_{public_id}").click()
    expect(entry).to_have_count(0)
    assert stranger.request.get(f"{studio.url}/pictures/{public_id}/after").status == 404


def test_a_gallery_without_paintings_says_so(studio: Studio, visitor: OpenBrowser) -> None:
    page = visitor(f"{studio.url}/gallery?style=Tide+Wash")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    shoot(page, "gallery-empty-wide-light")


def test_the_gallery_opens_as_the_first_page_of_a_new_server(studio: Studio, visitor: OpenBrowser, public_id: str) -> None:
    with served(studio.data_dir, NST_OWN_WORKER="false") as fresh:
        page = visitor(f"{fresh.url}/gallery")
        expect(element(page, f"entry_{public_id}")).to_be_visible()
        expect(page.get_by_role("link", name="My pictures").first).to_be_visible()
        button(page, f"like_{public_id}").click()
        expect_liked(page)
        expect(page.locator("h1")).to_be_focused()
        page.go_back()
        expect(element(page, f"entry_{public_id}")).to_be_visible()
        assert page.url == f"{fresh.url}/gallery"


def test_a_painting_opens_as_the_first_page_of_a_new_server(studio: Studio, visitor: OpenBrowser, public_id: str) -> None:
    with served(studio.data_dir, NST_OWN_WORKER="false") as fresh:
        page = visitor(f"{fresh.url}/?job={public_id}")
        expect(element(page, "result")).to_be_visible()
        button(page, f"like_{public_id}").click()
        expect_liked(page)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_picture_of_the_gallery_opens_within_the_visit(
    studio: Studio, visitor: OpenBrowser, photo: Path, public_id: str, viewport: dict[str, int]
) -> None:
    page = visitor(studio.url, viewport=viewport)
    choose_photo(page, photo)
    page.get_by_role("link", name="Gallery").locator("visible=true").click()
    element(page, f"entry_{public_id}").locator("a.card").click()
    expect(element(page, "result")).to_be_visible()
    expect(page).to_have_url(f"{studio.url}/?job={public_id}")
    button(page, f"like_{public_id}").click()
    expect(page.locator(".chosen-photo figcaption")).to_have_text(photo.name)
    page.go_back()
    page.go_back()
    expect(element(page, f"entry_{public_id}")).to_be_visible()
    page.locator("a.frame").click()
    expect(page).to_have_url(re.compile(r"\?job="))
    expect(element(page, "result")).to_be_visible()


def test_a_painting_gets_a_title_is_found_and_is_liked(studio: Studio, visitor: OpenBrowser, private_id: str) -> None:
    page = visitor(f"{studio.url}/?job={private_id}", owner=ANNA)
    button(page, f"publish_{private_id}").click()
    page.get_by_label("Title").fill("<b>Rough</b> sea")
    button(page, f"publish_now_{private_id}").click()
    expect(page.locator("h1")).to_have_text("<b>Rough</b> sea")
    stranger = visitor(f"{studio.url}/gallery")
    search = stranger.get_by_label("Search")
    for query, count in (("nothing like it", 0), ("rough hokusai", 1)):
        search.fill(query)
        search.press("Enter")
        expect(stranger.locator(".card")).to_have_count(count)
    button(stranger, f"heart_{private_id}").click()
    expect(button(stranger, f"heart_{private_id}")).to_have_text(re.compile("Liked · 1$"))
    stranger.get_by_role("radio", name="Most liked").or_(stranger.get_by_role("button", name="Most liked")).click()
    expect(stranger.locator(".card-words b").first).to_have_text("<b>Rough</b> sea")
    shoot(stranger, "gallery-liked-wide-light")
    studio.service.gallery.set_title(private_id, ANNA, "")
