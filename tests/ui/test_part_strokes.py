"""Parts that are found from strokes, and what is submitted while the page has masks that are not stored."""

import gc
from base64 import b64decode, b64encode
from concurrent.futures import Future
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from nst import images
from nst.errors import PreviewsBusy
from nst.images import STORED_LIMITS, Format
from nst.preview import Previews
from nst.ui import masks, part_messages, singletons
from nst.ui.draft import Draft
from nst.ui.parts import Drawn, Mask, Part, Parts
from tests.support.pages import ANNA, DiskStudio, words
from tests.support.parts import WIDE, by_hand, grown_from, half_white, listed, painted
from tests.support.waiting import until
from tests.ui.conftest import OpenPage


def line() -> str:
    """A stroke on the left half of a photo of 96 by 64 pixels, as a page sends it."""
    picture = Image.new("L", (96, 64))
    ImageDraw.Draw(picture).line((10, 30, 30, 30), fill=255, width=4)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return b64encode(buffer.getvalue()).decode()


@pytest.fixture
def page(previews: Previews, open_page: OpenPage) -> AppTest:
    """The form with a photo whose left half is white, and a part with a stroke on it."""
    opened = open_page()
    opened.file_uploader(key="photo").upload("me.png", b64decode(half_white()), "image/png").run()
    opened.toggle(key="by_parts").set_value(True).run()
    listed(draft_of(opened), by_hand(0), active="0-0")
    painted(draft_of(opened), "0-0", line())
    return opened


def draft_of(page: AppTest) -> Draft:
    draft = page.session_state["draft"]
    assert isinstance(draft, Draft)
    return draft


def part_of(page: AppTest) -> Part:
    (part,) = draft_of(page).parts.items
    return part


def grow(page: AppTest, rev: int = 2) -> None:
    painted(draft_of(page), "0-0", line(), rev=rev, grow=grown_from(line()))
    page.run()


def levels(mask: Mask | None) -> tuple[object, object]:
    """In the middle of the left half, and of the right one."""
    assert mask is not None
    picture = images.decode(mask.png, STORED_LIMITS).convert("L")
    return picture.getpixel((20, 50)), picture.getpixel((80, 50))


def test_the_object_that_a_line_is_on_becomes_the_mask(page: AppTest) -> None:
    assert levels(part_of(page).mask) == (0, 0)
    grow(page)
    assert part_of(page).search is not None
    until(lambda: page.run() and part_of(page).drawn is None)
    part = part_of(page)
    assert (levels(part.mask), part.note) == ((255, 0), "")
    assert (part.rev, part.seen_rev) == (3, 2), "the page is sent the mask"


def test_what_is_painted_meanwhile_is_newer(page: AppTest) -> None:
    grow(page)
    painted(draft_of(page), "0-0", line(), rev=4)
    page.run()
    part = part_of(page)
    assert (part.drawn, part.search, part.rev) == (None, None, 4)


