"""The running studio with its real engine, and a real browser. A test fails when a page asks anything of another machine."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
PATIENCE = 240_000  # milliseconds, for a draft on a machine that has other things to do
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
]  # what a container has: root, no graphics, little shared memory
expect.set_options(timeout=60_000)


@dataclass(frozen=True)
class Studio:
    """An app that runs, and the folder that it works in."""

    url: str
    data_dir: Path


@contextmanager
def served(data_dir: Path, **changes: str) -> Iterator[Studio]:
    """The studio as `make run` starts it, until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"NST_DATA_DIR": str(data_dir), "NST_UPLOADS_PER_MINUTE": "1000", **changes}
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    app = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
    try:
        studio = Studio(f"http://localhost:{port}", data_dir)
        _wait_until_ready(studio, app)
        yield studio
    finally:
        app.terminate()
        app.wait(30)


def _wait_until_ready(studio: Studio, app: "subprocess.Popen[bytes]") -> None:
    while app.poll() is None:
        try:
            if httpx.get(f"{studio.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the app left with {app.returncode}")


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
    """A browser that has never been here, each time a new one."""
    opened: list[BrowserContext] = []
    foreign: list[str] = []

    def open_browser(address: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, "color_scheme": "light", "accept_downloads": True, **options})
        context.set_default_timeout(60_000)
        home = "/".join(address.split("/")[:3])
        context.on("request", lambda request: None if request.url.startswith((home, "data:", "blob:")) else foreign.append(request.url))
        opened.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_browser
    for context in opened:
        context.close()
    assert not foreign


def shoot(page: Page, name: str) -> None:
    """A screenshot of the whole page, for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or WIDE
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(height, 4000))})
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.screenshot(path=SHOTS / f"{name}.png")
    page.set_viewport_size(size)


def element(page: Page, key: str) -> Any:
    """By its key, as the pages give them."""
    return page.locator(f".st-key-{key}")


def button(page: Page, key: str) -> Any:
    return element(page, key).locator("button").last


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have timed: told, never judged."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{value} {name}")
