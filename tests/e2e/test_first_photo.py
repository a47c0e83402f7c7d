"""The form's change from its first view to that of a chosen photo."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nst.domain import PRESET_SIZES
from tests.e2e.conftest import (
    NARROW,
    PATIENCE,
    ROOT,
    SHOTS,
    OpenBrowser,
    Studio,
    button,
    choose_photo,
    evaluated,
    hand_over,
    served,
    shoot,
)

SUM_ALL_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver(list => list.getEntries().forEach(shift => { window.shifts += shift.value; }))
        .observe({ type: "layout-shift", buffered: true });
"""  # those right after a click, too, which browsers excuse: on a slow machine they come later

_IS_UNCOVERED = """element => {
    const { left, top, bottom } = element.getBoundingClientRect();
    return [top + 2, bottom - 2].every(y => element.contains(document.elementFromPoint(left + 10, y)));
}"""


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


def test_an_open_page_shows_times_beside_every_preset_before_anything_was_painted(visitor: OpenBrowser, tmp_path: Path) -> None:
    environment = {"NST_WEIGHTS_DIR": str(tmp_path / "weights"), "NST_OWN_WORKER": "false"}  # without what was measured here before
    with served(tmp_path, **environment) as new:
        page = visitor(new.url)
        entries = page.locator(".presets li")
        expect(entries).to_have_text([re.compile(rf"^\w+: {size} px\s*$") for size in PRESET_SIZES.values()])
        environment |= {"NST_DATA_DIR": str(tmp_path)}
        worker = subprocess.Popen([sys.executable, "-m", "worker"], env={**os.environ, **environment}, cwd=ROOT)
        try:
            times = [re.compile(rf"^\w+: {size} pxabout \d+\s(s|min|h)$") for size in PRESET_SIZES.values()]
            expect(entries).to_have_text(times, timeout=PATIENCE)
        finally:
            worker.terminate()
            worker.wait(30)
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, f"times-{width}")
            lefts, tops = (entries.evaluate_all(f"all => all.map(one => one.getBoundingClientRect().{side})") for side in ("left", "top"))
            assert lefts == sorted(lefts)
            assert len(set(tops)) == 1
        assert not new.service.status().counts


def test_a_camera_that_is_denied_is_explained_and_the_upload_stays_in_reach(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url)
    page.context.clear_permissions()  # a browser without a window refuses what it cannot ask for
    page.get_by_text("Use the camera", exact=True).click()
    words = page.get_by_test_id("stCameraInputWebcamComponent").locator("p")
    expect(words).to_be_visible()
    assert "upload a file instead" in words.evaluate("one => getComputedStyle(one, '::after').content")
    expect(words.get_by_role("link")).to_have_count(0)
    shoot(page, "camera-denied")
    expect(button(page, "photo")).to_be_in_viewport()
    choose_photo(page, photo)


def test_a_phone_opens_its_own_camera(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(page.get_by_text("Use the camera", exact=True)).not_to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Take a photo").click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(photo)
    expect(page.locator(".chosen-photo img")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_no_picture_is_refused_wherever_it_is_pasted_or_dropped(
    studio: Studio, visitor: OpenBrowser, photo: Path, width: int
) -> None:
    page = visitor(studio.url, viewport={"width": width, "height": 844}, color_scheme="dark" if width == 390 else "light")
    expect(button(page, "submit")).to_be_visible()
    refusal = page.get_by_text("This is not a picture that the studio reads. Choose a JPEG")
    for event, names in (("drop", ["notes.txt"]), ("paste", ["clip.mp4", "song.mp3"])):
        page.get_by_test_id("stMain").evaluate("element => element.scrollTo(0, element.scrollHeight)")
        hand_over(page, event, dict.fromkeys(names, b"no picture"))
        expect(refusal.locator("visible=true")).to_have_count(len(names))
        expect(refusal.last).to_be_in_viewport(ratio=1)
        shoot(page, f"refused-{event}-{width}")
    page.get_by_test_id("stMain").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    hand_over(page, "drop", {"notes.txt": b"no", "holiday.jpg": photo.read_bytes(), "clip.mp4": b"no"})
    expect(page.locator(".chosen-photo figcaption")).to_have_text("holiday.jpg")
    for name in ("notes.txt", "clip.mp4"):
        expect(page.get_by_text(f"{name}: This is not a picture that the studio reads.")).to_be_in_viewport()
    shoot(page, f"refused-beside-{width}")
    hand_over(page, "drop", {'say "again".jpg': photo.read_bytes()})
    expect(page.locator(".chosen-photo figcaption")).to_have_text('say "again".jpg')
    expect(page.locator(".refused")).to_have_count(0)
    page.get_by_test_id("stMain").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    hand_over(page, "drop", {"notes.txt": b"no"})
    expect(refusal.last).to_be_in_viewport(ratio=1)


def test_on_a_phone_what_a_search_finds_is_brought_into_view(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport=NARROW, color_scheme="dark")
    choose_photo(page, photo)
    expect(page.locator(".sketch:not(.busy) img")).to_be_visible()
    top = "document.querySelector('[data-testid=stMain]').scrollTop"
    field = page.get_by_role("searchbox", name="Search styles")
    field.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    before = page.evaluate(top)
    for words, found in (("glass", button(page, "style_cathedral-glass")), ("zzqq", page.get_by_text("No style is like"))):
        field.fill(words)
        field.press("Enter")
        expect(button(page, "style_starlit-swirl")).to_have_count(0)
        expect(found).to_be_in_viewport(ratio=1)
        evaluated(page, _IS_UNCOVERED, found.element_handle())
        page.screenshot(path=SHOTS / f"search-{words}.png")
    assert page.evaluate(top) > before, "it was below the button that paints"


def test_the_same_refusal_is_brought_into_view_each_time(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport=NARROW)
    choose_photo(page, photo)
    for _ in range(2):
        page.get_by_test_id("stMain").evaluate("element => element.scrollTo(0, element.scrollHeight)")
        hand_over(page, "drop", {"cut.jpg": photo.read_bytes()[:2000]})
        expect(page.get_by_text("damaged")).to_be_in_viewport(ratio=1)
