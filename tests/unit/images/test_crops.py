"""Parts of pictures, and quarter turns."""

from io import BytesIO

import pytest
from PIL import Image

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
