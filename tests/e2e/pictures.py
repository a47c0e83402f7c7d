"""Makes the README's pictures with a browser that uses the studio: `scripts/screenshots`. It paints, so it takes minutes."""

import tempfile
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import CHROMIUM_FLAGS, ROOT, Studio, button, chromium, element, evaluated, publish, served

DOCS = ROOT / "docs"
PAINTINGS = (("rocket", "woodblock-surf"), ("coffee", "knife-harvest"), ("astronaut", "cubist-table"), ("cat", "starlit-swirl"))
QUALITY = 82
PATIENCE = 1_800_000  # milliseconds, for a standard painting on a busy machine


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), NST_JOBS_PER_VISITOR="9") as studio,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS) as browser,
    ):
        for sample, style in PAINTINGS:  # each by another visitor, whose form is empty
            page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
            page.set_default_timeout(PATIENCE)
            paint(page, studio, sample, style)
        keep(page, "result")
        show_others(page, studio)
        show_phone(browser, page, studio)


def paint(page: Page, studio: Studio, sample: str, style: str) -> None:
    """Paints and publishes one painting."""
    page.goto(studio.url)
    button(page, f"sample_{sample}").click()
    expect(page.locator(".chosen-photo img")).to_be_visible()
    button(page, f"style_{style}").click()
    expect(button(page, f"style_{style}")).to_contain_text("✓")
    last = (sample, style) == PAINTINGS[-1]
    element(page, "preset").get_by_text("Standard" if last else "Draft", exact=True).click()
    if last:
        page.locator("[data-testid=stMain]").evaluate("element => element.scrollTo(0, 0)")
        keep(page, "create")
    button(page, "submit").click()
    expect(element(page, "result")).to_be_visible(timeout=PATIENCE)
    publish(page, page.url.rpartition("=")[2], "The painting and the photo")


def show_others(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/gallery")
    expect(page.locator("[class*='st-key-entry_']")).to_have_count(len(PAINTINGS))
    keep(page, "gallery")


def show_phone(browser: Browser, page: Page, studio: Studio) -> None:
    phone = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark", device_scale_factor=2, storage_state=page.context.storage_state()
    ).new_page()
    phone.goto(f"{studio.url}/gallery")
    expect(phone.locator("[class*='st-key-entry_']")).to_have_count(len(PAINTINGS))
    keep(phone, "phone")


def keep(page: Page, name: str) -> None:
    evaluated(page, "!document.querySelector('[data-testid=stSkeleton]')")
    evaluated(page, "[...document.images].every(image => image.complete)")
    time.sleep(4)  # until opening animations are over
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(DOCS / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
