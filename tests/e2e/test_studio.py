"""The studio as a visitor meets it: everything is clicked, nothing is called."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from nst import images, samples
from nst.images import Format, Limits
from nst.settings import Settings
from tests.e2e.conftest import NARROW, PATIENCE, WIDE, OpenBrowser, Studio, button, element, served, shoot


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "holiday.jpg"
    path.write_bytes(images.encode(samples.load("cat"), Format.JPEG))
    return path


def submit(page: Page, photo: Path, style: str = "woodblock-surf", preset: str = "Draft") -> str:
    """Fills in the form and sends it; the job's id."""
    element(page, "photo").locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".chosen-photo img")).to_be_visible()
    button(page, f"style_{style}").click()
    expect(button(page, f"style_{style}")).to_contain_text("✓")
    element(page, "preset").get_by_text(preset, exact=True).click()
    expect(element(page, "preset").locator("[aria-checked=true]")).to_have_text(preset)
    button(page, "submit").click()
    page.wait_for_url(re.compile(r"\?job=[0-9a-f]{32}"))
    return page.url.rpartition("=")[2]


def test_a_photo_becomes_a_painting_that_is_private_until_it_is_published(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    stranger = visitor(f"{studio.url}/gallery")
    expect(stranger.get_by_text("Nothing here yet")).to_be_visible()
    shoot(stranger, "gallery-empty-wide-light")

    page = visitor(studio.url)
    expect(button(page, "submit")).to_be_visible()
    shoot(page, "create-wide-light")
    job_id = submit(page, photo)

    expect(page.locator("h1")).to_be_focused()
    expect(page).to_have_title(re.compile(r"^(Waiting for the easel|\d+ %|Your painting) · Pastiche$"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Scale \d of \d"))).to_be_visible(timeout=PATIENCE)
    expect(page.locator("img[alt='The painting as it emerges']").last).to_be_visible(timeout=PATIENCE)
    page.reload()  # a fast machine is done by now
    emerging, done = (page.locator(f"img[alt^='{alt}']") for alt in ("The painting as it emerges", "Painting in the style"))
    expect(emerging.or_(done).last).to_be_visible(timeout=PATIENCE)
    shoot(page, "running-wide-light")
    expect(element(page, "result")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".compare img.after")).to_be_visible()
    shoot(page, "result-private-wide-light")
    assert page.url.endswith(f"?job={job_id}")
    expect(page).to_have_title("Your painting · Pastiche")
    assert page.locator(".compare").evaluate("element => element.clientWidth") <= 1.5 * 256

    divider = page.get_by_role("slider", name="How much of the photo is shown")
    divider.focus()
    expect(divider).to_have_value("35")
    page.keyboard.press("ArrowRight")
    expect(divider).to_have_value("36")

    with page.expect_download() as download, page.expect_response(re.compile("/media/")) as fetched:
        button(page, "download").click()
    painting = images.decode(download.value.path().read_bytes(), Limits.of(Settings()))
    assert download.value.suggested_filename.endswith(".png")
    assert max(painting.size) == 256

    strange = visitor(f"{studio.url}/?job={job_id}")
    expect(strange.get_by_text("There is no such painting")).to_be_visible()
    for address in (f"{studio.url}/pictures/{job_id}/after", f"{studio.url}/pictures/{job_id}/before", fetched.value.url):
        assert strange.request.get(address).status == 404
        assert httpx.get(address).status_code == 404

    button(page, "publish").click()
    expect(button(page, "make_private")).to_be_visible()
    shoot(page, "result-public-wide-light")
    entry = element(stranger, f"entry_{job_id}")
    expect(entry).to_be_visible()
    expect(entry.locator("img").first).to_have_js_property("complete", True)
    shoot(stranger, "gallery-wide-light")
    entry.locator("a").first.click()
    expect(element(stranger, "result")).to_be_visible()
    expect(button(stranger, f"like_{job_id}")).to_be_visible()
    assert stranger.request.get(f"{studio.url}/pictures/{job_id}/after").status == 200

    with served(studio.data_dir, NST_OWN_WORKER="false") as fresh:  # nobody has visited it: the first address asked for is a deep one
        cold = visitor(f"{fresh.url}/gallery")
        expect(element(cold, f"entry_{job_id}")).to_be_visible()
        expect(cold.get_by_role("link", name="My pictures").first).to_be_visible()
        button(cold, f"like_{job_id}").click()
        expect(button(cold, "style_woodblock-surf")).to_contain_text("✓")
        expect(cold.locator("h1")).to_be_focused()
        cold.go_back()
        expect(element(cold, f"entry_{job_id}")).to_be_visible()
        assert cold.url == f"{fresh.url}/gallery"
    with served(studio.data_dir, NST_OWN_WORKER="false") as fresh:
        cold = visitor(f"{fresh.url}/?job={job_id}")
        expect(element(cold, "result")).to_be_visible()
        button(cold, f"like_{job_id}").click()
        expect(button(cold, "style_woodblock-surf")).to_contain_text("✓")

    page.goto(f"{studio.url}/my_pictures")
    expect(element(page, f"mine_{job_id}")).to_be_visible()
    shoot(page, "my-pictures-wide-light")
    stranger.goto(f"{studio.url}/gallery")
    expect(element(stranger, f"entry_{job_id}")).to_be_visible()
    button(page, f"make_private_{job_id}").click()
    expect(element(stranger, f"entry_{job_id}")).to_have_count(0)
    assert stranger.request.get(f"{studio.url}/pictures/{job_id}/after").status == 404


SKETCHED = """before => {
    const sketch = document.querySelector("figure.sketch:not(.busy) img");
    return sketch && sketch.complete && sketch.src !== before && {src: sketch.src, now: performance.now()};
}"""


def test_a_sketch_follows_photo_style_and_strength(
    studio: Studio, visitor: OpenBrowser, photo: Path, record_property: Callable[[str, float], None]
) -> None:
    """And is timed by the browser, for the report."""
    page = visitor(studio.url)
    expect(button(page, "submit")).to_be_visible()
    seen: set[str] = set()

    def act_and_see(name: str, act: Callable[[], None]) -> None:
        before = page.evaluate("document.querySelector('figure.sketch img')?.src || ''")
        started = page.evaluate("performance.now()")
        act()
        found = page.wait_for_function(SKETCHED, arg=before).json_value()
        assert found["src"] not in seen
        seen.add(found["src"])
        record_property(f"seconds from {name} to its sketch", round((found["now"] - started) / 1000, 2))

    act_and_see("the first photo", lambda: element(page, "photo").locator("input[type=file]").set_input_files(photo))
    act_and_see("a style", lambda: button(page, "style_woodblock-surf").click())
    act_and_see("another style", lambda: button(page, "style_cathedral-glass").click())
    expect(button(page, "style_cathedral-glass")).to_contain_text("✓")
    thumb = element(page, "strength").get_by_role("slider")
    act_and_see("a strength", lambda: thumb.press("Home"))
    act_and_see("another strength", lambda: thumb.press("ArrowRight"))
    expect(page.get_by_text("A quick sketch.")).to_be_visible()


def test_a_painting_under_way_is_cancelled(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport=NARROW, color_scheme="dark")
    submit(page, photo, preset="High")
    expect(page.get_by_text(re.compile(r"Scale \d of \d"))).to_be_visible(timeout=PATIENCE)
    shoot(page, "running-narrow-dark")
    button(page, "cancel").click()
    expect(page.get_by_text("You stopped this painting")).to_be_visible()
    expect(page).to_have_title("Painting cancelled · Pastiche")
    expect(page.locator("h1")).to_be_focused()
    shoot(page, "cancelled-narrow-dark")
    button(page, "again").click()
    expect(page.locator(".chosen-photo img")).to_be_visible()
    expect(element(page, "preset").locator("[aria-checked=true]")).to_have_text("High")


def test_a_text_file_called_jpg_gets_its_sentence(studio: Studio, visitor: OpenBrowser, tmp_path: Path) -> None:
    (tmp_path / "me.jpg").write_text("dear diary")
    page = visitor(studio.url)
    element(page, "photo").locator("input[type=file]").set_input_files(tmp_path / "me.jpg")
    expect(page.get_by_text("This is not a JPEG, PNG or WebP picture")).to_be_visible()
    shoot(page, "refused-wide-light")


def test_what_the_browser_refuses_is_forgotten_with_the_next_choice(
    studio: Studio, visitor: OpenBrowser, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "me.gif").write_bytes(b"GIF89a")
    page = visitor(studio.url)
    field = element(page, "photo").locator("input[type=file]")
    field.set_input_files(tmp_path / "me.gif")
    refusal = page.get_by_text("files are not allowed")
    expect(refusal).to_be_visible()
    field.set_input_files(photo)
    expect(page.locator(".chosen-photo figcaption")).to_have_text(photo.name)
    expect(refusal).to_be_hidden()
    field.set_input_files(tmp_path / "me.gif")
    expect(refusal.last).to_be_visible()
    button(page, "sample_coffee").click()
    expect(page.locator(".chosen-photo figcaption")).to_have_text("A cup of coffee")
    expect(refusal).to_have_count(0)
    expect(element(page, "photo").get_by_text(photo.name)).to_have_count(0)


def test_a_style_is_chosen_with_the_keyboard(studio: Studio, visitor: OpenBrowser) -> None:
    page = visitor(studio.url)
    button(page, "style_tide-wash").focus()
    page.keyboard.press("Enter")
    expect(button(page, "style_tide-wash")).to_contain_text("✓")


@pytest.mark.parametrize(("width", "scheme"), [("wide", "dark"), ("narrow", "light"), ("narrow", "dark")])
def test_every_page_fits_its_window(studio: Studio, visitor: OpenBrowser, width: str, scheme: str) -> None:
    page = visitor(studio.url, viewport=WIDE if width == "wide" else NARROW, color_scheme=scheme)
    for path in ("", "gallery", "my_pictures", "status"):
        page.goto(f"{studio.url}/{path}")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
        assert page.locator("[data-testid=stMain]").evaluate("element => element.scrollWidth <= element.clientWidth")
        shoot(page, f"{path or 'create'}-{width}-{scheme}")
