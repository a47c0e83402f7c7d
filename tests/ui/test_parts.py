"""Parts of the photo with styles of their own: the form, and what is submitted."""

from base64 import b64decode
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from nst import images
from nst.domain import Job
from nst.errors import UnknownStyle
from nst.images import STORED_LIMITS
from nst.service import Order, RegionChoice, Service, StyleChoice
from nst.styles import StyleEntry
from nst.ui import masks
from nst.ui.draft import Draft
from nst.ui.kept_drafts import KeptDrafts
from nst.ui.parts import KEEP, Mask, Part, Parts
from nst.ui.pictures import Picture
from tests.support.pages import ANNA, BERT, DiskStudio, keys, words
from tests.support.parts import WIDE, by_hand, half_white, listed, painted
from tests.support.pictures import picture_bytes
from tests.support.waiting import until
from tests.ui.conftest import OpenPage


def photo_with_parts(open_page: OpenPage) -> AppTest:
    page = open_page()
    page.file_uploader(key="photo").upload("me.png", picture_bytes(), "image/png").run()
    return page.toggle(key="by_parts").set_value(True).run()


def draft_of(page: AppTest) -> Draft:
    draft = page.session_state["draft"]
    assert isinstance(draft, Draft)
    return draft


def submitted(page: AppTest, studio: DiskStudio) -> Job:
    page.button(key="submit").click().run()
    (job,) = studio.service.mine(page.session_state["temporary_owner"])
    return job


def test_parts_are_out_of_the_way_until_they_are_asked_for(open_page: OpenPage) -> None:
    page = open_page()
    assert "by_parts" not in keys(page, "toggle")
    page.button(key="sample_cat").click().run()
    assert not page.toggle(key="by_parts").value
    assert "keep_photo" not in keys(page)


def test_two_parts_are_submitted_in_two_styles_and_the_rest_is_kept(open_page: OpenPage, studio: DiskStudio) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0), by_hand(1), active="1-1")
    painted(draft_of(page), "0-0", half_white())
    painted(draft_of(page), "1-1", half_white())
    page.run()
    page.button(key="style_tide-wash").click().run()
    page.slider(key="strength_1-1").set_value(0.9).run()
    job = submitted(page, studio)
    rest, first, second = job.regions
    assert (rest.styles, first.strength, second.strength) == ((), None, 0.9)
    assert [style.name for style in first.styles] == ["starlit-swirl"], "the style of the whole photo until then"
    assert [style.name for style in second.styles] == ["tide-wash"]
    stored = [images.decode(studio.backend.objects.get(region.mask_key), STORED_LIMITS).convert("L") for region in job.regions]
    assert stored[0].getextrema() == (255, 255)
    assert (stored[1].getpixel((20, 30)), stored[1].getpixel((70, 30))) == (255, 0)


def test_the_rest_has_a_style_of_its_own(open_page: OpenPage, studio: DiskStudio) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0), active="0-0")
    painted(draft_of(page), "0-0", half_white())
    page.run()
    page.button(key="keep_photo").click().run()
    page.button(key="part_rest").click().run()
    page.button(key="style_copperplate").click().run()
    job = submitted(page, studio)
    assert [style.name for style in job.styles] == ["copperplate"]
    assert [region.styles for region in job.regions] == [()]


def test_nothing_is_submitted_while_nothing_would_be_painted(open_page: OpenPage, studio: DiskStudio) -> None:
    page = photo_with_parts(open_page)
    page.button(key="submit").click().run()
    assert "Paint over a part of your photo" in words(page)
    assert studio.service.status().counts == {}


def test_without_parts_the_whole_photo_has_the_style_it_had(open_page: OpenPage, studio: DiskStudio) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="style_tide-wash").click().run()
    page.toggle(key="by_parts").set_value(True).run()
    assert "✓ Keep the photo" in [button.label for button in page.button]
    listed(draft_of(page), by_hand(0))
    painted(draft_of(page), "0-0", half_white(96, 64))
    page.toggle(key="by_parts").set_value(False).run()
    job = submitted(page, studio)
    assert ([style.name for style in job.styles], job.regions) == (["tide-wash"], ())


