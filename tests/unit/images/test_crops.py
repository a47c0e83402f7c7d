"""Parts of pictures, quarter turns, and straightening."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image, ImageChops, ImageDraw

from nst import images
from nst.errors import PictureTooSmall
from nst.images import STORED_LIMITS, Crop, Format, Limits

PNG = ((Format.PNG, 100),)


def corners() -> Image.Image:
    """40 x 20 pixels: red, green, blue and white quarters, clockwise from the top left."""
    picture = Image.new("RGB", (40, 20), "red")
    for colour, place in (("lime", (20, 0)), ("blue", (20, 10)), ("white", (0, 10))):
        picture.paste(colour, (*place, place[0] + 20, place[1] + 10))
    return picture


def colours(picture: Image.Image) -> list[object]:
    width, height = picture.size
    return [picture.getpixel(place) for place in ((0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1))]


RED, LIME, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.mark.parametrize(
    ("turns", "size", "expected"),
    [
        (0, (40, 20), [RED, LIME, BLUE, WHITE]),
        (1, (20, 40), [WHITE, RED, LIME, BLUE]),
        (2, (40, 20), [BLUE, WHITE, RED, LIME]),
        (3, (20, 40), [LIME, BLUE, WHITE, RED]),
    ],
)
def test_turns_are_clockwise(turns: int, size: tuple[int, int], expected: list[object]) -> None:
    turned = Crop(turns).of(corners())
    assert (turned.size, colours(turned)) == (size, expected)


def test_the_part_is_one_of_the_turned_picture() -> None:
    part = Crop(1, 0.5, 0.0, 1.0, 0.5).of(corners())
    assert part.size == (10, 20)
    assert set(colours(part)) == {RED}


def test_a_part_has_one_pixel_at_least() -> None:
    assert Crop(0, 1.0, 1.0, 1.0, 1.0).of(corners()).size == (1, 1)


def test_a_part_of_a_file_keeps_all_its_pixels_and_its_transparency() -> None:
    picture = corners().convert("RGBA")
    picture.putpixel((0, 0), (0, 0, 0, 0))
    data = images.encode(picture, Format.PNG)
    format, part = images.transcode_part(data, STORED_LIMITS, Crop(0, 0.0, 0.0, 0.5, 1.0), ((Format.JPEG, 98),), PNG, 10**6)
    assert format is Format.PNG
    read = images.decode(part, STORED_LIMITS)
    assert (read.mode, read.size, read.getpixel((0, 0))) == ("RGBA", (20, 20), (0, 0, 0, 0))


def test_an_upright_picture_is_cut_whatever_its_file_says() -> None:
    exif = Image.Exif()
    exif[274] = 6  # stored lying on its side
    file = BytesIO()
    corners().save(file, "PNG", exif=exif)
    _, part = images.transcode_part(file.getvalue(), STORED_LIMITS, Crop(0, 0.0, 0.0, 0.5, 0.5), PNG, PNG, 10**6)
    assert set(colours(images.decode(part, STORED_LIMITS))) == {WHITE}


def test_a_part_that_is_too_small_is_refused_with_its_size() -> None:
    limits = Limits(10**6, 10**6, 16)
    with pytest.raises(PictureTooSmall, match="That part of the picture measures 4 x 20 pixels"):
        images.transcode_part(images.encode(corners(), Format.PNG), limits, Crop(0, 0.0, 0.0, 0.1, 1.0), PNG, PNG, 10**6)


def test_a_part_with_too_many_bytes_is_encoded_with_less_quality() -> None:
    data = images.encode(Image.effect_noise((200, 200), 90).convert("RGB"), Format.PNG)
    encodings = ((Format.JPEG, 98), (Format.JPEG, 30))
    _, best = images.transcode_part(data, STORED_LIMITS, Crop(1), encodings, encodings, 10**6)
    _, small = images.transcode_part(data, STORED_LIMITS, Crop(1), encodings, encodings, len(best) - 1)
    assert len(small) < len(best)


WHOLE = (0.0, 0.0, 1.0, 1.0)


def horizon(angle: float) -> Image.Image:
    """900 x 600 pixels: white above black, with an edge that falls to the right by so many degrees."""
    large = Image.new("L", (1800, 1200))
    ImageDraw.Draw(large).rectangle((0, 0, 1800, 599), fill=255)
    return large.rotate(-angle, Image.Resampling.BICUBIC).crop((450, 300, 1350, 900)).convert("RGB")


@pytest.mark.parametrize("angle", [-15.0, -3.3, 0.7, 8.0])
def test_a_horizon_that_falls_is_level_after_a_turn_the_other_way(angle: float) -> None:
    level = Crop(0, *WHOLE, angle=-angle).of(horizon(angle)).convert("L")
    upper, lower = level.crop((0, 0, level.width, level.height // 2 - 4)), level.crop((0, level.height // 2 + 4, *level.size))
    assert upper.getextrema() == (255, 255)
    assert lower.getextrema() == (0, 0)


def test_a_straightened_picture_has_its_shape_and_is_as_large_as_fits() -> None:
    straight = Crop(0, *WHOLE, angle=10.0).of(Image.new("RGB", (900, 600)))
    assert straight.width / straight.height == pytest.approx(1.5, abs=0.005)
    assert straight.size == (722, 481)  # 600 / (900 sin 10 + 600 cos 10) = 0.803 of each side, rounded down


def test_a_part_that_fits_keeps_its_size_and_place() -> None:
    picture = Image.linear_gradient("L").convert("RGB")
    part = Crop(0, 0.4, 0.4, 0.6, 0.6, angle=7.0).of(picture)
    assert part.size == (51, 51)
    turned = picture.rotate(-7.0, Image.Resampling.BICUBIC).crop((102, 102, 153, 153))
    assert max(high for _, high in ImageChops.difference(part, turned).getextrema()) <= 2


@settings(deadline=None, max_examples=60)
@given(
    some.tuples(some.integers(1, 90), some.integers(1, 90)),
    some.integers(0, 3),
    some.tuples(*[some.floats(0, 1)] * 4),
    some.floats(-15, 15),
)
def test_no_empty_corner_is_ever_used(size: tuple[int, int], turns: int, edges: tuple[float, ...], angle: float) -> None:
    (left, right), (top, bottom) = sorted(edges[:2]), sorted(edges[2:])
    part = Crop(turns, left, top, right, bottom, angle).of(Image.new("RGB", size, "white"))
    assert part.getextrema() == ((255, 255),) * 3


def test_the_edge_of_a_transparent_picture_keeps_its_colour_when_it_is_straightened() -> None:
    picture = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 80, 40))
    straight = Crop(0, *WHOLE, angle=5.0).of(picture)
    visible = [pixel for _, pixel in straight.getcolors(10_000) or [] if isinstance(pixel, tuple) and pixel[3] > 100]
    assert len(visible) > 2, "the edge is soft"
    assert all(red > 250 and green < 5 and blue < 5 for red, green, blue, _ in visible)


def test_a_straightened_part_that_is_too_small_is_refused_with_its_size() -> None:
    limits = Limits(10**6, 10**6, 16)
    with pytest.raises(PictureTooSmall, match="That part of the picture measures 28 x 14 pixels"):
        images.transcode_part(images.encode(corners(), Format.PNG), limits, Crop(0, *WHOLE, angle=12.0), PNG, PNG, 10**6)
