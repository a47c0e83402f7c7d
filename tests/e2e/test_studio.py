"""The studio in a real browser, painting with the real engine. All tests share one studio; each can run alone."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from nst.errors import UnknownJob
from tests.e2e.conftest import (
    ANNA,
    NARROW,
    PATIENCE,
    WIDE,
    OpenBrowser,
    Studio,
    button,
    choose_photo,
    element,
    evaluated,
    hand_over,
    publish,
    shoot,
    submit,
)


def test_a_photo_becomes_a_painting_while_its_visitor_watches(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url)
    expect(button(page, "submit")).to_be_visible()
    shoot(page, "create-wide-light")
    job_id = submit(page, photo)
    expect(page.locator("h1")).to_be_focused()
    expect(page).to_have_title(re.compile(r"^(Waiting for the easel|\d+ %|Your painting) · Pastiche$"))
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Scale \d of \d"))).to_be_visible(timeout=PATIENCE)
    expect(page.locator("img[alt='The painting so far']").last).to_be_visible(timeout=PATIENCE)
    page.reload()  # a fast machine is done by now
    unfinished, finished = (page.locator(f"img[alt^='{alt}']") for alt in ("The painting so far", "Painting in the style"))
    expect(unfinished.or_(finished).last).to_be_visible(timeout=PATIENCE)
    shoot(page, "running-wide-light")
    expect(element(page, "result")).to_be_visible(timeout=PATIENCE)
    expect(page).to_have_title("Your painting · Pastiche")
    assert page.url.endswith(f"?job={job_id}")


def test_a_painting_is_compared_with_its_photo(studio: Studio, visitor: OpenBrowser, private_id: str) -> None:
    page = visitor(f"{studio.url}/?job={private_id}", owner=ANNA)
    expect(page.locator(".compare img.after")).to_be_visible()
    shoot(page, "result-private-wide-light")
    assert page.locator(".compare").evaluate("element => element.clientWidth") == 560
    divider = page.get_by_role("slider", name="How much of the photo is shown")
    divider.focus()
    expect(divider).to_have_value("35")
    page.keyboard.press("ArrowRight")
    expect(divider).to_have_value("36")


@pytest.mark.parametrize(("key", "format", "suffix"), [("", "PNG", ".png"), ("_jpeg", "JPEG", ".jpg"), ("_tiff", "TIFF", ".tif")])
def test_a_download_is_the_painting_for_print_and_goes_to_its_owner_alone(
    studio: Studio, visitor: OpenBrowser, private_id: str, key: str, format: str, suffix: str
) -> None:
    page, stranger = visitor(f"{studio.url}/?job={private_id}", owner=ANNA), visitor(studio.url)
    link = element(page, f"download{key}").get_by_role("link")
    with page.expect_download() as download:
        link.click()
    address = link.evaluate("link => link.href")
    with Image.open(BytesIO(download.value.path().read_bytes())) as painting:
        found = (painting.format, max(painting.size), round(float(painting.info["dpi"][0])), len(painting.info["icc_profile"]) > 100)
        assert found == (format, 256, 300, True)
    assert download.value.suggested_filename.endswith(suffix)
    assert stranger.request.get(address).status == 404
    assert httpx.get(address).status_code == 404


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, NARROW])
def test_a_time_lapse_is_seen_whole_with_the_links_below_it(
    studio: Studio, visitor: OpenBrowser, private_id: str, viewport: dict[str, int]
) -> None:
    page = visitor(f"{studio.url}/?job={private_id}", owner=ANNA, viewport=viewport)
    button(page, "timelapse").click()
    expect(page.locator("video")).to_be_visible()
    popover = page.get_by_test_id("stPopoverBody")
    for kind, begins in (("mp4", b"ftyp"), ("webp", b"RIFF")):
        link = element(page, f"download_{kind}").get_by_role("link")
        expect(link).to_be_in_viewport(ratio=1)
        with page.expect_download() as download:
            link.click()
        assert begins in download.value.path().read_bytes()[:12]
    assert popover.evaluate("body => body.scrollHeight <= body.clientHeight")


def test_on_a_phone_the_link_is_in_sight_once_a_painting_is_published(studio: Studio, visitor: OpenBrowser, private_id: str) -> None:
    page = visitor(f"{studio.url}/?job={private_id}", owner=ANNA, viewport=NARROW)
    publish(page, private_id)
    expect(page.get_by_role("button", name="Copy link")).to_be_in_viewport()
    shoot(page, "published-narrow-light")
    page.reload()
    expect(page.get_by_role("button", name="Copy link")).to_be_in_viewport()


def test_every_visitor_can_download_a_published_painting(studio: Studio, visitor: OpenBrowser, public_id: str) -> None:
    for _ in range(2):
        page = visitor(f"{studio.url}/?job={public_id}")
        with page.expect_download() as download:
            element(page, "download").get_by_role("link").click()
        with Image.open(download.value.path()) as painting:
            assert max(painting.size) == 256
        page.get_by_text("Recipe", exact=True).click()
        with page.expect_download() as download:
            element(page, "download_recipe").get_by_role("link").click()
        assert b"woodblock-surf" in download.value.path().read_bytes()


def test_a_private_painting_does_not_exist_for_strangers(studio: Studio, visitor: OpenBrowser, private_id: str) -> None:
    stranger = visitor(f"{studio.url}/?job={private_id}")
    expect(stranger.get_by_text("There is no such painting")).to_be_visible()
    for kind in ("after", "before"):
        address = f"{studio.url}/pictures/{private_id}/{kind}"
        assert stranger.request.get(address).status == 404
        assert httpx.get(address).status_code == 404


SKETCHED = """before => {
    const sketch = document.querySelector("figure.sketch:not(.busy) img");
    const number = sketch && sketch.complete && Number(sketch.parentElement.dataset.number);
    return number > before && {number, src: sketch.src, now: performance.now()};
}"""


def test_a_sketch_follows_photo_style_and_strength(
    studio: Studio, visitor: OpenBrowser, photo: Path, record_property: Callable[[str, float], None]
) -> None:
    """Also measures, in the browser, how long each sketch takes."""
    page = visitor(studio.url)
    expect(button(page, "submit")).to_be_visible()
    seen, numbers = set[str](), [0]

    def act_and_see(name: str, act: Callable[[], None]) -> None:
        before = numbers[-1]
        started = page.evaluate("performance.now()")
        act()
        found = evaluated(page, SKETCHED, before)
        assert found["src"] not in seen
        seen.add(found["src"])
        numbers.append(found["number"])
        record_property(f"seconds from {name} to its sketch", round((found["now"] - started) / 1000, 2))

    act_and_see("the first photo", lambda: choose_photo(page, photo))
    act_and_see("a style", lambda: button(page, "style_woodblock-surf").click())
    act_and_see("another style", lambda: button(page, "style_cathedral-glass").click())
    expect(button(page, "style_cathedral-glass")).to_contain_text("✓")
    thumb = element(page, "strength").get_by_role("slider")
    act_and_see("a strength", lambda: thumb.press("Home"))
    act_and_see("another strength", lambda: thumb.press("ArrowRight"))
    first = page.locator("figure.sketch > img").get_attribute("src")
    expect(page.get_by_text("This is how it will look.")).to_be_visible(timeout=PATIENCE)
    assert page.locator("figure.sketch > img").get_attribute("src") != first, "it has grown"


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
    (tmp_path / "me.jpg").write_text("dear diary", encoding="utf-8")
    page = visitor(studio.url)
    element(page, "photo").locator("input[type=file]").set_input_files(tmp_path / "me.jpg")
    expect(page.get_by_text("This is not a JPEG, PNG, WebP, HEIC or AVIF picture")).to_be_visible()
    shoot(page, "refused-wide-light")


def test_what_the_browser_refuses_is_forgotten_with_the_next_choice(
    studio: Studio, visitor: OpenBrowser, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "me.gif").write_bytes(b"GIF89a")
    page = visitor(studio.url)
    field = element(page, "photo").locator("input[type=file]")
    field.set_input_files(tmp_path / "me.gif")
    refusal = page.get_by_text("This is not a picture that the studio reads. Choose a JPEG")
    expect(refusal).to_be_visible()
    assert refusal.evaluate("element => element.offsetHeight") > 10, "it can be read, not only heard"
    field.set_input_files(photo)
    expect(page.locator(".chosen-photo figcaption")).to_have_text(photo.name)
    expect(refusal).to_have_count(0)
    button(page, "change_photo").click()
    field.set_input_files(tmp_path / "me.gif")
    expect(refusal.last).to_be_visible()
    button(page, "sample_coffee").click()
    expect(page.locator(".chosen-photo figcaption")).to_have_text("A cup of coffee")
    expect(field).to_have_count(0)  # the popover is closed
    button(page, "change_photo").click()
    expect(field).to_have_count(1)
    expect(refusal).to_have_count(0)


def test_the_link_of_a_published_painting_is_copied(studio: Studio, visitor: OpenBrowser, public_id: str) -> None:
    page = visitor(f"{studio.url}/?job={public_id}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{studio.url}/?job={public_id}"


def test_a_painting_is_shared_as_a_file(studio: Studio, visitor: OpenBrowser, private_id: str) -> None:
    page = visitor(f"{studio.url}/healthz", owner=ANNA, viewport=NARROW)
    page.add_init_script("navigator.canShare = () => true; navigator.share = async (content) => { window.shared = content; }")
    page.goto(f"{studio.url}/?job={private_id}")
    page.get_by_role("button", name="Share").click()
    evaluated(page, "Boolean(window.shared)")
    assert page.evaluate("[shared.files[0].type, shared.files[0].size > 1000, shared.url ?? null]") == ["image/jpeg", True, None]


def test_a_reload_keeps_the_photo_and_the_settings(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url)
    choose_photo(page, photo)
    button(page, "style_tide-wash").click()
    expect(button(page, "style_tide-wash")).to_contain_text("✓")
    page.reload()
    expect(page.locator(".chosen-photo figcaption")).to_have_text(photo.name)
    expect(button(page, "style_tide-wash")).to_contain_text("✓")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_selected_pictures_are_downloaded_as_one_file_and_deleted(
    studio: Studio, visitor: OpenBrowser, private_id: str, viewport: dict[str, int]
) -> None:
    page = visitor(f"{studio.url}/my_pictures", owner=ANNA, viewport=viewport)
    page.get_by_text("Select several").click()
    element(page, f"select_{private_id}").locator("label").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download ZIP (1)").click()
    with zipfile.ZipFile(download.value.path()) as file:
        (name,) = file.namelist()
        assert file.read(name) == studio.service.result(private_id, ANNA)
    copy = studio.service.submit(ANNA, replace(studio.service.order(private_id, ANNA), token=f"copy-{viewport['width']}"))
    element(page, f"select_{private_id}").locator("label").click()
    element(page, f"select_{copy.id}").locator("label").click()
    button(page, "delete_selected").click()
    button(page, "delete_selected_now").click()
    expect(element(page, f"mine_{copy.id}")).to_have_count(0)
    expect(element(page, f"mine_{private_id}")).to_be_visible()
    with pytest.raises(UnknownJob):
        studio.service.get(copy.id, ANNA)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_picture_is_pasted_or_dropped_anywhere(studio: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int]) -> None:
    page = visitor(studio.url, viewport=viewport)
    expect(button(page, "submit")).to_be_visible()
    for event in ("paste", "drop"):
        hand_over(page, event, {f"{event}.jpg": photo.read_bytes()})
        expect(page.locator(".chosen-photo figcaption")).to_have_text(f"{event}.jpg")
    expect(page.locator(".sketch img")).to_have_attribute("alt", re.compile("in the style Starlit Swirl, 50 percent style"))


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_several_photos_are_painted_in_one_style_and_downloaded_as_one_file(
    studio: Studio, visitor: OpenBrowser, photo: Path, tmp_path: Path, viewport: dict[str, int]
) -> None:
    second = tmp_path / "second.jpg"
    second.write_bytes(photo.read_bytes())
    page = visitor(studio.url, viewport=viewport)
    element(page, "photo").locator("input[type=file]").set_input_files([photo, second])
    expect(page.locator(".chosen-photo figcaption")).to_have_text([photo.name, "second.jpg"])
    page.get_by_text("Draft", exact=True).click()
    shoot(page, f"several-form-{viewport['width']}")
    expect(button(page, "submit")).to_have_text(re.compile("Paint 2 photos$"))
    button(page, "submit").click()
    expect(page.locator(".card.waiting").first).to_be_visible()
    shoot(page, f"several-running-{viewport['width']}")
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("link", name="Download ZIP (2)").click(timeout=PATIENCE)
    with zipfile.ZipFile(download.value.path()) as file:
        assert len(file.namelist()) == 2
        assert file.testzip() is None
    expect(page.locator("h1")).to_have_text("Your paintings")
    shoot(page, f"several-done-{viewport['width']}")


def test_a_form_that_is_sent_by_a_double_click_is_painted_once(studio: Studio, visitor: OpenBrowser, photo: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.jpg"
    second.write_bytes(photo.read_bytes())
    for photos in ([photo], [photo, second]):
        page = visitor(studio.url)
        element(page, "photo").locator("input[type=file]").set_input_files(photos)
        expect(page.locator(".chosen-photo figcaption")).to_have_count(len(photos))
        page.get_by_text("Draft", exact=True).click()
        page.wait_for_load_state("networkidle")
        button(page, "submit").dblclick(delay=5)
        expect(page.locator("h1")).not_to_have_text(re.compile("Turn a photo"))
        page.goto(f"{studio.url}/my_pictures")
        expect(page.locator("a.card").first).to_be_visible()
        expect(page.locator("a.card")).to_have_count(len(photos))
