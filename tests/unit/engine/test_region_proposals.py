import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from nst.domain.regions import AUTOMATIC
from nst.engine.region_proposals import colour_region, propose, subject_from_strokes
from nst.errors import InvalidParams
from tests.support.pictures import picture


def landscape() -> Image.Image:
    """A plain sky over textured ground, which begins at row 80 of 160."""
    photo = Image.new("RGB", (240, 160), (120, 170, 230))
    ground = np.random.default_rng(0).integers(0, 160, (80, 240, 3), dtype=np.uint8)
    photo.paste(Image.fromarray(ground), (0, 80))
    return photo


def red_disc() -> Image.Image:
    photo = Image.new("RGB", (200, 120), (60, 110, 70))
    ImageDraw.Draw(photo).ellipse((70, 30, 130, 90), fill=(220, 40, 40))
    return photo


def disc(radius: int = 30) -> np.ndarray:
    rows, columns = np.mgrid[:120, :200]
    return (rows - 60) ** 2 + (columns - 100) ** 2 <= radius**2


def inside(mask: Image.Image) -> np.ndarray:
    return np.asarray(mask) > 127


def overlap(found: np.ndarray, wanted: np.ndarray) -> float:
    """Intersection over union."""
    return float((found & wanted).sum() / (found | wanted).sum())


@pytest.mark.parametrize("kind", [*AUTOMATIC, "colour:#4466aa"])
@pytest.mark.parametrize("photo", [picture(160, 90), Image.new("RGB", (40, 300), "grey"), picture(33, 32).convert("RGBA")])
def test_every_kind_gives_a_mask_of_the_photos_size(kind: str, photo: Image.Image) -> None:
    mask = propose(photo, kind)
    assert (mask.mode, mask.size) == ("L", photo.size)


def test_the_sky_ends_where_the_ground_begins() -> None:
    assert overlap(inside(propose(landscape(), "sky")), np.arange(160)[:, None].repeat(240, 1) < 80) > 0.95


def test_there_is_no_sky_in_a_plain_picture_or_without_anything_plain() -> None:
    assert not inside(propose(Image.new("RGB", (200, 100), "white"), "sky")).any()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8))
    assert not inside(propose(noise, "sky")).any()


def test_the_face_of_a_portrait_is_found() -> None:
    found = inside(propose(Image.fromarray(data.astronaut()), "faces"))
    assert found[110, 225]  # the nose
    assert not found[220:].any() and not found[:, :120].any() and not found[:, 330:].any()


def test_there_is_no_face_in_a_landscape() -> None:
    assert not inside(propose(landscape(), "faces")).any()


def test_light_and_dark_parts_are_each_others_inverse() -> None:
    photo = Image.new("RGB", (100, 60), (40, 40, 40))
    photo.paste((220, 220, 220), (50, 0, 100, 60))
    light, dark = (np.asarray(propose(photo, kind), dtype=int) for kind in ("light", "dark"))
    assert (light + dark == 255).all()
    assert (light[:, :45] == 0).all() and (light[:, 55:] == 255).all()


def test_the_subject_is_what_differs_from_the_border() -> None:
    subject, background = (inside(propose(red_disc(), kind)) for kind in ("subject", "background"))
    assert overlap(subject, disc()) > 0.9
    assert overlap(background, ~disc()) > 0.9


def test_what_has_the_borders_colour_within_a_subject_belongs_to_it() -> None:
    photo = red_disc()
    for left in range(70, 130, 8):
        photo.paste((60, 110, 70), (left, 0, left + 2, 120))
    assert overlap(inside(propose(photo, "subject")), disc()) > 0.9


@pytest.mark.parametrize("marks_outside", [True, False])
def test_a_subject_grows_from_strokes_to_its_edges(marks_outside: bool) -> None:
    within, without = Image.new("L", (200, 120)), Image.new("L", (200, 120))
    ImageDraw.Draw(within).line((90, 60, 110, 60), fill=255, width=6)
    if marks_outside:
        ImageDraw.Draw(without).line((20, 20, 180, 20), fill=255, width=6)
    assert overlap(inside(subject_from_strokes(red_disc(), within, without)), disc()) > 0.9


