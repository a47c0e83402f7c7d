"""What is used of a style's picture, for a part of the photo: the form, what pages send, and what is submitted."""

import pytest
from streamlit.testing.v1 import AppTest

from nst import images
from nst.client_network import client_network
from nst.errors import ObjectMissing
from nst.images import STORED_LIMITS
from nst.preview import Previews
from nst.service import Order, RegionChoice, StyleChoice
from nst.ui import part_messages, regions_form, singletons
from nst.ui.draft import Draft
from nst.ui.kept_drafts import KeptDrafts
from nst.ui.parts import Mask, Part, Parts, StylePart
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.parts import UNUSABLE_MASKS, WIDE, by_hand, half_white, listed, painted, style_painted
from tests.support.pictures import half_mask, picture_bytes
from tests.ui.conftest import OpenPage

TIDE_WASH = "style_part_0_0-0"


def draft_of(page: AppTest) -> Draft:
    draft = page.session_state["draft"]
    assert isinstance(draft, Draft)
    return draft


def page_with_part(open_page: OpenPage) -> AppTest:
    """The form with a part that is painted in Tide Wash."""
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    page.toggle(key="by_parts").set_value(True).run()
    listed(draft_of(page), by_hand(0), active="0-0")
    painted(draft_of(page), "0-0", half_white())
    page.run()
    return page.button(key="style_tide-wash").click().run()


def used_of(page: AppTest, style: str = "tide-wash") -> StylePart:
    return draft_of(page).parts.items[0].style_parts[style]


def left_half(ratio: float) -> str:
    return half_white(round(600 * ratio), 600)


def left_and_right(png: bytes) -> tuple[object, object]:
    mask = images.decode(png, STORED_LIMITS).convert("L")
    return mask.getpixel((mask.width // 4, 9)), mask.getpixel((3 * mask.width // 4, 9))


def test_a_part_of_a_style_is_out_of_the_way_until_it_is_asked_for(open_page: OpenPage) -> None:
    page = page_with_part(open_page)
    assert page.toggle(key=TIDE_WASH).label == "Use only a part of this style"
    assert not page.toggle(key=TIDE_WASH).value
    page.button(key="keep_photo").click().run()
    assert not any(key.startswith("style_part") for key in keys(page, "toggle"))
    page.button(key="part_rest").click().run()
    page.button(key="style_copperplate").click().run()
    assert not any(key.startswith("style_part") for key in keys(page, "toggle")), "only parts can have it"


def test_what_is_used_of_a_style_is_submitted_private_and_painted_again(open_page: OpenPage, studio: DiskStudio) -> None:
    page = page_with_part(open_page)
    page.toggle(key=TIDE_WASH).set_value(True).run()
    used = used_of(page)
    assert used.ratio != 1.0
    style_painted(draft_of(page), used, left_half(used.ratio))
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["temporary_owner"])
    (style,) = job.regions[-1].styles
    assert style.part
    assert style.part.startswith("private/mask/")
    assert left_and_right(studio.backend.objects.get(style.part)) == (255, 0)
    studio.end(studio.begin())
    page.run()
    page.button(key="again").click().run()
    again = used_of(page)
    assert again.mask
    assert left_and_right(again.mask.png) == (255, 0)
    (part,) = draft_of(page).parts.items
    page.button(key=f"part_{part.id}").click().run()
    assert page.toggle(key=f"style_part_0_{part.id}").value
    studio.service.delete(job.id, job.owner)
    with pytest.raises(ObjectMissing):
        studio.backend.objects.get(style.part)


def test_what_is_drawn_is_kept_while_it_is_off(open_page: OpenPage, studio: DiskStudio) -> None:
    page = page_with_part(open_page)
    page.toggle(key=TIDE_WASH).set_value(True).run()
    style_painted(draft_of(page), used_of(page), left_half(used_of(page).ratio))
    page.toggle(key=TIDE_WASH).set_value(False).run()
    assert draft_of(page).parts.layers()[0].style_masks == (None,)
    page.button(key="style_copperplate").click().run()
    assert draft_of(page).parts.layers()[0].style_masks == (None,), "another style has no part"
    page.button(key="style_tide-wash").click().run()
    page.toggle(key=TIDE_WASH).set_value(True).run()
    mask = used_of(page).mask
    assert mask
    assert draft_of(page).parts.layers()[0].style_masks == (mask.png,)


def test_each_of_two_mixed_styles_has_a_part_of_its_own(open_page: OpenPage, studio: DiskStudio) -> None:
    page = page_with_part(open_page)
    page.toggle(key="mix_0-0").set_value(True).run()
    page.button(key="style_copperplate").click().run()
    assert page.toggle(key=TIDE_WASH).label == "Use only a part of Tide Wash"
    page.toggle(key="style_part_1_0-0").set_value(True).run()
    used = used_of(page, "copperplate")
    style_painted(draft_of(page), used, left_half(used.ratio))
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["temporary_owner"])
    assert [bool(style.part) for style in job.regions[-1].styles] == [False, True]


