"""A running studio with its real engine, and a real browser."""

import os
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pydantic import SecretStr

from nst import images, samples
from nst.bootstrap import build
from nst.domain import Job, Preset, StyleParams
from nst.images import Format
from nst.service import Order, Service, StyleChoice
from nst.service.signing import SigningKey
from nst.service.visitors import Visitors, owner_of
from nst.settings import Settings
from nst.ui.owner import COOKIE
from tests.support.memory_store import memory_backend
from tests.support.servers import free_port
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
PATIENCE = 240_000  # milliseconds, for a draft on a busy machine
START_SECONDS = 120.0
_TOKEN, _SECRET = "anna" * 10 + "ann", "a secret that tests know, too, of 32 characters or more"
ANNA = owner_of(_TOKEN)
ADMIN_TOKEN = "sesame-of-16-characters"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]  # a container has root, no GPU, little shared memory
# What fades, such as the ends of a slider under the pointer, has too little contrast until it is there. Spinners never end.
FADED = """() => Promise.allSettled(document.getAnimations()
    .filter(one => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity)
    .map(one => one.finished)).then(() => null)"""
SUM_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver(list => list.getEntries().forEach(shift => { if (!shift.hadRecentInput) window.shifts += shift.value; }))
        .observe({ type: "layout-shift", buffered: true });
"""  # as browsers define "cumulative layout shift"
expect.set_options(timeout=60_000)


@dataclass(frozen=True)
class Studio:
    """A running app and its data folder."""

    url: str
    data_dir: Path

    @cached_property
    def service(self) -> Service:
        """The app's own records, for tests that prepare something."""
        return build(Settings(data_dir=self.data_dir, uploads_per_minute=1000, jobs_per_visitor=1000))


@contextmanager
def served(data_dir: Path, *options: str, port: int | None = None, **changes: str) -> Iterator[Studio]:
    """The studio as `make run` starts it, until the end of the block.

    Args:
        options: Streamlit's.
        port: a free one, if it is None.
        changes: environment variables.
    """
    port = port or free_port()
    settings = {
        "NST_DATA_DIR": str(data_dir),
        "NST_UPLOADS_PER_MINUTE": "1000",
        "NST_SECRET": _SECRET,
        "NST_ADMIN_TOKEN": ADMIN_TOKEN,
        **changes,
    }
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port), *options]
    app = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
    try:
        studio = Studio(f"http://localhost:{port}", data_dir)
        _wait_until_ready(studio, app)
        yield studio
    finally:
        app.terminate()
        app.wait(30)


def annas_cookie() -> str:
    """The cookie of Anna's browser, as a studio of these tests issues it."""
    backend = memory_backend()
    return Visitors(SigningKey(backend.secrets, SecretStr(_SECRET), time.time), backend.jobs, time.time).issue(_TOKEN)