def test_without_a_stroke_there_is_no_subject() -> None:
    nothing = Image.new("L", (200, 120))
    assert not inside(subject_from_strokes(red_disc(), nothing, None, nothing)).any()


def test_a_subject_is_found_in_a_rectangle_around_it() -> None:
    photo, around = red_disc(), Image.new("L", (200, 120))
    ImageDraw.Draw(photo).ellipse((5, 80, 35, 110), fill=(220, 40, 40))  # another one, outside
    ImageDraw.Draw(around).rectangle((55, 15, 145, 105), fill=255)
    assert overlap(inside(subject_from_strokes(photo, None, None, around)), disc()) > 0.9


def test_a_subject_may_reach_the_border_of_the_photo() -> None:
    photo, stroke = Image.new("RGB", (200, 120), (60, 110, 70)), Image.new("L", (200, 120))
    photo.paste((220, 40, 40), (0, 60, 120, 120))
    ImageDraw.Draw(stroke).line((20, 80, 60, 80), fill=255, width=6)
    wanted = np.zeros((120, 200), dtype=bool)
    wanted[60:, :120] = True
    assert overlap(inside(subject_from_strokes(photo, stroke, None)), wanted) > 0.9


def test_a_small_hole_belongs_to_the_subject_unless_it_was_marked() -> None:
    photo, stroke, hole = red_disc(), Image.new("L", (200, 120)), Image.new("L", (200, 120))
    ImageDraw.Draw(photo).ellipse((98, 58, 103, 63), fill=(60, 110, 70))
    ImageDraw.Draw(stroke).line((80, 75, 120, 75), fill=255, width=6)
    ImageDraw.Draw(hole).ellipse((99, 59, 102, 62), fill=255)
    assert inside(subject_from_strokes(photo, stroke, None))[60, 100]
    assert not inside(subject_from_strokes(photo, stroke, hole))[60, 100]


@pytest.mark.parametrize(
    "photo", [red_disc(), Image.new("RGB", (200, 120), "grey"), picture(33, 32).resize((200, 120)), Image.new("RGB", (32, 900))]
)
@pytest.mark.parametrize("level", [0, 255])
def test_strokes_over_all_or_nothing_are_no_error(photo: Image.Image, level: int) -> None:
    stroke = Image.new("L", photo.size, level)
    for strokes in ((stroke, None, None), (None, stroke, None), (None, None, stroke), (stroke, stroke, stroke)):
        assert inside(subject_from_strokes(photo, *strokes)).shape == photo.size[::-1]
    assert inside(subject_from_strokes(photo, stroke, None)).all() == bool(level)


def test_a_colour_is_found_wherever_it_is() -> None:
    photo = red_disc()
    photo.paste((220, 40, 40), (0, 0, 20, 20))
    wanted = disc()
    wanted[:20, :20] = True
    assert overlap(inside(colour_region(photo, (210, 50, 45), 20)), wanted) > 0.97
    assert np.array_equal(np.asarray(propose(photo, "colour:#d2322d")), np.asarray(colour_region(photo, (210, 50, 45), 20)))
    assert not inside(colour_region(photo, (40, 40, 220), 20)).any()


def test_a_tolerance_widens_what_is_near_a_colour_and_its_edge_is_soft() -> None:
    ramp = Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(64, axis=0))
    narrow, wide = (np.asarray(propose(ramp, f"colour:808080:{tolerance}"), dtype=int)[32] for tolerance in (10, 40))
    assert narrow[128] == wide[128] == 255
    assert (narrow > 127).sum() == pytest.approx(0.25 * (wide > 127).sum(), rel=0.1)
    assert (narrow[:60] == 0).all() and (narrow[200:] == 0).all()
    assert np.abs(np.diff(wide)).max() < 16  # no hard edge
    assert (np.diff(wide[128:]) <= 0).all()


@pytest.mark.parametrize("tolerance", [0, -1, 101, float("nan")])
def test_a_tolerance_out_of_range_is_refused(tolerance: float) -> None:
    with pytest.raises(InvalidParams, match="from 1 to 100"):
        colour_region(red_disc(), (0, 0, 0), tolerance)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidParams, match="'clouds'; there are sky, faces"):
        propose(red_disc(), "clouds")
