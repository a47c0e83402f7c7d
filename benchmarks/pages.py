"""What the studio's pages cost visitors and the server: bytes, layout shifts, tab stops, processor time of idle tabs, many viewers.

Bytes, layout shifts and tab stops do not depend on what else the machine does, processor time depends on it little. Times need an idle one.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.report import Table
from nst import images, samples
from nst.domain import JobState
from nst.images import Format
from nst.service import Order, StyleChoice
from nst.ui.owner import COOKIE
from tests.e2e.conftest import ANNA, CHROMIUM_FLAGS, SUM_SHIFTS, Studio, annas_cookie, chromium, served
from tests.hostile.attacks.client import Page as StudioPage
from tests.hostile.attacks.client import open_page

WIDTHS = {1440: 900, 700: 900, 390: 844}
PAINTINGS = 24  # a page of the gallery
TABS = 5
IDLE_SECONDS = 30.0
SKETCHES = 5
VIEWERS = 100
VIEWED_SECONDS = 60.0
POLL_SECONDS = 3.0  # of the gallery
OPENINGS_SECONDS = 2.0  # between two visitors who come while the others look
# Lazy pictures far below the window, and those that are not shown, are never fetched.
_UNSETTLED = """[...document.querySelectorAll("[data-test-script-state=running], [data-testid=stSkeleton]")]
    .concat([...document.images].filter(one => !one.complete && (one.loading !== "lazy"
        || (one.checkVisibility() && one.getBoundingClientRect().top < innerHeight && one.getBoundingClientRect().bottom > 0))))
    .map(one => one.outerHTML.slice(0, 200))"""
_SETTLE_SECONDS = 120.0
_LAST_PAINT = """new Promise(done => new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true}))"""
_QUICK = {"NST_ENGINE": "tests.worker.engines.quick:engine", "NST_JOBS_PER_VISITOR": "1000", "NST_QUEUE_LENGTH": "1000"}


@dataclass(frozen=True)
class Prepared:
    """A studio with a gallery, and a job that waits because there is no worker."""

    studio: Studio
    waiting: str


def run() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder), **_QUICK) as studio:
            _fill(studio)
        with served(Path(folder), NST_OWN_WORKER="false", **_QUICK) as studio:
            waiting = studio.service.submit(ANNA, _order("waiting", public=False)).id
            with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS) as browser:
                rows = [_noted(row) for row in _in_browser(browser, Prepared(studio, waiting))]
            rows += map(_noted, asyncio.run(_viewed(studio)))  # Playwright's event loop has ended
    return Table(
        "Pages",
        f"Chromium and the studio on one machine; {PAINTINGS} paintings in the gallery. Layout shifts are the sum that browsers report, "
        f"of a first visit. Processor time is that of the app's process, without its children, of {IDLE_SECONDS:.0f} s. "
        f"The job waits in the queue. {VIEWERS} viewers ask every {POLL_SECONDS:.0f} s, as the gallery does.",
        ("what", "measured"),
        rows,
    )


def _fill(studio: Studio) -> None:
    jobs = [studio.service.submit(ANNA, _order(str(number), public=True)) for number in range(PAINTINGS)]
    while any(studio.service.get(job.id, ANNA).state is not JobState.SUCCEEDED for job in jobs):
        time.sleep(0.2)


def _order(token: str, *, public: bool) -> Order:
    return Order(images.encode(samples.load("cat"), Format.JPEG), [StyleChoice("starlit-swirl")], token, public=public)


def _noted(row: tuple[str, float]) -> tuple[str, float]:
    """Shows a result at once: all of them take ten minutes, and many more on a busy machine."""
    print(f"{row[0]}: {row[1]:.3g}", file=sys.stderr, flush=True)
    return row


def _in_browser(browser: Browser, prepared: Prepared) -> Iterator[tuple[str, float]]:
    studio = prepared.studio
    _visited(browser, studio, "gallery", 1440)[0].close()  # the server's first visit compresses its scripts
    paths = {
        "create": "",
        "gallery": "gallery",
        "waiting job": f"?job={prepared.waiting}",
        "my pictures": "my_pictures",
        "status": "status",
    }
    yield from _cold_load(browser, studio)
    for name, path in paths.items():
        for width in WIDTHS:
            context, page = _visited(browser, studio, path, width)
            yield f"layout shift of {name}, {width} px (bar 0.1)", float(page.evaluate("shifts"))
            context.close()
    yield from _tab_stops(browser, studio)
    yield "from a photo's upload to its sketch, s", _upload_to_sketch(browser, studio)
    yield f"processor time of {TABS} idle tabs of the gallery, % of a core (bar 6)", _idle(browser, studio, "gallery")
    yield f"of {TABS} tabs of a waiting job, % of a core", _idle(browser, studio, paths["waiting job"])


def _cold_load(browser: Browser, studio: Studio) -> list[tuple[str, float]]:
    with _context(browser, studio, 1440) as context:
        page = context.new_page()
        received = [0.0]
        client = context.new_cdp_session(page)
        client.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        client.send("Network.enable")
        page.goto(studio.url)
        _settle(page)
        paint = page.evaluate(_LAST_PAINT)
    return [("bytes of the first visit, MB (bar 2.5)", sum(received) / 1e6), ("its largest contentful paint, s", paint / 1000)]


def _tab_stops(browser: Browser, studio: Studio) -> list[tuple[str, float]]:
    context, page = _visited(browser, studio, "", 1440)
    rows = [("tab stops to Paint it, first page", _stops(page))]
    page.locator(".st-key-sample_cat button").click()
    page.locator(".sketch:not(.busy)").wait_for()
    page.reload()
    page.locator(".sketch:not(.busy)").wait_for()
    _settle(page)
    rows.append(("the same with a photo", _stops(page)))
    rows.append(("to the button that leads to it past the form", _stops(page, "skip_to_submit")))
    context.close()
    return rows


def _stops(page: Page, key: str = "submit") -> float:
    page.evaluate("document.activeElement.blur()")
    for number in range(1, 200):
        page.keyboard.press("Tab")
        if page.evaluate(f"Boolean(document.activeElement.closest('.st-key-{key}'))"):
            return number
    raise RuntimeError("the button is not reached by the Tab key")


def _upload_to_sketch(browser: Browser, studio: Studio) -> float:
    seconds = []
    photo: Any = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": images.encode(samples.load("cat"), Format.JPEG)}
    for _ in range(SKETCHES):
        context, page = _visited(browser, studio, "", 1440)
        began = time.perf_counter()
        page.locator(".st-key-photo input[type=file]").set_input_files(photo)
        page.locator(".sketch:not(.busy)").wait_for()
        seconds.append(time.perf_counter() - began)
        context.close()
    return median(seconds)


def _idle(browser: Browser, studio: Studio, path: str) -> float:
    """Percent of a core."""
    app = _app(studio)
    with _context(browser, studio, 1440) as context:
        for _ in range(TABS):
            page = context.new_page()
            page.goto(f"{studio.url}/{path}")
            _settle(page)
        time.sleep(3)
        before = app.cpu_times()
        time.sleep(IDLE_SECONDS)
        after = app.cpu_times()
    return 100 * (after.user + after.system - before.user - before.system) / IDLE_SECONDS


def _app(studio: Studio) -> psutil.Process:
    port = studio.url.rpartition(":")[2]
    return next(child for child in psutil.Process().children() if {"streamlit", port} <= set(child.cmdline()))


@contextmanager
def _context(browser: Browser, studio: Studio, width: int) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, color_scheme="light") as context:
        context.set_default_timeout(120_000)
        context.add_cookies([{"name": COOKIE, "value": annas_cookie(), "url": studio.url}])
        yield context


def _visited(browser: Browser, studio: Studio, path: str, width: int) -> tuple[BrowserContext, Page]:
    """A page in a browser of its own, which has not been anywhere else. Anna's, but for the form: she would find her last photo there."""
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, color_scheme="light")
    context.set_default_timeout(120_000)
    if path:
        context.add_cookies([{"name": COOKIE, "value": annas_cookie(), "url": studio.url}])
    page = context.new_page()
    page.add_init_script(SUM_SHIFTS)
    page.goto(f"{studio.url}/{path}")
    _settle(page)
    return context, page


