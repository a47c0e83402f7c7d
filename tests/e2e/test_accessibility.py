"""Every page for everybody: at all widths, by keyboard, and by the rules of WCAG."""

from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import (
    ADMIN_TOKEN,
    ANNA,
    FADED,
    NARROW,
    SUM_SHIFTS,
    WIDE,
    OpenBrowser,
    Studio,
    button,
    choose_photo,
    element,
    evaluated,
    shoot,
)

TWICE = {"width": 720, "height": 450}  # a laptop's 1440 pixels at 200 %
_IS_SEEN = """control => {
    const { x, y, width, height } = control.getBoundingClientRect();
    const there = document.elementFromPoint(x + width / 2, y + height / 2);
    return (control.closest("label") ?? control).contains(there);
}"""


def test_a_style_is_chosen_with_the_keyboard(studio: Studio, visitor: OpenBrowser) -> None:
    page = visitor(studio.url)
    button(page, "style_tide-wash").focus()
    page.keyboard.press("Enter")
    expect(button(page, "style_tide-wash")).to_contain_text("✓")


def test_the_tiles_are_one_stop_of_the_tab_key(studio: Studio, visitor: OpenBrowser) -> None:
    page = visitor(studio.url)
    focused = page.locator(":focus")
    button(page, "sample_astronaut").focus()
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_text("Chelsea the cat")
    element(page, "style_search").locator("input").focus()
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("aria-pressed", "true")
    for key, style in (
        ("ArrowRight", "Woodblock Surf"),
        ("ArrowDown", "Knife Harvest"),
        ("End", "Gilded Spirals"),
        ("ArrowUp", "Linocut Thicket"),
    ):
        page.keyboard.press(key)
        expect(focused).to_contain_text(style)
    page.keyboard.press("Enter")
    expect(button(page, "style_linocut-thicket")).to_have_attribute("aria-pressed", "true")
    expect(focused).to_contain_text("Linocut Thicket")
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("aria-label", "Mix two styles")
    page.keyboard.press("Shift+Tab")
    expect(focused).to_contain_text("Linocut Thicket")


@pytest.mark.parametrize("viewport", [WIDE, {"width": 1280, "height": 720}, {"width": 800, "height": 600}, NARROW])
def test_the_button_that_paints_is_in_sight_and_two_keys_away(
    studio: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int]
) -> None:
    page = visitor(studio.url, viewport=viewport)
    choose_photo(page, photo)
    expect(button(page, "submit")).to_be_in_viewport(ratio=1)
    page.locator("h1").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to “Paint it”")).to_be_focused()
    page.keyboard.press("Enter")
    expect(button(page, "submit")).to_be_focused()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 600}, NARROW], ids=["wide", "narrow"])
def test_no_control_is_below_the_row_that_paints_while_it_has_the_focus(
    studio: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int]
) -> None:
    page = visitor(studio.url, viewport=viewport)
    choose_photo(page, photo)
    row = page.locator(".st-key-submit_row" if viewport["width"] > 800 else ".st-key-submit")
    controls = page.locator(".st-key-paint_panel :is([role=slider], input, summary, button):visible").all()
    reached = 0
    for control in controls:
        if control.locator("xpath=ancestor-or-self::*[contains(@class, 'st-key-submit')]").count():
            continue
        page.locator("[data-testid=stMain]").evaluate("element => element.scrollTo(0, 0)")
        control.focus()
        box, above = control.bounding_box(), row.bounding_box()
        assert box is not None
        assert above is not None
        assert box["y"] + box["height"] <= above["y"]
        reached += 1
    assert reached > 6


@pytest.mark.parametrize("viewport", [TWICE, {"width": 844, "height": 390}], ids=["at 200 %", "a phone on its side"])
def test_in_a_low_window_nothing_covers_the_control_that_has_the_focus(
    studio: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int]
) -> None:
    page = visitor(studio.url, viewport=viewport)
    choose_photo(page, photo)
    expect(page.locator(".sketch img").first).to_be_visible()
    shoot(page, f"low-{viewport['width']}")
    for key in ("style_search", "style_tide-wash", "style_gilded-spirals", "mix", "preset", "strength", "param_style_scale"):
        control = element(page, key).locator("button, input, [role=slider]").first
        page.locator("[data-testid=stMain]").evaluate("element => element.scrollTo(0, 0)")
        control.focus()
        assert control.evaluate(_IS_SEEN), key


@pytest.mark.parametrize(("width", "scheme"), [("wide", "dark"), ("narrow", "light"), ("narrow", "dark"), ("twice", "light")])
def test_every_page_fits_its_window(studio: Studio, visitor: OpenBrowser, width: str, scheme: str) -> None:
    page = visitor(studio.url, viewport={"wide": WIDE, "narrow": NARROW, "twice": TWICE}[width], color_scheme=scheme)
    for path in ("", "gallery", "my_pictures", "status"):
        page.goto(f"{studio.url}/{path}")
        expect(page.locator("h1")).to_be_visible()
        evaluated(page, "!document.querySelector('[data-testid=stSkeleton]')")
        assert page.locator("[data-testid=stMain]").evaluate("element => element.scrollWidth <= element.clientWidth")
        shoot(page, f"{path or 'create'}-{width}-{scheme}")


