"""Cropping, turning and straightening a photo in a real browser, with mouse, keyboard and finger."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NARROW, WIDE, OpenBrowser, Studio, button, choose_photo, element, shoot
from tests.e2e.stored import stored_photo


def open_crop(page: Page, photo: Path) -> Any:
    """Returns the stage."""
    choose_photo(page, photo)
    button(page, "crop_photo").click()
    stage = element(page, "crop").locator(".stage")
    expect(stage).to_be_visible()
    return stage


def test_a_photo_is_cropped_and_turned_with_mouse_and_keyboard(quiet: Studio, visitor: OpenBrowser, tmp_path: Path) -> None:
    page = visitor(quiet.url, viewport={**WIDE, "height": 1400})
    picture = Image.new("RGB", (600, 400), "navy")
    picture.paste("gold", (300, 0, 600, 400))
    photo = tmp_path / "halves.png"
    picture.save(photo)
    stage = open_crop(page, photo)
    shoot(page, "crop-wide")
    area = stage.bounding_box()
    page.mouse.move(area["x"] + 2, area["y"] + area["height"] / 2)  # the left edge, to the middle
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2, steps=4)
    page.mouse.up()
    tools = element(page, "crop")
    expect(tools.get_by_role("status")).to_have_text("50 % of the width and 100 % of the height are used.")
    tools.get_by_role("button", name="Turn right").click()
    expect(tools.get_by_role("status")).to_have_text("100 % of the width and 50 % of the height are used.")
    button(page, "submit").click()
    expect(page.get_by_text("You are cropping your photo.")).to_be_visible()
    frame = tools.get_by_role("application")
    frame.focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowUp")
    expect(tools.get_by_role("status")).to_have_text("100 % of the width and 40 % of the height are used.")
    tools.get_by_role("button", name="Use this part").click()
    expect(tools).to_have_count(0)
    button(page, "submit").click()
    page.wait_for_url(re.compile(r"\?job=[0-9a-f]{32}"))
    kept = stored_photo(quiet, page, page.url.rpartition("=")[2])
    assert kept.width == 400
    assert 236 <= kept.height <= 244
    assert kept.resize((1, 1)).getpixel((0, 0)) == pytest.approx((255, 215, 0), abs=8)


def test_a_photo_is_cropped_by_finger_and_the_whole_is_used_again(quiet: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(quiet.url, viewport=NARROW, has_touch=True, color_scheme="dark")
    stage = open_crop(page, photo)
    tools = element(page, "crop")
    tools.get_by_role("button", name="Use this part").click(trial=True)  # which fails where something covers it
    tools.get_by_text("Square").click()
    touch = page.context.new_cdp_session(page)
    area = stage.bounding_box()
    frame = tools.get_by_role("application").bounding_box()
    start = (frame["x"] + frame["width"] - 3, frame["y"] + frame["height"] - 3)
    end = (area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.6)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start[0], "y": start[1]}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": end[0], "y": end[1]}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shoot(page, "crop-narrow")
    smaller = tools.get_by_role("application").bounding_box()
    assert smaller["width"] == pytest.approx(smaller["height"], abs=3)
    assert smaller["width"] < frame["width"] - 20
    tools.get_by_role("button", name="Use this part").click()
    expect(tools).to_have_count(0)
    chosen = page.locator(".chosen-photo img")
    assert chosen.evaluate("async image => { await image.decode(); return image.naturalWidth / image.naturalHeight; }") == pytest.approx(
        1, abs=0.02
    )
    button(page, "crop_photo").click()
    tools.get_by_role("button", name="Whole photo").click()
    tools.get_by_role("button", name="Use this part").click()
    expect(tools).to_have_count(0)
    assert chosen.evaluate("async image => { await image.decode(); return image.naturalWidth / image.naturalHeight; }") > 1.2


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_a_tilted_photo_is_straightened_without_empty_corners(
    quiet: Studio, visitor: OpenBrowser, tmp_path: Path, viewport: dict[str, int], scheme: str
) -> None:
    page = visitor(quiet.url, viewport=viewport, color_scheme=scheme, has_touch=viewport is NARROW)
    large = Image.new("RGB", (1400, 1200), "gold")
    large.paste("navy", (0, 600, 1400, 1200))
    photo = tmp_path / "tilted.png"
    large.rotate(-6, Image.Resampling.BICUBIC).crop((250, 300, 1150, 900)).save(photo)  # its horizon falls to the right
    stage = open_crop(page, photo)
    tools = element(page, "crop")
    slider = tools.get_by_role("slider", name="Straighten")
    middle = slider.bounding_box()
    (page.touchscreen.tap if viewport is NARROW else page.mouse.click)(middle["x"] + middle["width"] * 0.3, middle["y"] + 22)
    assert -7.5 < float(slider.input_value()) < -4.5
    slider.press("Home")
    for _ in range(90):
        slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "6 degrees to the left")
    expect(tools.locator("output")).to_have_text("\u22126°")
    expect(tools.locator(".frame b")).to_have_css("opacity", "1")  # the grid
    shoot(page, f"straighten-{scheme}-{viewport['width']}")
    expect(tools.locator(".frame b")).to_have_css("opacity", "0")
    frame, area = tools.get_by_role("application"), stage.bounding_box()
    before = frame.bounding_box()
    page.mouse.move(before["x"] + 3, before["y"] + 3)  # the corner, to that of the stage
    page.mouse.down()
    page.mouse.move(area["x"], area["y"], steps=4)
    page.mouse.up()
    assert frame.bounding_box() == pytest.approx(before, abs=2), "what would be empty is not taken"
    tools.get_by_role("button", name="Use this part").click()
    expect(tools).to_have_count(0)
    button(page, "submit").click()
    page.wait_for_url(re.compile(r"\?job=[0-9a-f]{32}"))
    kept = stored_photo(quiet, page, page.url.rpartition("=")[2])
    assert kept.width / kept.height == pytest.approx(1.5, abs=0.01)
    assert kept.width == pytest.approx(900 * 600 / (900 * 0.10453 + 600 * 0.99452), abs=3)
    upper, lower = kept.crop((0, 0, kept.width, kept.height // 2 - 6)), kept.crop((0, kept.height // 2 + 6, *kept.size))
    assert upper.resize((1, 1)).getpixel((0, 0)) == pytest.approx((255, 215, 0), abs=3)
    assert lower.resize((1, 1)).getpixel((0, 0)) == pytest.approx((0, 0, 128), abs=3)
    page.goto(quiet.url)
    button(page, "crop_photo").click()
    expect(slider).to_have_value("-6")
    tools.get_by_role("button", name="Back to 0 degrees").click()
    expect(tools.get_by_role("status")).to_contain_text("are used.")
    expect(slider).to_be_focused()
