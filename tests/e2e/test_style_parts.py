"""What is used of a style's picture, drawn in a real browser by mouse and finger."""

import re
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from nst import images
from nst.domain import Job
from nst.images import STORED_LIMITS
from tests.e2e.conftest import NARROW, WIDE, OpenBrowser, Studio, button, element, shoot
from tests.e2e.parts_editor import drag, open_tools, submitted
from tests.support.waiting import until

USED = "The part that is used covers"


def open_style_tools(page: Page) -> Any:
    """Chooses a style and asks for a part of it. Returns the stage with its picture."""
    expect(page.get_by_role("button", name="Part 1", pressed=True)).to_be_visible()
    button(page, "style_tide-wash").click()
    expect(button(page, "style_tide-wash")).to_contain_text("✓")
    expect(page.locator(".stApp[data-test-script-state=notRunning]")).to_be_visible()  # the switch is another one for another style
    page.get_by_text("Use only a part of this style").click()
    stage = element(page, "style_brush_0").get_by_role("application")
    expect(stage).to_have_accessible_name("The picture of the style. You paint: The part that is used")
    expect(element(page, "style_brush_0").get_by_text("By hand")).to_be_hidden()
    return stage


def says(page: Page, words: str) -> None:
    expect(element(page, "style_brush_0").get_by_role("status")).to_have_text(re.compile(words))


def submitted_as_draft(studio: Studio, page: Page) -> tuple[Job, Image.Image]:
    """The job, and the mask of what is used of its last region's style."""
    element(page, "preset").get_by_text("Draft", exact=True).click()
    job, owner = submitted(studio, page)
    (style,) = studio.service.order(job.id, owner).regions[-1].styles
    assert isinstance(style.part, bytes)
    return job, images.decode(style.part, STORED_LIMITS).convert("L")


def level(mask: Image.Image, x: float, y: float) -> Any:
    return mask.getpixel((int(x * mask.width), int(y * mask.height)))


def test_a_part_of_a_style_is_drawn_with_the_mouse_and_submitted(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport={**WIDE, "height": 2400})
    drag(page, open_tools(page, photo), (0.2, 0.2), (0.8, 0.2))
    stage = open_style_tools(page)
    tools = element(page, "style_brush_0").get_by_role("radiogroup", name="Tool")
    tools.get_by_text("Rectangle").click()
    drag(page, stage, (0.1, 0.1), (0.4, 0.9))
    says(page, rf"^{USED} 24 % of the style picture\.$")
    tools.get_by_text("Lasso").click()
    drag(page, stage, (0.6, 0.6), (0.9, 0.6), (0.9, 0.9), (0.6, 0.6))
    says(page, rf"^{USED} 2\d %")
    shoot(page, "style-part-wide-light")
    button(page, "part_rest").click()
    expect(element(page, "style_brush_0")).to_have_count(0)
    page.get_by_role("button", name="Part 1", pressed=False).click()
    says(page, "^$")
    until(lambda: page.locator(".st-key-style_brush_0 .masks canvas").count() == 1)  # what was drawn is still there
    tools.get_by_text("Eraser").click()
    drag(page, stage, (0.25, 0.3), (0.25, 0.31))  # submitted before it is sent
    job, mask = submitted_as_draft(studio, page)
    assert [style.name for style in job.regions[-1].styles] == ["tide-wash"]
    assert [level(mask, *place) for place in ((0.25, 0.7), (0.25, 0.3), (0.85, 0.7), (0.65, 0.85), (0.5, 0.5))] == [255, 0, 255, 0, 0]


def test_a_part_of_a_style_is_drawn_with_a_finger(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport=NARROW, has_touch=True, is_mobile=True, color_scheme="dark")
    painted = open_tools(page, photo)
    client = page.context.new_cdp_session(page)

    def draw(stage: Any, *places: tuple[float, float]) -> None:
        stage.evaluate("stage => stage.scrollIntoView({ block: 'end' })")
        page.mouse.wheel(0, 160)  # above the button that stays in sight
        page.wait_for_timeout(500)
        box = stage.bounding_box()
        for number, (x, y) in enumerate(places):
            point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            client.send("Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": [point]})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    draw(painted, (0.2, 0.3), (0.5, 0.3), (0.8, 0.3))
    stage = open_style_tools(page)
    draw(stage, (0.2, 0.5), (0.5, 0.5), (0.8, 0.5))
    says(page, rf"^{USED} \d+ % of the style picture\.$")
    shoot(page, "style-part-narrow-dark")
    _, mask = submitted_as_draft(studio, page)
    assert [level(mask, *place) for place in ((0.5, 0.5), (0.5, 0.9))] == [255, 0]