@pytest.mark.parametrize("viewport", [WIDE, {"width": 700, "height": 900}, NARROW], ids=["wide", "tablet", "phone"])
@pytest.mark.parametrize("path", ["", "gallery", "my_pictures", "status"])
def test_a_page_does_not_move_while_it_loads(studio: Studio, visitor: OpenBrowser, viewport: dict[str, int], path: str) -> None:
    page = visitor(f"{studio.url}/healthz", viewport=viewport)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.add_init_script(SUM_SHIFTS)
    page.goto(f"{studio.url}/{path}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    assert page.evaluate("shifts") <= 0.1
    assert not errors


@pytest.mark.parametrize(
    "viewport", [WIDE, {"width": 800, "height": 900}, {"width": 700, "height": 900}, NARROW, {"width": 320, "height": 640}]
)
def test_every_width_has_its_menu(studio: Studio, visitor: OpenBrowser, viewport: dict[str, int]) -> None:
    page = visitor(studio.url, viewport=viewport)
    link = page.get_by_role("link", name="Gallery").locator("visible=true")
    expect(link).to_have_count(1)
    link.focus()
    assert link.evaluate("element => getComputedStyle(element).outlineWidth") != "0px"
    link.click()
    expect(page.locator("h1")).to_have_text("Gallery")


def test_on_a_phone_the_sketch_and_the_button_are_in_sight_once_a_photo_is_chosen(
    studio: Studio, visitor: OpenBrowser, photo: Path
) -> None:
    page = visitor(studio.url, viewport=NARROW, has_touch=True, is_mobile=True)
    expect(page.locator(".compare img.after")).to_be_in_viewport(ratio=1)  # an example of what a visitor will get
    choose_photo(page, photo)
    expect(page.locator(".sketch img")).to_be_in_viewport(ratio=1)
    expect(button(page, "submit")).to_be_in_viewport(ratio=1)
    element(page, "style_upload").scroll_into_view_if_needed()
    expect(button(page, "submit")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Tide Wash", pressed=False).tap()
    expect(page.get_by_role("button", name="Tide Wash", pressed=True)).to_be_visible()
    page.get_by_text("Private: only this browser can open it.").click()  # which fails where something covers it
    shoot(page, "chosen-narrow-light")


# The script alone: the package's class reads it in the locale's encoding.
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
LOOKS = pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (TWICE, "light")])


def check_with_axe(page: Page, state: str) -> None:
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.evaluate(FADED)
    page.evaluate(AXE)
    assert page.evaluate("options => axe.run(options)", WCAG)["violations"] == [], state


@LOOKS
def test_axe_finds_nothing(
    studio: Studio, visitor: OpenBrowser, photo: Path, private_id: str, viewport: dict[str, int], scheme: str
) -> None:
    page = visitor(studio.url, viewport=viewport, color_scheme=scheme)

    def check(state: str) -> None:
        check_with_axe(page, state)

    expect(button(page, "submit")).to_be_visible()
    check("empty form")
    choose_photo(page, photo)
    expect(page.locator(".sketch:not(.busy)")).to_be_visible()
    check("form")
    element(page, "by_parts").get_by_text("Paint only parts").click()
    page.get_by_role("button", name="By hand").click()
    expect(page.get_by_role("button", name="Part 1", pressed=True)).to_be_visible()
    expect(page.locator(".sketch:not(.busy)")).to_be_visible()
    check("parts")
    element(page, "region_brush").get_by_role("radiogroup", name="Tool").get_by_text("Fill").click()
    element(page, "region_brush").get_by_text("Everywhere").click()
    page.locator(".stage").click()
    expect(element(page, "region_brush").get_by_role("status")).to_contain_text("covers")
    check("fill")
    element(page, "region_brush").get_by_role("radiogroup", name="Tool").get_by_text("Brush").click()
    element(page, "region_brush").get_by_role("button", name="Grow to the object").click()
    check("grow")
    page = visitor(studio.url, owner=ANNA, viewport=viewport, color_scheme=scheme)
    for path in (f"?job={private_id}", "gallery", "my_pictures", "status", "?job=unknown"):
        page.goto(f"{studio.url}/{path}")
        check(path)
    page.goto(f"{studio.url}/my_pictures")
    page.get_by_text("Select several").click()
    button(page, "select_all").click()
    expect(page.get_by_role("link", name="Download ZIP")).to_be_visible()
    check("selecting")
    studio.service.publish(private_id, ANNA)
    page.goto(f"{studio.url}/gallery")
    expect(button(page, f"heart_{private_id}")).to_be_visible()
    check("gallery with a painting")