def _settle(page: Page) -> None:
    page.locator("h1").wait_for()
    deadline = time.monotonic() + _SETTLE_SECONDS
    while left := page.evaluate(_UNSETTLED):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{page.url} does not come to rest: {left}")
        time.sleep(0.1)
    time.sleep(1)


async def _viewed(studio: Studio) -> list[tuple[str, float]]:
    """How long pages take while the gallery is looked at by many, each from an address of its own."""
    url = studio.url.replace("localhost", "127.0.0.1")
    async with AsyncExitStack() as stack:
        pages = []
        for number in range(VIEWERS):
            address = f"127.3.{number // 200}.{number % 200 + 1}"
            pages.append(await stack.enter_async_context(open_page(url, name="gallery", local_address=address)))
        end = time.monotonic() + VIEWED_SECONDS
        looks = [_look(page, POLL_SECONDS * number / VIEWERS, end) for number, page in enumerate(pages)]
        openings, *answers = await asyncio.gather(_come(url, end), *looks)
    seconds = [each for one in answers for each in one]
    return [
        (f"a page of the gallery while {VIEWERS} look at it, s: median", median(openings)),
        ("the same: longest (bar 1)", max(openings)),
        ("an answer to those who look, s: median", median(seconds)),
        ("the same: longest", max(seconds)),
    ]


async def _look(page: StudioPage, delay: float, end: float) -> list[float]:
    """Seconds of each answer."""
    seconds = []
    await asyncio.sleep(delay)
    while time.monotonic() < end:
        began = time.monotonic()
        await page.rerun(fragment=page.fragment)
        seconds.append(time.monotonic() - began)
        await asyncio.sleep(max(0.0, POLL_SECONDS - seconds[-1]))
    return seconds


async def _come(url: str, end: float) -> list[float]:
    """Seconds that each opened page took."""
    seconds = []
    while time.monotonic() < end:
        began = time.monotonic()
        async with open_page(url, name="gallery", local_address="127.4.0.1"):
            seconds.append(time.monotonic() - began)
        await asyncio.sleep(OPENINGS_SECONDS)
    return seconds
