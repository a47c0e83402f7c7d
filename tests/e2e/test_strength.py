"""The sketch while the strength is being changed, in a real browser with the real engine."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import FADED, NARROW, PATIENCE, WIDE, OpenBrowser, Studio, choose_photo, element, evaluated, shoot

FRAMES = "count => document.querySelectorAll('figure.sketch .fade img').length === count"
ALL = 5  # the photo, and sketches at four strengths


def seen(page: Page) -> np.ndarray:
    picture = Image.open(BytesIO(page.locator("figure.sketch").screenshot())).convert("RGB")
    return np.asarray(picture.resize((64, 48)), dtype=float)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


def number(page: Page) -> int:
    return int(page.locator("figure.sketch").get_attribute("data-number") or 0)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "phone"])
def test_the_sketch_follows_the_strength_while_it_is_dragged(
    studio: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int]
) -> None:
    page = visitor(studio.url, viewport=viewport)
    choose_photo(page, photo)
    expect(page.get_by_text("This is how it will look.")).to_be_visible(timeout=PATIENCE)
    track = element(page, "strength").get_by_role("group")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    middle, before, first = box["y"] + box["height"] / 2, number(page), seen(page)
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], middle)
    evaluated(page, FRAMES, ALL)
    strong = seen(page)
    shoot_strong = page.locator("figure.sketch .fade")
    expect(shoot_strong).to_be_visible()
    page.mouse.move(box["x"] + 0.05 * box["width"], middle)
    weak = seen(page)
    page.mouse.move(box["x"] + 0.9 * box["width"], middle)
    assert difference(strong, seen(page)) < 1
    assert difference(strong, weak) > 10
    assert difference(first, weak) > 5
    assert number(page) == before, "nothing has been asked of the server"
    page.mouse.up()
    evaluated(page, FRAMES, 0)
    assert number(page) > before
    expect(page.locator("figure.sketch:not(.busy)")).to_be_visible()
    page.evaluate(FADED)
    assert difference(strong, seen(page)) < 8
    shoot(page, f"strength-{viewport['width']}")


def test_the_sketch_follows_the_keyboard(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url)
    choose_photo(page, photo)
    expect(page.locator("figure.sketch:not(.busy)")).to_be_visible()
    slider = element(page, "strength").get_by_role("slider")
    with page.expect_response("**/sketches/*"):
        slider.focus()
    before = number(page)
    expect(slider).to_have_attribute("aria-valuetext", "50%")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100%")
    expect(page.locator("figure.sketch:not(.busy)")).to_have_attribute("data-number", str(before + 1))
    evaluated(page, FRAMES, 0)
    assert page.locator("figure.sketch > img").get_attribute("alt", timeout=1000) == (
        "A sketch of the painting in the style Starlit Swirl, 100 percent style"
    )
