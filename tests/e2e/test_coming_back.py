"""What brings visitors back: in a real browser, with mouse, keyboard and finger."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from nst import images
from nst.bootstrap import open_backend
from nst.domain import Job, JobState, Outcome, StyleRef, output_key_of
from nst.service import Order, StyleChoice
from nst.service.visitors import owner_of
from nst.settings import Settings
from nst.store.ports import Backend
from nst.ui import texts
from nst.ui.owner import COOKIE
from tests.e2e.conftest import (
    ANNA,
    NARROW,
    SUM_SHIFTS,
    WIDE,
    OpenBrowser,
    Studio,
    button,
    choose_photo,
    element,
    evaluated,
    served,
    shoot,
    submit,
)
from tests.support.jobs import a_job
from tests.support.pictures import picture_bytes
from tests.support.waiting import until

DAY = 86_400.0
_LOOKS_ELSEWHERE = "Object.defineProperty(document, 'hidden', { get: () => window.looksElsewhere ?? true, configurable: true });"
_COUNT_TONES = """
    window.tones = 0;
    const create = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { tones++; return create.call(this); };
"""
_NOTIFICATIONS = """async () => {
    const workers = await navigator.serviceWorker.getRegistrations();
    const shown = await Promise.all(workers.map(each => each.getNotifications()));
    return shown.flat().map(each => [each.title, each.tag]);
}"""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio without a worker: tests store what it would have painted."""
    with served(tmp_path_factory.mktemp("quiet"), NST_OWN_WORKER="false", NST_PREVIEWS="false", NST_MAX_BYTES="10000000") as running:
        yield running


def backend_of(studio: Studio) -> Backend:
    return open_backend(Settings(data_dir=studio.data_dir))


def stored(
    studio: Studio, public: bool = False, style: str = "tide-wash", at: float | None = None, size: tuple[int, int] = (96, 64)
) -> Job:
    """A finished painting of Anna's."""
    backend, ended = backend_of(studio), at or time.time()
    job = a_job(ANNA, created=ended, public=public, styles=(StyleRef(style),))
    for kind in ("input", "output"):
        backend.objects.put(job.input_key.replace("input", kind), picture_bytes(*size))
    output = job.input_key.replace("input", "output")
    done = a_job(
        ANNA, created=ended, public=public, styles=(StyleRef(style),), id=job.id, state=JobState.SUCCEEDED, output_key=output,
        finished=ended, published=ended if public else None, width=size[0], height=size[1],
    )  # fmt: skip
    assert backend.jobs.restore(done)
    return done


def stored_photo(studio: Studio, page: Page, job_id: str) -> Image.Image:
    (cookie,) = (each["value"] for each in page.context.cookies() if each["name"] == COOKIE)
    owner = owner_of(cookie.partition(".")[0])
    return images.decode(studio.service.photo(job_id, owner), images.STORED_LIMITS)


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_a_private_painting_is_kept_longer(quiet: Studio, visitor: OpenBrowser, viewport: dict[str, int], scheme: str) -> None:
    job = stored(quiet)
    page = visitor(f"{quiet.url}/?job={job.id}", owner=ANNA, viewport=viewport, color_scheme=scheme)
    for days in (7, 14):
        expect(element(page, "share")).to_contain_text(f"kept until {texts.day((job.finished or 0) + days * DAY)}")
        shoot(page, f"keep-{days}-{scheme}-{viewport['width']}")
        button(page, f"keep_{job.id}").click()
    page.goto(f"{quiet.url}/my_pictures")
    expect(element(page, f"mine_{job.id}")).to_contain_text(f"kept until {texts.day((job.finished or 0) + 21 * DAY)}")
    shoot(page, f"keep-mine-{scheme}-{viewport['width']}")
    quiet.service.delete(job.id, ANNA)


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


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_who_looks_elsewhere_is_told_when_it_is_done(quiet: Studio, visitor: OpenBrowser, photo: Path, allowed: bool) -> None:
    page = visitor(quiet.url, permissions=["notifications"] if allowed else [])
    page.add_init_script(_LOOKS_ELSEWHERE + _COUNT_TONES)
    page.goto(quiet.url)
    job_id = submit(page, photo)
    question = element(page, "done_question")
    expect(question.get_by_text("Play a sound")).to_be_visible()
    question.get_by_text("Play a sound").click()
    question.get_by_text("Notify me").click()
    if not allowed:
        expect(question.get_by_role("status")).to_contain_text("Your browser does not allow notifications")
        expect(question.get_by_label("Notify me")).not_to_be_checked()
    else:
        expect(question.get_by_label("Notify me")).to_be_checked()
    shoot(page, f"waiting-{'allowed' if allowed else 'refused'}")
    tones = page.evaluate("tones")
    finish(quiet)
    expect(element(page, "result")).to_be_visible()
    evaluated(page, "document.title.startsWith('✓ ')")
    assert page.evaluate("tones") > tones > 0
    assert all(
        "favicon-done" in icon for icon in evaluated(page, "[...document.querySelectorAll('link[rel~=icon]')].map(icon => icon.href)")
    )
    if allowed:
        assert evaluated(page, _NOTIFICATIONS) == [["Your painting is done", job_id]]
    page.evaluate("window.looksElsewhere = false; dispatchEvent(new Event('focus'))")
    evaluated(page, "!document.title.startsWith('✓ ')")
    page.reload()
    expect(element(page, "result")).to_be_visible()
    assert page.evaluate("tones") == 0, "it is news once"