@pytest.mark.parametrize("part", ["dark", half_mask()], ids=["found", "mask"])
def test_a_painting_of_a_program_is_made_again_with_what_it_used(open_page: OpenPage, studio: DiskStudio, part: str | bytes) -> None:
    regions = [RegionChoice("sky", [StyleChoice("tide-wash", part=part)])]
    job = studio.service.submit(ANNA, Order(picture_bytes(), [StyleChoice("copperplate")], "form", public=True, regions=regions))
    studio.end(studio.begin())
    page = open_page(owner=BERT, job=job.id)
    page.button(key=f"like_{job.id}").click().run()
    assert [each.kind for each in draft_of(page).parts.items[0].style_parts.values()] == ["dark"] * isinstance(part, str), "never a mask"
    page = open_page(job=job.id)
    page.button(key="again").click().run()
    draft_of(page).parts.active = draft_of(page).parts.items[0].id
    page.run()
    assert ("“Dark” is found in this picture" in words(page)) == isinstance(part, str)
    page.button(key="submit").click().run()
    (style,) = studio.service.mine(ANNA)[0].regions[0].styles
    assert style.part == part if isinstance(part, str) else left_and_right(studio.backend.objects.get(style.part or "")) == (255, 0)


def test_what_is_drawn_takes_the_place_of_what_is_found() -> None:
    used = StylePart(kind="dark")
    draft = Draft(photo=WIDE, parts=Parts(items=[Part(["tide-wash"], style_parts={"tide-wash": used})]))
    style_painted(draft, used, "")
    assert (used.kind, used.source) == ("", None), "all is erased: the whole picture is used"


def test_another_picture_or_photo_takes_no_masks_of_the_last_one(open_page: OpenPage) -> None:
    page = page_with_part(open_page)
    page.file_uploader(key="style_upload").upload("red.png", picture_bytes(colour="red"), "image/png").run()
    page.toggle(key="style_part_0_0-0").set_value(True).run()
    style_painted(draft_of(page), used_of(page, "*"), left_half(used_of(page, "*").ratio))
    assert used_of(page, "*").mask
    page.file_uploader(key="style_upload").upload("again.png", picture_bytes(colour="red"), "image/png").run()
    assert used_of(page, "*").mask, "the same picture"
    page.file_uploader(key="style_upload").upload("blue.png", picture_bytes(colour="blue"), "image/png").run()
    assert "*" not in draft_of(page).parts.items[0].style_parts
    draft_of(page).parts.items[0].kind = "sky"
    draft_of(page).parts.items[0].style_parts["tide-wash"] = StylePart(mask=Mask(half_mask()))
    page.button(key="sample_cat").click().run()
    assert [part.style_parts for part in draft_of(page).parts.items] == [{}]


@pytest.mark.usefixtures("studio")
@pytest.mark.parametrize(("png", "note"), UNUSABLE_MASKS)
def test_a_mask_of_a_style_that_cannot_be_used_says_so(png: str, note: str) -> None:
    used = StylePart(ratio=1.5)
    draft = Draft(photo=WIDE, parts=Parts(items=[Part(["tide-wash"], style_parts={"tide-wash": used})]))
    style_painted(draft, used, png)
    assert (used.mask, used.rev) == (None, 1)
    assert note in used.note


@pytest.mark.usefixtures("studio")
@pytest.mark.parametrize("sent", [None, {}, {"token": "*", "masks": [{"rev": 1, "png": ""}]}, {"token": "1", "masks": [{"rev": "1"}]}])
def test_other_messages_change_nothing(sent: object) -> None:
    used = StylePart(id="1", ratio=1.5, mask=Mask(b"png"))
    part_messages.take_style_mask(Draft(parts=Parts(items=[Part(style_parts={"tide-wash": used})])), sent)
    assert (used.mask, used.rev) == (Mask(b"png"), 0)


@pytest.mark.usefixtures("studio")
def test_a_mask_of_a_style_for_which_there_is_no_memory_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    used = StylePart(ratio=1.5)
    part = Part(["tide-wash"], id="0-0", style_parts={"tide-wash": used})
    draft = Draft(photo=WIDE, parts=Parts(enabled=True, items=[part]))
    monkeypatch.setattr("nst.ui.draft.current", lambda: draft)
    settings = singletons.settings()
    share = max(settings.incoming_bytes, 6 * settings.max_bytes) // 2
    with singletons.picture_budget().reserve(share, client_network("here")):
        style_painted(draft, used, half_white())
        assert (used.mask, used.rev) == (None, 0), "the change is not confirmed"
        assert "a style of Part 1 has changed, and the change is not stored yet" in (regions_form.reason_to_wait() or "")
    style_painted(draft, used, half_white())
    assert used.mask
    assert regions_form.reason_to_wait() is None


def test_a_copy_of_a_draft_has_masks_of_its_own_and_they_count() -> None:
    used = StylePart(mask=Mask(b"123456"), rev=3)
    draft = Draft(photo=WIDE, parts=Parts(enabled=True, items=[Part(["tide-wash"], style_parts={"tide-wash": used})]))
    drafts = KeptDrafts()
    drafts.put("anna", draft)
    again = drafts.copy_of("anna")
    assert again
    copied = again.parts.items[0].style_parts["tide-wash"]
    assert (copied.mask, copied.rev, copied.id != used.id) == (used.mask, 3, True)
    copied.is_used = False
    assert used.is_used
    small = KeptDrafts(capacity=len(WIDE.data) + 5)
    small.put("anna", draft)
    assert small.copy_of("anna") is None


def test_the_sketch_follows_what_is_used_of_a_style(open_page: OpenPage, previews: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    request = previews.request

    def recorded(*args: object, regions: object = (), **kwargs: object) -> object:
        asked.append([region.style_masks for region in regions])  # type: ignore[attr-defined]
        return request(*args, regions=regions, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(previews, "request", recorded)
    page = page_with_part(open_page)
    page.toggle(key=TIDE_WASH).set_value(True).run()
    before = len(asked)
    style_painted(draft_of(page), used_of(page), left_half(used_of(page).ratio))
    page.run()
    mask = used_of(page).mask
    assert mask
    assert asked[before:] == [[(), (mask.png,)]]
