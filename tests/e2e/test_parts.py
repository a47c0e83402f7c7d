"""Parts of a photo, painted in a real browser by mouse, keyboard and finger."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from nst import images
from nst.images import STORED_LIMITS
from tests.e2e.conftest import NARROW, SUM_SHIFTS, WIDE, OpenBrowser, Studio, button, choose_photo, element, shoot
from tests.e2e.parts_editor import button_of, covers, drag, has_no_part, level, open_tools, submitted, tool
from tests.support.waiting import until

IS_ON_TOP = """element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


def test_parts_are_painted_with_mouse_and_keyboard_and_submitted(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport={**WIDE, "height": 1400})  # photo and tools at once
    stage = open_tools(page, photo)
    stage.focus()
    for key in ("Enter", "ArrowRight"):
        page.keyboard.press(key)
    expect(stage).to_have_accessible_name("Your photo. You paint: Part 1")
    page.keyboard.press("Escape")
    has_no_part(page, stage)
    drag(page, stage, (0.2, 0.2), (0.8, 0.2))
    covers(page, "Part 1", r"\d\d")
    assert (level(page, 0, 0.5, 0.2), level(page, 0, 0.5, 0.8)) == (255, 0)
    page.keyboard.press("Control+z")
    covers(page, "Part 1", "0")
    button_of(page, "Redo").click()
    covers(page, "Part 1", r"\d\d")
    tool(page, "Eraser").click()
    drag(page, stage, (0.5, 0.1), (0.5, 0.3))
    assert (level(page, 0, 0.5, 0.2), level(page, 0, 0.25, 0.2)) == (0, 255)

    button_of(page, "By hand").click()
    tool(page, "Rectangle").click()
    drag(page, stage, (0.1, 0.6), (0.4, 0.9))
    covers(page, "Part 2", "9")
    button_of(page, "Invert").click()
    covers(page, "Part 2", "91")
    button_of(page, "Invert").click()
    button_of(page, "Soften").click()
    assert 0 < level(page, 1, 0.4, 0.75) < 255
    tool(page, "Lasso").click()
    drag(page, stage, (0.6, 0.6), (0.9, 0.6), (0.9, 0.9), (0.6, 0.6))
    assert (level(page, 1, 0.85, 0.7), level(page, 1, 0.65, 0.85)) == (255, 0)

    stage.focus()
    for key in ("f", *["Shift+ArrowDown"] * 8, "Enter"):
        page.keyboard.press(key)
    until(lambda: level(page, 1, 0.6, 0.999) == 255)  # at the edge, below the place where the lasso has ended
    page.keyboard.press("Control+z")
    assert level(page, 1, 0.6, 0.999) == 0
    page.keyboard.press("b")
    expect(tool(page, "Brush")).to_be_checked()
    for key in ("Shift+ArrowUp", "Enter", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    covers(page, "Part 2", r"\d\d")
    expect(page.get_by_role("button", name="Part 2", pressed=True)).to_be_visible()
    button(page, "style_tide-wash").click()
    expect(button(page, "style_tide-wash")).to_contain_text("✓")
    element(page, "preset").get_by_text("Draft", exact=True).click()
    drag(page, stage, (0.6, 0.97), (0.9, 0.97))
    job, owner = submitted(studio, page)
    assert [[style.name for style in region.styles] for region in job.regions] == [[], ["starlit-swirl"], ["tide-wash"]]
    mask = images.decode(studio.service.order(job.id, owner).regions[2].mask, STORED_LIMITS).convert("L")  # type: ignore[arg-type]
    places = ((0.2, 0.75), (0.75, 0.97), (0.1, 0.1))
    assert [mask.getpixel((int(x * mask.width), int(y * mask.height))) for x, y in places] == [255, 255, 0]


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a red disc on green, with one of nearly the same colour on its right."""
    photo = Image.new("RGB", (480, 320), (60, 120, 70))
    draw = ImageDraw.Draw(photo)
    draw.ellipse((60, 80, 220, 240), fill=(210, 50, 40))
    draw.ellipse((340, 120, 420, 200), fill=(198, 60, 50))
    path = tmp_path_factory.mktemp("photos") / "disc.png"
    photo.save(path)
    return path


def levels(page: Page, *places: tuple[float, float]) -> list[int]:
    return [level(page, 0, x, y) for x, y in places]


INSIDE, LEFT, OTHER, GROUND = (
    (0.292, 0.35),
    (0.15, 0.5),
    (0.79, 0.5),
    (0.55, 0.5),
)  # of the disc, at its left edge, of the other disc, between


def test_an_object_is_found_from_a_line_and_corrected(studio: Studio, visitor: OpenBrowser, disc: Path) -> None:
    page = visitor(studio.url)
    stage = open_tools(page, disc)
    grow = button_of(page, "Grow to the object")
    expect(grow).to_be_disabled()
    drag(page, stage, (0.22, 0.5), (0.37, 0.5))
    covers(page, "Part 1", r"\d")
    assert levels(page, INSIDE, LEFT, OTHER) == [0, 0, 0]
    grow.click()
    covers(page, "Part 1", r"1\d")
    assert levels(page, INSIDE, LEFT, GROUND) == [255, 255, 0]
    page.keyboard.press("Control+z")
    covers(page, "Part 1", r"\d")
    assert levels(page, INSIDE, LEFT, GROUND) == [0, 0, 0], "one step takes it back"
    button_of(page, "Redo").click()
    covers(page, "Part 1", r"1\d")
    drag(page, stage, (0.77, 0.5), (0.8, 0.5))
    assert levels(page, OTHER) == [255]
    grow.click()
    until(lambda: levels(page, (0.84, 0.5)) == [255])
    assert levels(page, INSIDE, GROUND) == [255, 0], "the first line still counts"


def test_an_object_is_found_in_a_rectangle(studio: Studio, visitor: OpenBrowser, disc: Path) -> None:
    page = visitor(studio.url)
    stage = open_tools(page, disc)
    tool(page, "Rectangle").click()
    drag(page, stage, (0.08, 0.15), (0.52, 0.85))
    covers(page, "Part 1", "31")
    button_of(page, "Grow to the object").click()
    covers(page, "Part 1", r"1\d")
    assert levels(page, INSIDE, LEFT, (0.1, 0.2), OTHER) == [255, 255, 0, 0]


def test_a_colour_is_filled_where_it_was_tapped_or_everywhere(studio: Studio, visitor: OpenBrowser, disc: Path) -> None:
    page = visitor(studio.url)
    stage = open_tools(page, disc)
    tool(page, "Fill").click()
    drag(page, stage, INSIDE)
    covers(page, "Part 1", r"1\d")
    assert levels(page, INSIDE, LEFT, GROUND, OTHER) == [255, 255, 0, 0]
    element(page, "region_brush").get_by_text("Everywhere").click()
    until(lambda: levels(page, OTHER) == [255])
    assert levels(page, INSIDE, GROUND) == [255, 0]
    slider = element(page, "region_brush").get_by_role("slider", name="Tolerance")
    slider.fill("3")
    until(lambda: levels(page, OTHER) == [0])
    assert levels(page, INSIDE) == [255]
    page.keyboard.press("Control+z")
    covers(page, "Part 1", "0")
    assert levels(page, INSIDE, OTHER) == [0, 0], "one step takes the colour back, with its changes"


def test_the_newest_mask_is_sent_again_when_the_painting_is_submitted(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    """A page whose last mask was not stored, as when the server has no memory for it."""
    page = visitor(studio.url)
    stage = open_tools(page, photo)
    drag(page, stage, (0.2, 0.2), (0.8, 0.2))
    expect(page.get_by_role("button", name="Part 1", pressed=True)).to_be_visible()
    page.wait_for_timeout(1500)
    brush = page.locator(".st-key-region_brush .brush")
    brush.evaluate("({ editor }) => { editor.real = editor.setTrigger; editor.setTrigger = () => {}; }")
    drag(page, stage, (0.2, 0.8), (0.8, 0.8))
    page.wait_for_timeout(1000)
    brush.evaluate("({ editor }) => { editor.setTrigger = editor.real; }")
    job, owner = submitted(studio, page)
    mask = images.decode(studio.service.order(job.id, owner).regions[1].mask, STORED_LIMITS).convert("L")  # type: ignore[arg-type]
    assert [mask.getpixel((mask.width // 2, int(y * mask.height))) for y in (0.2, 0.8)] == [255, 255]


def test_the_part_whose_style_is_chosen_is_marked_when_the_page_replaces_the_buttons(
    studio: Studio, visitor: OpenBrowser, photo: Path
) -> None:
    page = visitor(studio.url)
    open_tools(page, photo)
    for number in (1, 2, 3):
        button_of(page, "By hand").click()
        expect(page.get_by_role("button", name=f"Part {number}", pressed=True)).to_have_count(1)
        expect(element(page, "part").get_by_role("button", pressed=False)).to_have_count(number)
    element(page, "part").evaluate(
        """group => {
            const other = group.cloneNode(true);
            other.removeAttribute("role");
            for (const button of other.querySelectorAll("button")) button.ariaPressed = null;
            group.replaceWith(other);
        }"""
    )
    expect(element(page, "part").get_by_role("button", name="Part 3", pressed=True)).to_have_count(1)
    expect(page.get_by_role("toolbar", name="Style for")).to_have_count(1)


def test_the_part_whose_style_is_chosen_stays_in_view(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport=NARROW, has_touch=True)
    open_tools(page, photo)
    button_of(page, "By hand").click()
    part = page.get_by_role("button", name="Part 1", pressed=True)
    expect(part).to_have_count(1)
    assert not part.evaluate(IS_ON_TOP)
    button_of(page, "Choose its style").click()
    until(lambda: part.evaluate(IS_ON_TOP))
    for below in (element(page, "styles").locator("button").last, element(page, "preset")):
        below.evaluate("element => element.scrollIntoView({ block: 'center' })")
        until(lambda: part.evaluate(IS_ON_TOP))
    assert element(page, "preset").evaluate(IS_ON_TOP)


def test_a_finger_paints_and_two_fingers_zoom(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    page = visitor(studio.url, viewport={**NARROW, "height": 1400}, has_touch=True, is_mobile=True, color_scheme="dark")
    stage = open_tools(page, photo)
    stage.scroll_into_view_if_needed()
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        box = stage.bounding_box()  # each time: what loads late may move it
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": number} for number, (x, y) in enumerate(places)
        ]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for kind, place in (("touchStart", (0.2, 0.3)), ("touchMove", (0.5, 0.3)), ("touchMove", (0.8, 0.3))):
        touch(kind, place)
    touch("touchEnd")
    covers(page, "Part 1", r"\d\d")
    before = level(page, 0, 0.5, 0.3), level(page, 0, 0.5, 0.8)
    assert before == (255, 0)
    touch("touchStart", (0.45, 0.8))
    touch("touchStart", (0.45, 0.8), (0.55, 0.8))
    for step in range(1, 5):
        touch("touchMove", (0.45 - 0.05 * step, 0.8), (0.55 + 0.05 * step, 0.8))
    touch("touchEnd")
    until(lambda: float(page.locator(".board").evaluate("board => board.style.getPropertyValue('--scale')")) > 2)
    assert (level(page, 0, 0.5, 0.3), level(page, 0, 0.5, 0.8)) == before, "the first finger has painted nothing"
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    small = "nodes => nodes.map(node => node.getBoundingClientRect()).filter(box => box.width < 24 || box.height < 24).length"
    assert page.locator(".brush :is(button, label)").locator("visible=true").evaluate_all(small) == 0
    shoot(page, "parts-narrow-dark")
    expect(page.get_by_role("button", name="Part 1", pressed=True)).to_be_visible()  # the page knows the part
    page.reload()
    expect(page.locator(".st-key-region_brush .masks canvas")).to_have_count(1)
    until(lambda: level(page, 0, 0.5, 0.3) == 255)  # the mask comes with the page's data
    assert level(page, 0, 0.5, 0.8) == 0


def test_a_mask_full_of_noise_arrives(studio: Studio, visitor: OpenBrowser, photo: Path) -> None:
    """As a PNG it has more bytes than a message may have, and Streamlit closes the connection of a page that sends one."""
    page = visitor(studio.url)
    drag(page, open_tools(page, photo), (0.2, 0.2), (0.8, 0.2))
    expect(page.get_by_role("button", name="Part 1", pressed=True)).to_be_visible()
    brush = page.locator(".st-key-region_brush .brush")
    brush.evaluate(
        """({ editor }) => {
            const { active: part } = editor, before = part.mask.alpha;
            part.mask.alpha = before.map(() => 256 * Math.random());
            editor.finished(part, before, "brush");
        }"""
    )
    until(lambda: brush.evaluate("({ editor }) => editor.active.confirmed === editor.active.rev"))
    job, owner = submitted(studio, page)
    mask = images.decode(studio.service.order(job.id, owner).regions[1].mask, STORED_LIMITS).convert("L")  # type: ignore[arg-type]
    assert mask.getextrema() != (0, 255), "it was reduced, which takes the extremes away"
    assert mask.getbbox()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "phone"])
def test_the_page_does_not_move_while_parts_are_painted(
    studio: Studio, visitor: OpenBrowser, photo: Path, viewport: dict[str, int]
) -> None:
    page = visitor(f"{studio.url}/healthz", viewport=viewport, has_touch=viewport == NARROW)
    page.add_init_script(SUM_SHIFTS)
    page.goto(studio.url)
    choose_photo(page, photo)
    expect(page.locator(".sketch.busy")).to_have_count(0)
    brush, switch = element(page, "region_brush"), element(page, "by_parts").get_by_text("Paint only parts")
    moved: dict[str, float] = {}

    def done(step: str) -> None:
        page.wait_for_timeout(2000)  # what comes late
        moved[step] = page.evaluate("shifts")
        page.evaluate("shifts = 0")

    done("choosing a photo")
    switch.click()
    stage = brush.get_by_role("application")
    expect(stage).to_be_visible()
    done("opening")
    for number in (1, 2, 3):
        brush.get_by_role("button", name="By hand", exact=True).click()
        expect(page.get_by_role("button", name=f"Part {number}", pressed=True)).to_have_count(1)
    done("adding parts")
    stage.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    drag(page, stage, (0.2, 0.2), (0.8, 0.2))
    covers(page, "Part 3", r"\d\d")
    done("drawing")
    page.get_by_role("button", name="Tide Wash", pressed=False).click()
    expect(page.get_by_role("button", name="Tide Wash", pressed=True)).to_be_visible()
    done("choosing a style")
    page.get_by_text("Use only a part of this style").click()
    expect(element(page, "style_brush_0").get_by_role("application")).to_be_visible()
    done("asking for a part of a style")
    page.get_by_text("Use only a part of this style").click()
    expect(element(page, "style_brush_0")).to_have_count(0)
    done("using the whole style")
    switch.click()
    expect(brush).to_have_count(0)
    done("closing")
    del moved["choosing a photo"]  # see test_first_photo.py
    assert sum(moved.values()) <= 0.1, moved