def _wait_until_ready(studio: Studio, app: "subprocess.Popen[bytes]") -> None:
    def is_ready() -> bool:
        assert app.poll() is None, f"the app ended with {app.returncode}"
        try:
            return httpx.get(f"{studio.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    until(is_ready, START_SECONDS)


def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail("There is no chromium. scripts/install-browser installs Debian's.")
    return found


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with served(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while Playwright is open, its event loop runs in this thread, and `asyncio.run` refuses to start another."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


OpenBrowser = Callable[..., Page]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[OpenBrowser]:
    """Opens a page in a new browser: one without cookies, or Anna's.

    At the end, no page has requested anything of another machine, and no script of a page has failed.
    """
    opened: list[BrowserContext] = []
    foreign: list[str] = []
    failures: list[str] = []

    def open_browser(address: str, owner: str | None = None, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, "color_scheme": "light", "accept_downloads": True, **options})
        context.set_default_timeout(60_000)
        home = "/".join(address.split("/")[:3])
        context.on(
            "request",
            lambda request: None if request.url.startswith((home, "http://127.0.0.1:", "data:", "blob:")) else foreign.append(request.url),
        )
        if owner is not None:
            assert owner == ANNA
            context.add_cookies([{"name": COOKIE, "value": annas_cookie(), "url": home}])
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda message: failures.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto(address)
        return page

    yield open_browser
    for context in opened:
        context.close()
    assert not foreign
    assert not failures


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "holiday.jpg"
    path.write_bytes(images.encode(samples.load("cat"), Format.JPEG))
    return path


@pytest.fixture(scope="session")
def painted(studio: Studio, photo: Path) -> Job:
    """A painting of Anna's, made by the studio's own worker."""
    service = studio.service
    order = Order(photo.read_bytes(), [StyleChoice("woodblock-surf")], "painted", StyleParams(preset=Preset.DRAFT), public=False)
    job = service.submit(ANNA, order)
    until(lambda: service.get(job.id, ANNA).state.is_terminal, PATIENCE / 1000)
    return job


@pytest.fixture
def private_id(studio: Studio, painted: Job) -> str:
    """The id of Anna's painting, which only she can see."""
    studio.service.make_private(painted.id, ANNA)
    return painted.id


@pytest.fixture
def public_id(studio: Studio, painted: Job) -> str:
    """The id of Anna's painting, which is in the gallery."""
    studio.service.publish(painted.id, ANNA)
    return painted.id


def submit(page: Page, photo: Path, style: str = "woodblock-surf", preset: str = "Draft") -> str:
    """Fills in the form and sends it. Returns the job's id."""
    choose_photo(page, photo)
    button(page, f"style_{style}").click()
    expect(button(page, f"style_{style}")).to_contain_text("✓")
    element(page, "preset").get_by_text(preset, exact=True).click()
    expect(element(page, "preset").locator("[aria-checked=true]")).to_have_text(preset)
    button(page, "submit").click()
    page.wait_for_url(re.compile(r"\?job=[0-9a-f]{32}"))
    return page.url.rpartition("=")[2]


def choose_photo(page: Page, photo: Path) -> None:
    element(page, "photo").locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".chosen-photo img")).to_be_visible()


def hand_over(page: Page, event: str, files: dict[str, bytes]) -> None:
    """Pastes or drops files on the page, outside its fields, once its script has come. Browsers know the types of few files.

    Args:
        event: "paste" or "drop".
    """
    send = """([event, files]) => {
        const data = new DataTransfer();
        for (const [name, base64] of files) {
            const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
            data.items.add(new File([bytes], name, { type: name.endsWith(".jpg") ? "image/jpeg" : "" }));
        }
        const about = { bubbles: true, cancelable: true, composed: true };
        const made = { paste: () => new ClipboardEvent("paste", { clipboardData: data, ...about }),
            drop: () => new DragEvent("drop", { dataTransfer: data, ...about }) }[event]();
        document.querySelector("h1").dispatchEvent(made);
        return made.defaultPrevented;
    }"""
    evaluated(page, send, [event, [[name, b64encode(data).decode()] for name, data in files.items()]])


def publish(page: Page, job_id: str, what: str = "The painting alone") -> None:
    button(page, f"publish_{job_id}").click()
    page.get_by_text(what, exact=True).click()
    button(page, f"publish_now_{job_id}").click()
    expect(button(page, f"make_private_{job_id}")).to_be_visible()


def evaluated(page: Page, expression: str, argument: object = None) -> Any:
    """What an expression gives on a page, as soon as it is true.

    Playwright's `wait_for_function` evaluates it as a script of the page's own, which the page's policy forbids.
    """
    return until(lambda: page.evaluate(expression, argument), pause=0.05)


def shoot(page: Page, name: str) -> None:
    """Saves a screenshot of the whole page, for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or WIDE
    evaluated(page, "!document.querySelector('[data-testid=stSkeleton]')")
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(height, 4000))})
    evaluated(page, "[...document.images].every(image => image.complete)")
    page.screenshot(path=SHOTS / f"{name}.png")
    page.set_viewport_size(size)


def element(page: Page, key: str) -> Any:
    """An element by the key that the page gave it."""
    return page.locator(f".st-key-{key}")


def button(page: Page, key: str) -> Any:
    return element(page, key).locator("button").last


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests have timed. Nothing depends on it."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{value} {name}")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio without a worker: tests store what it would have painted."""
    with served(tmp_path_factory.mktemp("quiet"), NST_OWN_WORKER="false", NST_PREVIEWS="false", NST_MAX_BYTES="10000000") as running:
        yield running