def finish(studio: Studio) -> None:
    """What a worker does with the job that waits."""
    backend = backend_of(studio)
    while lease := backend.queue.claim("worker", time.time(), 60.0):
        key, data = output_key_of(lease.job.input_key), picture_bytes(96, 64)
        backend.objects.put(key, data)
        assert backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(key, len(data), {"seed": 0}), time.time())


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


def test_a_photo_that_is_larger_than_the_site_takes_is_reduced_by_the_browser(quiet: Studio, visitor: OpenBrowser, tmp_path: Path) -> None:
    """It is stored lying on its side, with 15 MB of noise. The server takes 10."""
    noise = np.random.default_rng(0).integers(0, 256, (5200, 3000, 3), dtype=np.uint8)
    noise[:, :1500] //= 8  # the left half is dark
    exif = Image.Exif()
    exif[274] = 6  # upright, the left side is above
    photo = tmp_path / "large.jpg"
    Image.fromarray(noise).save(photo, "JPEG", quality=97, exif=exif)
    assert photo.stat().st_size > 12_000_000
    page = visitor(quiet.url)
    job_id = submit(page, photo)
    kept = stored_photo(quiet, page, job_id)
    assert kept.size == (4096, round(3000 * 4096 / 5200))
    small = np.asarray(kept.convert("L").resize((2, 2), Image.Resampling.BOX))
    assert small[0].max() < small[1].min() - 60, "upright, the dark half is above"


def test_a_form_that_is_sent_again_after_a_reload_is_painted_once(quiet: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(quiet.url)
    choose_photo(page, photo)
    again = page.context.new_page()
    again.goto(quiet.url)
    expect(again.locator(".chosen-photo figcaption")).to_have_text(photo.name)
    for each in (page, again):
        button(each, "submit").click()
        each.wait_for_url(re.compile(r"\?job=[0-9a-f]{32}"))
    assert page.url == again.url


def test_a_reload_leads_to_the_painting_that_was_sent(quiet: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(quiet.url)
    job_id = submit(page, photo)
    page.reload()
    expect(button(page, "cancel")).to_be_visible()
    assert page.url.endswith(job_id)
    page.goto(quiet.url)  # as from a bookmark
    expect(element(page, "under_way")).to_contain_text("One of your paintings is in progress.")
    expect(page.locator(".chosen-photo figcaption")).to_have_text(photo.name)
    button(page, "submit").click()
    page.wait_for_url(f"**/?job={job_id}")
    finish(quiet)
    page.goto(quiet.url)
    expect(element(page, "under_way")).to_contain_text("Your painting is finished.")
    shoot(page, "finished-meanwhile")
    button(page, "watch").click()
    expect(element(page, "result")).to_be_visible()
    page.goto(quiet.url)
    expect(page.locator(".chosen-photo")).to_be_visible()
    expect(element(page, "under_way")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 700, 390, 350])
def test_the_pages_of_a_painting_do_not_move_while_they_load(quiet: Studio, visitor: OpenBrowser, photo: Path, width: int) -> None:
    """The last width is that of a tablet at 200 %."""
    order = Order(photo.read_bytes(), [StyleChoice("tide-wash")], f"waiting-{width}")
    done, public, waiting = stored(quiet), stored(quiet, public=True), quiet.service.submit(ANNA, order)
    for job, owner, last in ((done, ANNA, "share"), (public, None, "share"), (waiting, ANNA, "meanwhile")):
        page = visitor(f"{quiet.url}/healthz", owner=owner, viewport={"width": width, "height": 450 if width == 350 else 860})
        page.add_init_script(SUM_SHIFTS)
        page.goto(f"{quiet.url}/?job={job.id}")
        expect(element(page, last)).to_be_visible()
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        page.wait_for_timeout(1000)  # what comes late
        assert page.evaluate("shifts") <= 0.1, (last, owner)
        quiet.service.delete(job.id, ANNA)


def test_a_lost_connection_is_said(visitor: OpenBrowser, tmp_path: Path) -> None:
    said = (
        "() => { const style = getComputedStyle(document.querySelector('.stApp'), '::after'); return [style.visibility, style.content]; }"
    )
    with served(tmp_path, NST_OWN_WORKER="false", NST_PREVIEWS="false") as studio:
        page = visitor(studio.url)
        expect(page.locator("h1")).to_be_visible()
        assert "interrupted" not in page.evaluate(said)[1]
    until(lambda: page.evaluate(said)[0] == "visible" and "The connection is interrupted" in page.evaluate(said)[1], 30.0)
    shoot(page, "interrupted")
