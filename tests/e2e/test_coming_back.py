"""What brings visitors back: in a real browser."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from nst.domain import Outcome, output_key_of
from nst.service import Order, StyleChoice
from nst.ui import texts
from nst.ui.batches import token_of
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
from tests.e2e.stored import backend_of, stored, stored_photo
from tests.support.pictures import picture_bytes
from tests.support.servers import free_port
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


def finish(studio: Studio, most: int = 99) -> None:
    """What a worker does with jobs that wait."""
    backend = backend_of(studio)
    for _ in range(most):
        lease = backend.queue.claim("worker", time.time(), 60.0)
        if lease is None:
            return
        key, data = output_key_of(lease.job.input_key), picture_bytes(96, 64)
        backend.objects.put(key, data)
        assert backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(key, len(data), {"seed": 0}), time.time())


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


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_photos_of_one_form_keep_their_places_while_they_are_painted(
    quiet: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int], scheme: str
) -> None:
    batch = f"{viewport['width']:032x}"
    orders = [Order(photo.read_bytes(), [StyleChoice("tide-wash")], token_of(batch, number)) for number in range(3)]
    jobs = [quiet.service.submit(ANNA, order) for order in orders]
    page = visitor(f"{quiet.url}/?batch={batch}", owner=ANNA, viewport=viewport, color_scheme=scheme)
    expect(page.locator(".card.waiting")).to_have_count(3)
    places = "() => [...document.querySelectorAll('.card, .st-key-another')].map(one => one.getBoundingClientRect().toJSON())"
    page.wait_for_timeout(1000)  # what comes late
    before = page.evaluate(places)
    assert len(before) == 4
    finish(quiet, 1)
    expect(page.locator(".card.waiting")).to_have_count(2)
    shoot(page, f"several-{scheme}-{viewport['width']}")
    assert page.evaluate(places) == before
    finish(quiet)
    expect(page.locator("h1")).to_have_text("Your paintings")
    expect(page.locator(".card.waiting")).to_have_count(0)
    assert page.evaluate(places)[:3] == before[:3]
    for job in jobs:
        quiet.service.delete(job.id, ANNA)


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


def test_a_lost_connection_is_said_until_it_is_back(visitor: OpenBrowser, tmp_path: Path) -> None:
    said = (
        "() => { const style = getComputedStyle(document.querySelector('.stApp'), '::after'); return [style.visibility, style.content]; }"
    )
    port = free_port()
    with served(tmp_path, port=port, NST_OWN_WORKER="false", NST_PREVIEWS="false") as studio:
        page = visitor(studio.url)
        expect(page.locator("h1")).to_be_visible()
        assert "interrupted" not in page.evaluate(said)[1]
    until(lambda: page.evaluate(said)[0] == "visible" and "The connection is interrupted" in page.evaluate(said)[1], 30.0)
    page.wait_for_timeout(5000)
    shoot(page, "interrupted")
    above = (
        "getComputedStyle(document.querySelector('.stApp'), '::after').zIndex - getComputedStyle(document.querySelector('header')).zIndex"
    )
    assert page.evaluate(above) > 0
    expect(page.get_by_role("dialog")).to_have_count(0)  # Streamlit's own words are for developers
    with served(tmp_path, port=port, NST_OWN_WORKER="false", NST_PREVIEWS="false"):
        until(lambda: "interrupted" not in page.evaluate(said)[1], 60.0)
        expect(page.locator("h1")).to_be_visible()