def test_each_part_has_a_mixture_of_its_own(open_page: OpenPage) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0), by_hand(1), active="0-0")
    page.run()
    page.toggle(key="mix_0-0").set_value(True).run()
    page.button(key="style_copperplate").click().run()
    page.button(key="part_1-1").click().run()
    assert not page.toggle(key="mix_1-1").value
    page.button(key="part_0-0").click().run()
    assert page.toggle(key="mix_0-0").value
    assert [part.chosen for part in draft_of(page).parts.items] == [["starlit-swirl", "copperplate"], ["starlit-swirl"]]


def test_a_painting_is_made_again_with_its_parts(open_page: OpenPage, studio: DiskStudio) -> None:
    mask = images.transcode_mask(b64decode(half_white()), STORED_LIMITS, (96, 64))
    regions = [
        RegionChoice(masks.full(1.5)),
        RegionChoice(mask, [StyleChoice("tide-wash", 1), StyleChoice(picture_bytes(), 3)], 0.3),
        RegionChoice("sky"),
    ]
    job = studio.service.submit(ANNA, Order(picture_bytes(), [StyleChoice("copperplate")], "form", regions=regions))
    studio.end(studio.begin())
    page = open_page(job=job.id)
    page.button(key="again").click().run()
    draft = draft_of(page)
    assert draft.parts.enabled
    assert draft.keeps_photo
    painted_part, sky = draft.parts.items
    assert painted_part.mask == Mask(mask)
    assert (painted_part.chosen, painted_part.second_share, painted_part.strength) == (["tide-wash", "*"], 75, 0.3)
    assert (sky.kind, sky.chosen) == ("sky", [KEEP])
    page.button(key="submit").click().run()
    again = studio.service.mine(ANNA)[0]
    assert [(len(region.styles), region.strength) for region in again.regions] == [(0, None), (2, 0.3), (0, None)]


def test_a_part_whose_style_is_gone_is_painted_and_not_kept(
    open_page: OpenPage, studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions = [RegionChoice("sky", [StyleChoice("tide-wash")]), RegionChoice("faces")]
    job = studio.service.submit(ANNA, Order(picture_bytes(), [StyleChoice("copperplate")], "form", regions=regions))
    studio.end(studio.begin())
    service = type(studio.service)
    find = service.style

    def without_tide_wash(self: Service, style_id: str, digest: str | None = None) -> StyleEntry:
        if style_id == "tide-wash":
            raise UnknownStyle("There is no style called tide-wash.")
        return find(self, style_id, digest)

    monkeypatch.setattr(service, "style", without_tide_wash)
    page = open_page(job=job.id)
    page.button(key="again").click().run()
    sky, faces = draft_of(page).parts.items
    assert (sky.chosen, faces.chosen) == (["copperplate"], [KEEP])
    assert "no longer available" in (draft_of(page).note or "")


def test_somebodys_painting_gives_its_styles_and_no_masks(open_page: OpenPage, studio: DiskStudio) -> None:
    regions = [RegionChoice(picture_bytes(colour="white"), [StyleChoice("tide-wash")], 0.3)]
    job = studio.service.submit(ANNA, Order(picture_bytes(), [StyleChoice("copperplate")], "form", public=True, regions=regions))
    studio.end(studio.begin())
    page = open_page(owner=BERT, job=job.id)
    page.button(key=f"like_{job.id}").click().run()
    (part,) = draft_of(page).parts.items
    assert (part.chosen, part.strength, part.mask) == (["tide-wash"], 0.3, None)
    assert draft_of(page).chosen == ["copperplate"]


def test_somebodys_kept_rest_is_kept(open_page: OpenPage, studio: DiskStudio) -> None:
    regions = [RegionChoice(picture_bytes(colour="white")), RegionChoice("sky", [StyleChoice("tide-wash")])]
    job = studio.service.submit(ANNA, Order(picture_bytes(), [StyleChoice("copperplate")], "form", public=True, regions=regions))
    studio.end(studio.begin())
    page = open_page(owner=BERT, job=job.id)
    page.button(key=f"like_{job.id}").click().run()
    draft = draft_of(page)
    assert ([part.chosen for part in draft.parts.items], draft.chosen) == ([["tide-wash"]], [KEEP])
    page.button(key="sample_cat").click().run()
    page.toggle(key="by_parts").set_value(False).run()
    assert draft_of(page).chosen == ["copperplate"]


def test_another_photo_takes_no_masks_of_the_last_one(open_page: OpenPage) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0), by_hand(1, "sky"))
    painted(draft_of(page), "0-0", half_white())
    painted(draft_of(page), "1-1", half_white())
    token = draft_of(page).parts.token
    page.button(key="sample_cat").click().run()
    parts = draft_of(page).parts
    assert [(part.kind, part.mask) for part in parts.items] == [("sky", None)], "it is searched for in the new photo"
    assert parts.token != token


