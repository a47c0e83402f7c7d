"""Thumbnails."""

from io import BytesIO

import pytest
from PIL import Image

from nst import images


@pytest.mark.parametrize("size", [(1200, 800), (96, 64), (40, 2000)])
def test_thumbnails_are_small_webp_pictures_with_their_transparency(size: tuple[int, int]) -> None:
    picture = Image.new("RGBA", size, (200, 100, 50, 0))
    data = images.thumbnail(picture)
    small = Image.open(BytesIO(data))
    assert small.format == "WEBP"
    assert max(small.size) == min(480, max(size))
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.15)
    assert small.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
