"""The way through a full gallery in a real browser: choices, Back, the showcase, long pictures, likes."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from nst.domain import Job
from tests.e2e.conftest import ANNA, NARROW, WIDE, OpenBrowser, Studio, button, element, shoot
from tests.e2e.stored import stored
from tests.support.waiting import until


@pytest.fixture
def full_gallery(quiet: Studio) -> Iterator[list[Job]]:
    jobs = [stored(quiet, public=True, style=("tide-wash", "copperplate")[number % 2], at=time.time() - number) for number in range(60)]
    yield jobs
    for job in jobs:
        quiet.service.delete(job.id, ANNA)


def test_back_takes_back_a_choice_in_the_gallery_before_it_leaves_it(quiet: Studio, visitor: OpenBrowser, full_gallery: list[Job]) -> None:
    page = visitor(quiet.url)
    page.get_by_role("link", name="Gallery").locator("visible=true").click()
    style, order, search = (element(page, key) for key in ("style", "order", "search"))

    def expect_choice(of_style: str, of_order: str, wanted: str, address: str) -> None:
        expect(style.locator("input")).to_have_value(of_style)
        expect(order.locator("[aria-checked=true]")).to_have_text(of_order)
        expect(search.locator("input")).to_have_value(wanted)
        expect(page).to_have_url(f"{quiet.url}/gallery{address}")

    expect_choice("", "Newest", "", "")
    style.locator("input").click()
    page.get_by_role("option", name="Copperplate").click()
    expect_choice("Copperplate", "Newest", "", "?style=Copperplate")
    order.get_by_text("Most liked").click()
    expect_choice("Copperplate", "Most liked", "", "?style=Copperplate&order=liked")
    for word in ("pencil", "drawing", "ink"):
        search.locator("input").fill(word)
        search.locator("input").press("Enter")
        expect_choice("Copperplate", "Most liked", word, f"?search={word}&style=Copperplate&order=liked")
    for step in range(2):  # the second time after Forward
        page.go_back()  # one step for all words of the search
        expect_choice("Copperplate", "Most liked", "", "?style=Copperplate&order=liked")
        page.go_back()
        expect_choice("Copperplate", "Newest", "", "?style=Copperplate")
        if not step:
            page.go_forward()
            expect_choice("Copperplate", "Most liked", "", "?style=Copperplate&order=liked")
            page.go_forward()
            expect_choice("Copperplate", "Most liked", "ink", "?search=ink&style=Copperplate&order=liked")
    page.locator("a.card").nth(3).click()
    expect(element(page, "result")).to_be_visible()
    page.go_back()
    expect_choice("Copperplate", "Newest", "", "?style=Copperplate")
    page.reload()
    expect_choice("Copperplate", "Newest", "", "?style=Copperplate")
    page.go_back()
    expect_choice("", "Newest", "", "")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Turn a photo into a painting")


def test_steps_in_quick_succession_end_where_the_address_says(quiet: Studio, visitor: OpenBrowser, full_gallery: list[Job]) -> None:
    page = visitor(f"{quiet.url}/gallery")
    order = element(page, "order")
    for label, address in (("Most liked", "?order=liked"), ("Liked by me", "?order=mine")):
        order.get_by_text(label).click()
        expect(page).to_have_url(f"{quiet.url}/gallery{address}")
    page.evaluate("history.back(); setTimeout(() => history.back(), 30); setTimeout(() => history.forward(), 60)")
    expect(order.locator("[aria-checked=true]")).to_have_text("Most liked")
    page.wait_for_timeout(1500)
    expect(page).to_have_url(f"{quiet.url}/gallery?order=liked")
    expect(order.locator("[aria-checked=true]")).to_have_text("Most liked")
    page.go_back()
    expect(order.locator("[aria-checked=true]")).to_have_text("Newest")


def test_the_showcase_is_turned_by_buttons_and_by_swiping(quiet: Studio, visitor: OpenBrowser, full_gallery: list[Job]) -> None:
    page = visitor(f"{quiet.url}/gallery", viewport=NARROW, has_touch=True, reduced_motion="reduce")
    frame: Any = page.locator("a.frame")
    newest = [f"/?job={job.id}" for job in full_gallery[:6]]
    expect(frame).to_have_attribute("href", newest[5])  # the newest is the first card, just below
    page.get_by_role("button", name="Next").click()
    expect(frame).to_have_attribute("href", newest[4])
    page.get_by_role("button", name="Previous").click()
    touch, area = page.context.new_cdp_session(page), frame.bounding_box()
    for start, end, shown in ((0.8, 0.2, 4), (0.2, 0.8, 5), (0.2, 0.8, 0)):
        places = [(area["x"] + area["width"] * share, area["y"] + 60) for share in (start, (start + end) / 2, end)]
        for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), places, strict=True):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(frame).to_have_attribute("href", newest[shown])
    assert page.locator("[data-testid=stMain]").evaluate("element => element.scrollWidth <= element.clientWidth")
    expect(page).to_have_url(f"{quiet.url}/gallery")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("size", [(128, 512), (512, 120)], ids=["tall", "panorama"])
def test_the_words_on_a_long_picture_are_clear_of_the_divider(
    quiet: Studio, visitor: OpenBrowser, viewport: dict[str, int], size: tuple[int, int]
) -> None:
    job = stored(quiet, size=size)
    page = visitor(f"{quiet.url}/?job={job.id}", owner=ANNA, viewport=viewport, reduced_motion="reduce")
    compare = element(page, "compare")
    divider = compare.locator(".divider")
    for share in (None, "10", "50", "95"):
        if share:
            compare.get_by_role("slider").fill(share)
        place = divider.bounding_box()["x"]
        left, right = compare.locator(".left"), compare.locator(".right")
        shown = [tag for tag in (left, right) if tag.evaluate("tag => tag.style.opacity") == "1"]
        assert share not in (None, "50") or len(shown) == 2
        assert all(tag.bounding_box()["x"] > place for tag in shown if tag is right)
        assert all(tag.bounding_box()["x"] + tag.bounding_box()["width"] < place for tag in shown if tag is left)
    shoot(page, f"long-{size[0]}-{viewport['width']}")
    quiet.service.delete(job.id, ANNA)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_back_from_a_painting_the_gallery_is_where_it_was(
    quiet: Studio, visitor: OpenBrowser, full_gallery: list[Job], viewport: dict[str, int]
) -> None:
    page = visitor(f"{quiet.url}/gallery", viewport=viewport)
    cards = page.locator("[class*='st-key-entry_']")
    element(page, "style").locator("input").click()
    page.get_by_role("option", name="Copperplate").click()
    element(page, "order").get_by_text("Most liked").click()
    expect(page).to_have_url(re.compile(r"style=Copperplate&order=liked"))
    button(page, "more").click()
    expect(cards).to_have_count(30)
    last = cards.nth(27)
    last.scroll_into_view_if_needed()
    top = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    assert top > 500
    last.locator("a.card").click()
    expect(element(page, "result")).to_be_visible()
    page.go_back()
    expect(cards).to_have_count(30)
    expect(element(page, "order").locator("[aria-checked=true]")).to_have_text("Most liked")
    expect(element(page, "style").locator("input")).to_have_value("Copperplate")
    until(lambda: abs(page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") - top) < 5, 20)
    expect(last).to_be_in_viewport()
    page.get_by_role("link", name="My pictures").locator("visible=true").click()
    expect(page.locator("h1")).to_have_text("My pictures")
    page.get_by_role("link", name="Gallery").locator("visible=true").click()
    expect(element(page, "style").locator("input")).to_have_value("Copperplate")
    expect(cards.first).to_be_visible()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") < 100


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_a_visitor_finds_what_they_like(
    quiet: Studio, visitor: OpenBrowser, full_gallery: list[Job], viewport: dict[str, int], scheme: str
) -> None:
    page = visitor(f"{quiet.url}/gallery", viewport=viewport, color_scheme=scheme)
    liked = full_gallery[3]
    button(page, f"heart_{liked.id}").click()
    expect(button(page, f"heart_{liked.id}")).to_contain_text("Liked")
    element(page, "order").get_by_text("Liked by me").click()
    expect(page.locator("[class*='st-key-entry_']")).to_have_count(1)
    expect(element(page, f"entry_{liked.id}")).to_be_visible()
    shoot(page, f"liked-{scheme}-{viewport['width']}")
    page.reload()
    expect(page.locator("[class*='st-key-entry_']")).to_have_count(1)
    button(page, f"heart_{liked.id}").click()
    expect(page.get_by_text("Press the heart below a painting")).to_be_visible()