def test_a_photo_that_cannot_be_used_leaves_the_last_one_with_its_masks(open_page: OpenPage) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0))
    painted(draft_of(page), "0-0", half_white())
    page.file_uploader(key="photo").upload("me.jpg", b"dear diary", "image/jpeg").run()
    assert "This is not a JPEG" in words(page)
    assert "<figcaption>me.png</figcaption>" in words(page)
    assert [part.mask is not None for part in draft_of(page).parts.items] == [True]


def test_a_rest_that_cannot_be_kept_as_well_says_so(open_page: OpenPage) -> None:
    page = photo_with_parts(open_page)
    draft_of(page).chosen = ["tide-wash"]
    listed(draft_of(page), *[by_hand(number) for number in range(8)])
    page.run()
    assert page.button(key="keep_photo").disabled
    assert "Everything else cannot be kept as well" in words(page)
    page.button(key="part_0-0").click().run()
    assert not page.button(key="keep_photo").disabled


def test_parts_are_kept_for_a_visitor_who_comes_back() -> None:
    drafts = KeptDrafts()
    part = Part(["tide-wash"], id="0-0", mask=Mask(b"png"), rev=3, seen_rev=3)
    draft = Draft(photo=WIDE, parts=Parts(enabled=True, items=[part]))
    drafts.put("anna", draft)
    again = drafts.copy_of("anna")
    assert again
    (copied,) = again.parts.items
    assert (copied.chosen, copied.mask, copied.rev, copied.seen_rev) == (["tide-wash"], part.mask, 3, 0), "the new page has no masks"
    assert again.parts.token != draft.parts.token
    copied.choose("copperplate")
    assert part.chosen == ["tide-wash"]


def test_masks_count_in_the_memory_for_drafts() -> None:
    drafts = KeptDrafts(capacity=len(WIDE.data) + 5)
    drafts.put("anna", Draft(photo=WIDE, parts=Parts(items=[Part(mask=Mask(b"123456"))])))
    assert drafts.copy_of("anna") is None


def test_what_a_page_sends_late_does_not_reach_another_part(open_page: OpenPage) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0), by_hand(1), active="0-0")
    page.run()
    page.toggle(key="mix_0-0").set_value(True)
    listed(draft_of(page), {**by_hand(0)}, {**by_hand(1)}, active="1-1", turn=2)
    page.run()
    assert [part.mixing for part in draft_of(page).parts.items] == [True, False]