def test_a_painting_waits_until_the_object_is_found(page: AppTest, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    search: Future[bytes] = Future()
    monkeypatch.setattr(Previews, "find", lambda *_: search)
    grow(page)
    page.button(key="submit").click().run()
    assert "Part 1 is still being found." in words(page)
    assert not studio.service.mine(ANNA)
    search.set_result(b64decode(half_white()))
    page.run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(ANNA)
    assert levels(Mask(studio.backend.objects.get(job.regions[-1].mask_key))) == (255, 0)


@pytest.mark.parametrize(("is_cancelled", "note"), [(True, "broke off"), (False, "Nothing was found there.")])
def test_without_an_object_the_mask_stays(page: AppTest, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool, note: str) -> None:
    search: Future[bytes] = Future()
    monkeypatch.setattr(Previews, "find", lambda *_: search)
    grow(page)
    mask = part_of(page).mask
    if is_cancelled:
        search.cancel()
    else:
        search.set_result(images.encode(Image.new("L", (96, 64)), Format.PNG))
    page.run()
    part = part_of(page)
    assert (part.mask, part.rev, part.drawn) == (mask, 2, None)
    assert note in part.note


def test_a_busy_server_says_so_and_the_mask_stays(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PreviewsBusy("Many visitors are looking at previews just now.")

    monkeypatch.setattr(Previews, "find", refuse)
    grow(page)
    part = part_of(page)
    assert (part.drawn, part.note) == (None, "Many visitors are looking at previews just now.")
    assert levels(part.mask) == (0, 0)


@pytest.mark.parametrize(
    ("strokes", "note"),
    [
        (grown_from(b64encode(b"dear diary").decode()), "This is not a"),
        (grown_from(line(), outside="no base64!"), "The file is empty"),
        (grown_from(half_white(64, 64)), "a mask must have the photo's shape"),
        (grown_from(around=line()[:80]), "The picture is damaged"),
        (grown_from(), ""),
        ({"inside": line()}, ""),
        ({"inside": 5, "outside": None, "around": []}, ""),
        (["inside"], ""),
        (7, ""),
    ],
)
def test_strokes_that_are_none_are_refused(page: AppTest, strokes: object, note: str) -> None:
    painted(draft_of(page), "0-0", line(), rev=2, grow=strokes)
    part = part_of(page)
    assert (part.drawn, part.search, part.rev) == (None, None, 2)
    assert note in part.note


@pytest.mark.usefixtures("studio")
def test_nothing_is_searched_for_where_previews_are_off() -> None:
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0))
    painted(draft, "0-0", line(), grow=grown_from(line()))
    assert draft.parts.items[0].drawn is None


def test_strokes_count_in_the_memory_of_drafts(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Previews, "find", lambda *_: Future())
    before, counted = draft_of(page).parts.size, _counted()
    grow(page)
    drawn = part_of(page).drawn
    assert drawn and drawn.inside
    assert draft_of(page).parts.size == before + len(drawn.inside.png)
    assert _counted() == counted + len(drawn.inside.png)
    del drawn
    painted(draft_of(page), "0-0", line(), rev=3)
    assert _counted() == counted, "once they are used"


def _counted() -> int:
    """Bytes of pictures that pages keep."""
    gc.collect()
    return sum(size for _, size in singletons.picture_budget()._kept.values())


@pytest.mark.usefixtures("studio")
def test_one_mask_of_a_part_is_taken_from_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(masks, "read", lambda png, _: read.append(png) or Mask(b"png"))
    draft = Draft(photo=WIDE, chosen=["tide-wash"], parts=Parts(enabled=True))
    listed(draft, by_hand(0), by_hand(1))
    many = [{"id": f"{number % 2}-{number % 2}", "rev": 1 + number, "png": line()} for number in range(50)]
    part_messages.take_masks(draft, {"token": draft.parts.token, "masks": many})
    assert len(read) == 2
    assert [part.rev for part in draft.parts.items] == [1, 2]


def test_a_copy_for_another_page_waits_for_nothing() -> None:
    part = Part(mask=Mask(b"png"), drawn=Drawn(Mask(b"inside")), search=Future(), is_missed=True)
    (copied,) = Parts(items=[part]).copy().items
    assert (copied.mask, copied.drawn, copied.search, copied.is_missed) == (part.mask, None, None, False)


def test_no_painting_is_submitted_with_an_older_mask_than_its_visitor_sees(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", b64decode(half_white()), "image/png").run()
    page.toggle(key="by_parts").set_value(True).run()
    listed(draft_of(page), by_hand(0), active="0-0")
    painted(draft_of(page), "0-0", line())
    part_of(page).is_missed, part_of(page).note = True, "Too many pictures are open at the moment."
    page.run()
    page.button(key="submit").click().run()
    assert "Part 1 has changed, and the change is not stored yet. Too many pictures are open" in words(page)
    assert not studio.service.mine(ANNA)
    painted(draft_of(page), "0-0", half_white(), rev=2)
    page.run()
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(ANNA)
    assert levels(Mask(studio.backend.objects.get(job.regions[-1].mask_key))) == (255, 0)
