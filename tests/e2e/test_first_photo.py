"""The form's change from its first view to that of a chosen photo."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser, Studio, button, choose_photo

SUM_ALL_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver(list => list.getEntries().forEach(shift => { window.shifts += shift.value; }))
        .observe({ type: "layout-shift", buffered: true });
"""  # those right after a click, too, which browsers excuse: on a slow machine they come later


@pytest.mark.parametrize(("width", "source"), [(1280, "file"), (700, "file"), (390, "file"), (390, "sample")])
def test_the_page_does_not_move_when_a_photo_is_chosen(studio: Studio, visitor: OpenBrowser, photo: Path, width: int, source: str) -> None:
    page = visitor(f"{studio.url}/healthz", viewport={"width": width, "height": 860}, has_touch=width == 390)
    page.add_init_script(SUM_ALL_SHIFTS)
    page.goto(studio.url)
    expect(page.locator(".st-key-example img")).to_have_count(2)
    page.wait_for_timeout(1000)  # what comes late
    loading = page.evaluate("shifts")
    if source == "file":
        choose_photo(page, photo)
    else:
        button(page, "sample_cat").click()
    expect(page.locator(".sketch:not(.busy) img")).to_be_visible()
    page.wait_for_timeout(1000)
    assert loading <= 0.1
    assert page.evaluate("shifts") - loading <= 0.1
