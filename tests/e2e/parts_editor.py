"""The editor of parts on the studio's page, as tests use it."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from nst.domain import Job
from nst.service.visitors import owner_of
from nst.ui.owner import COOKIE
from tests.e2e.conftest import Studio, button, choose_photo, element


def open_tools(page: Page, photo: Path) -> Any:
    """Chooses a photo and turns the parts on. Returns the stage."""
    choose_photo(page, photo)
    element(page, "by_parts").get_by_text("Paint only parts").click()
    stage = element(page, "region_brush").get_by_role("application")
    expect(stage).to_have_accessible_name("Your photo. You paint: Everything else")
    return stage


def tool(page: Page, name: str) -> Any:
    return element(page, "region_brush").get_by_role("radiogroup", name="Tool").get_by_text(name)


def button_of(page: Page, name: str) -> Any:
    return element(page, "region_brush").get_by_role("button", name=name, exact=True)


def covers(page: Page, part: str, share: str) -> None:
    expect(element(page, "region_brush").get_by_role("status")).to_have_text(re.compile(rf"^{part} covers {share} % of the photo\.$"))


def level(page: Page, part: int, x: float, y: float) -> int:
    """The level of a part's mask at a place; `x` and `y` are shares of width and height."""
    canvas = page.locator(".st-key-region_brush .masks canvas").nth(part)
    place = "[x * canvas.width, y * canvas.height]"
    return int(canvas.evaluate(f"(canvas, [x, y]) => canvas.getContext('2d').getImageData(...{place}, 1, 1).data[3]", [x, y]))


def has_no_part(page: Page, stage: Any) -> None:
    """Waits until a part is taken back that was added for a gesture."""
    expect(element(page, "region_brush").get_by_role("status")).to_have_text("Part 1 is removed.")
    expect(stage).to_have_accessible_name("Your photo. You paint: Everything else")
    expect(page.locator(".st-key-region_brush .masks canvas")).to_have_count(0)


def drag(page: Page, stage: Any, *places: tuple[float, float]) -> None:
    box = stage.bounding_box()
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def submitted(studio: Studio, page: Page) -> tuple[Job, str]:
    """Submits the form and cancels its job. Returns the job and its owner."""
    button(page, "submit").click()
    page.wait_for_url(re.compile(r"\?job=[0-9a-f]{32}"))
    owner = next(owner_of(each["value"].partition(".")[0]) for each in page.context.cookies() if each["name"] == COOKIE)
    job = studio.service.get(page.url.rpartition("=")[2], owner)
    studio.service.cancel(job.id, owner)
    return job, owner
