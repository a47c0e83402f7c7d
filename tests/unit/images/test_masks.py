"""nst.images.masks: what a picture means as a mask."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from nst import images
from nst.domain.regions import check_mask_shape
from nst.errors import InvalidParams
from nst.images import Limits
from nst.images.masks import mask_of

LIMITS = Limits(10**6, 10**6, 2)


def levels(picture: Image.Image) -> list[int]:
    return [int(level) for level in np.asarray(mask_of(picture)).ravel()]


def row(mode: str, *pixels: object) -> Image.Image:
    picture = Image.new(mode, (len(pixels), 1))
    picture.putdata(pixels)
    return picture


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        (row("L", 0, 128, 255), [0, 128, 255]),
        (row("1", 0, 255), [0, 255]),
        (row("RGB", (255, 0, 0), (255, 255, 255)), [76, 255]),
        (row("RGBA", (200, 0, 0, 255), (200, 0, 0, 100), (0, 255, 0, 0)), [255, 100, 0]),
        (row("RGBA", (0, 0, 0, 255), (0, 0, 0, 100)), [255, 100]),
        (row("RGBA", (255, 255, 255, 255), (0, 0, 0, 255), (255, 255, 255, 100)), [255, 0, 100]),
        (row("LA", (255, 200), (0, 200)), [200, 0]),
        (row("RGBA", (9, 9, 9, 0), (200, 9, 9, 0)), [0, 0]),
    ],
)
def test_the_mask_is_luminance_or_alpha_or_both(picture: Image.Image, wanted: list[int]) -> None:
    assert levels(picture) == wanted


def test_a_jpeg_that_was_turned_is_a_mask_of_the_upright_photo() -> None:
    turned = Image.new("L", (40, 60), 0)
    turned.paste(255, (0, 0, 40, 30))
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(buffer, "JPEG", exif=exif, quality=95)
    mask = Image.open(BytesIO(images.transcode_mask(buffer.getvalue(), LIMITS, (120, 80))))
    assert (mask.format, mask.mode, mask.size) == ("PNG", "L", (60, 40))
    assert (mask.getpixel((50, 20)), mask.getpixel((10, 20))) == (255, 0)
    assert not mask.info.get("exif")


@pytest.mark.parametrize(("mask", "fits"), [((600, 400), True), ((61, 40), True), ((62, 40), False), ((40, 60), False), ((3, 2), True)])
def test_a_mask_has_the_shape_of_its_photo_within_two_per_cent(mask: tuple[int, int], fits: bool) -> None:
    if fits:
        check_mask_shape(mask, (60, 40))
    else:
        with pytest.raises(InvalidParams, match=f"{mask[0]} x {mask[1]} pixels and the photo 60 x 40"):
            check_mask_shape(mask, (60, 40))