@pytest.mark.usefixtures("previews")
def test_an_automatic_region_is_found_and_shown_to_the_page(open_page: OpenPage) -> None:
    page = open_page()
    photo = BytesIO(b64decode(half_white()))
    page.file_uploader(key="photo").upload("me.png", photo.getvalue(), "image/png").run()
    page.toggle(key="by_parts").set_value(True).run()
    listed(draft_of(page), by_hand(0, "light"), by_hand(1, "faces"), active="0-0")
    page.run()
    light, faces = draft_of(page).parts.items
    assert (light.search is not None, faces.search) == (True, None), "one search at a time"
    until(lambda: page.run() and not draft_of(page).parts.is_searching and faces.note)
    assert light.mask is not None
    assert (light.rev, light.seen_rev) == (1, 0), "the page is sent the mask"
    mask = images.decode(light.mask.png, STORED_LIMITS).convert("L")
    assert (mask.getpixel((20, 30)), mask.getpixel((80, 30))) == (255, 0)
    assert (faces.mask, faces.note) == (None, "Nothing was found for “Faces”. Paint it by hand, or remove the part.")


def test_a_region_that_is_still_sought_is_found_by_the_worker(open_page: OpenPage, studio: DiskStudio) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0, "sky"), active="0-0")
    page.run()
    assert [region.mask_key for region in submitted(page, studio).regions[1:]] == ["sky"]


def test_two_parts_have_different_style_pictures_of_their_own(open_page: OpenPage, studio: DiskStudio) -> None:
    page = photo_with_parts(open_page)
    listed(draft_of(page), by_hand(0), by_hand(1), active="0-0")
    painted(draft_of(page), "0-0", half_white())
    painted(draft_of(page), "1-1", half_white())
    page.run()
    red, blue, green = (picture_bytes(colour=colour) for colour in ("red", "blue", "green"))
    page.file_uploader(key="style_upload").upload("red.png", red, "image/png").run()
    page.button(key="part_1-1").click().run()
    page.file_uploader(key="style_upload").upload("green.png", green, "image/png").run()
    page.file_uploader(key="style_upload").upload("blue.png", blue, "image/png").run()
    assert {"Your picture", "✓ Your picture 2"} <= {button.label for button in page.button}
    assert [part.chosen for part in draft_of(page).parts.items] == [["*"], ["*2"]]
    assert [style.data for style in draft_of(page).own_styles.values()] == [red, blue], "another picture replaces the part's own one"
    job = submitted(page, studio)
    stored = [images.decode(studio.backend.objects.get(each.styles[0].name), STORED_LIMITS).getpixel((5, 5)) for each in job.regions[1:]]
    assert [max(range(3), key=list(pixel).__getitem__) for pixel in stored] == [0, 2], "red and blue"
    studio.end(studio.begin())
    page.run()
    page.button(key="again").click().run()
    again = draft_of(page)
    pictures = [images.decode(again.own_styles[part.chosen[0]].data, STORED_LIMITS).getpixel((5, 5)) for part in again.parts.items]
    assert [max(range(3), key=list(pixel).__getitem__) for pixel in pictures] == [0, 2]


def test_own_pictures_of_all_parts_count_in_the_memory_for_drafts() -> None:
    drafts = KeptDrafts(capacity=len(WIDE.data) + 5)
    drafts.put("anna", Draft(photo=WIDE, own_styles={"*": Picture(b"123", "", b"", "", 1.0), "*2": Picture(b"456", "", b"", "", 1.0)}))
    assert drafts.copy_of("anna") is None


def test_a_style_picture_that_cannot_be_used_leaves_the_last_one(open_page: OpenPage) -> None:
    page = photo_with_parts(open_page)
    page.file_uploader(key="style_upload").upload("red.png", picture_bytes(colour="red"), "image/png").run()
    page.file_uploader(key="style_upload").upload("me.jpg", b"dear diary", "image/jpeg").run()
    assert "This is not a JPEG" in words(page)
    assert "✓ Your picture" in [button.label for button in page.button]


def test_one_editor_of_the_photo_is_open_at_a_time(open_page: OpenPage) -> None:
    page = open_page()
    page.button(key="sample_cat").click().run()
    page.button(key="crop_photo").click().run()
    page.toggle(key="by_parts").set_value(True).run()
    assert not page.session_state["cropping"]