@LOOKS
def test_axe_finds_nothing_while_a_photo_is_chosen(
    studio: Studio, visitor: OpenBrowser, photo: Path, tmp_path: Path, viewport: dict[str, int], scheme: str
) -> None:
    page = visitor(studio.url, viewport=viewport, color_scheme=scheme)
    (tmp_path / "me.gif").write_bytes(b"GIF89a")
    (tmp_path / "me.jpg").write_text("dear diary", encoding="utf-8")
    field = element(page, "photo").locator("input[type=file]")
    for name, words in (("me.gif", "not a picture that the studio reads"), ("me.jpg", "This is not a JPEG")):
        field.set_input_files(tmp_path / name)
        expect(page.get_by_text(words)).to_be_in_viewport()
        check_with_axe(page, name)
    button(page, "submit").click()
    expect(page.get_by_text("Choose a photo first")).to_be_visible()
    button(page, "submit").hover()
    check_with_axe(page, "no photo")
    choose_photo(page, photo)
    button(page, "change_photo").click()
    expect(button(page, "sample_coffee")).to_be_visible()
    check_with_axe(page, "another photo")
    page.keyboard.press("Escape")
    button(page, "crop_photo").click()
    page.get_by_role("button", name="Turn right").click()
    page.get_by_role("slider", name="Straighten").press("ArrowLeft")
    expect(page.get_by_text("of the height are used. Turned 0.1 degrees to the left.")).to_be_visible()
    check_with_axe(page, "crop")
    page.get_by_text("For experts").click()
    expect(page.get_by_text("Calm surfaces")).to_be_visible()
    check_with_axe(page, "experts")


@LOOKS
def test_axe_finds_nothing_in_what_opens_on_a_page(
    studio: Studio, visitor: OpenBrowser, private_id: str, viewport: dict[str, int], scheme: str
) -> None:
    page = visitor(f"{studio.url}/?job={private_id}", owner=ANNA, viewport=viewport, color_scheme=scheme)
    for name, words in (
        ("Time-lapse", "WebP animation"),
        ("Make it larger", "Pixels on the long side"),
        ("Title", "A title is shown"),
        ("Publish", "What do you want to show?"),
    ):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_text(words)).to_be_visible()
        check_with_axe(page, name)
        page.keyboard.press("Escape")
        expect(page.get_by_text(words)).to_have_count(0)
    page.get_by_text("Recipe", exact=True).click()
    expect(page.get_by_role("link", name="Download recipe")).to_be_visible()
    check_with_axe(page, "recipe")
    page.goto(f"{studio.url}/my_pictures")
    button(page, f"delete_{private_id}").click()
    expect(page.get_by_text("for good").last).to_be_visible()
    check_with_axe(page, "delete")
    page.goto(f"{studio.url}/status")
    page.get_by_text("Administrator").click()
    token = page.get_by_role("textbox", name="Token")
    for value, words in (("wrong", "Check the token"), (ADMIN_TOKEN, "Link or id of a painting")):
        token.fill(value)
        token.press("Enter")
        expect(page.get_by_text(words)).to_be_visible()
        check_with_axe(page, f"administrator, {value}")
    for path, words in (("gallery?style=Tide+Wash", "Nothing found"), ("nowhere/at/all", "No such page")):
        page.goto(f"{studio.url}/{path}")
        expect(page.get_by_text(words)).to_be_visible()
        check_with_axe(page, path)
    page = visitor(f"{studio.url}/my_pictures", viewport=viewport, color_scheme=scheme)
    expect(page.get_by_text("No pictures yet")).to_be_visible()
    check_with_axe(page, "no pictures")


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 1000}, NARROW, {"width": 360, "height": 640}, TWICE])
def test_sizes_of_larger_versions_are_in_view_at_once(
    studio: Studio, visitor: OpenBrowser, private_id: str, viewport: dict[str, int]
) -> None:
    page = visitor(f"{studio.url}/?job={private_id}", owner=ANNA, viewport=viewport)
    page.get_by_role("button", name="Make it larger", exact=True).click()
    expect(page.get_by_text("8192 pixels")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Paint it larger")).to_be_in_viewport(ratio=1)
    popover = page.get_by_test_id("stPopoverBody")
    expect(popover).to_be_in_viewport(ratio=1)
    assert popover.evaluate("element => element.scrollHeight <= element.clientHeight")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("button", name="Publish it")).to_be_in_viewport(ratio=1)
    assert popover.evaluate("element => element.scrollHeight <= element.clientHeight")


@LOOKS
def test_axe_finds_nothing_while_several_photos_are_painted(
    studio: Studio, visitor: OpenBrowser, photo: Path, tmp_path: Path, viewport: dict[str, int], scheme: str
) -> None:
    second = tmp_path / "second.jpg"
    second.write_bytes(photo.read_bytes())
    page = visitor(studio.url, viewport=viewport, color_scheme=scheme)
    element(page, "photo").locator("input[type=file]").set_input_files([photo, second])
    expect(button(page, "submit")).to_contain_text("Paint 2 photos")
    check_with_axe(page, "two photos")
    button(page, "submit").click()
    expect(page.locator(".card")).to_have_count(2)
    check_with_axe(page, "several photos")
    button(page, "cancel_all").click()
    expect(page.locator("h1")).to_have_text("Your paintings")
    check_with_axe(page, "cancelled")
