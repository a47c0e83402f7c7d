"""Styles of which a part is used: their moments are weighted by a mask."""

import numpy as np
import pytest
import torch
from PIL import Image

from nst.domain import Init, KeepColours, Mode, StyleParams, StyleShare
from nst.engine import MaskedStyle, Region, load_instant, stylize
from nst.engine.colour import match_colours
from nst.engine.guides import Guides, style_guidance
from nst.engine.moments import moments, moments_of_part
from nst.engine.regions import style_weights
from nst.errors import InvalidParams

CPU = torch.device("cpu")
RED, BLUE, GREEN = (200, 60, 60), (60, 60, 200), (60, 180, 60)
MODES = {mode: StyleParams(size=96, mode=mode, strength=1.0) for mode in Mode}


def two_colours(side: int = 192) -> Image.Image:
    """A style picture, red on the left and blue on the right."""
    picture = Image.new("RGB", (side, side), RED)
    picture.paste(BLUE, (side // 2, 0, side, side))
    return picture


def half(side: str, width: int = 96, height: int = 64) -> Image.Image:
    """A mask of one half."""
    mask = Image.new("L", (width, height))
    mask.paste(255, (0, 0, width // 2, height) if side == "left" else (width // 2, 0, width, height))
    return mask


def levels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=float)


def features(seed: int, width: int = 12) -> torch.Tensor:
    return torch.randn(1, 4, 12, width, generator=torch.Generator().manual_seed(seed)).relu()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(30, 90), (192, 192)], ids=["another shape", "same size"])
def test_a_painting_takes_the_colours_of_the_part_of_its_style(mode: Mode, size: tuple[int, int], photo: Image.Image) -> None:
    painting = levels(stylize(photo, [MaskedStyle(two_colours(), half("left", *size))], MODES[mode]).picture)
    assert painting.mean((0, 1)) == pytest.approx(RED, abs=25)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("style_scale", [0.5, 2.0])
def test_two_regions_take_two_parts_of_one_style(mode: Mode, style_scale: float, photo: Image.Image) -> None:
    params = StyleParams.from_dict({**MODES[mode].to_dict(), "style_scale": style_scale})
    parts = {side: MaskedStyle(two_colours(384), half(side)) for side in ("left", "right")}
    painting = levels(stylize(photo, [parts["right"]], params, regions=[Region(half("right"), [parts["left"]])]).picture)
    assert painting[:, :36].mean((0, 1)) == pytest.approx(BLUE, abs=30)
    assert painting[:, 60:].mean((0, 1)) == pytest.approx(RED, abs=30)


@pytest.mark.parametrize("mode", MODES)
def test_a_mask_over_the_whole_style_changes_nothing(mode: Mode, photo: Image.Image, style: Image.Image) -> None:
    without = stylize(photo, [style], MODES[mode]).picture
    assert stylize(photo, [MaskedStyle(style, Image.new("L", (7, 5), 255))], MODES[mode]).picture.tobytes() == without.tobytes()
    grey = stylize(photo, [MaskedStyle(style, Image.new("L", (7, 5), 100))], MODES[mode]).picture
    assert np.abs(levels(grey) - levels(without)).mean() < 4  # rounding, after many steps


@pytest.mark.parametrize("mode", MODES)
def test_a_part_of_one_pixel_is_a_style(mode: Mode, photo: Image.Image) -> None:
    """At any layer it is the place around it that counts."""
    dot = Image.new("L", (400, 400))
    dot.putpixel((60, 200), 255)
    painting = levels(stylize(photo, [MaskedStyle(two_colours(), dot)], MODES[mode]).picture)
    assert np.isfinite(painting).all()
    assert painting[..., 0].mean() > painting[..., 2].mean() + 60


def test_parts_are_blended_by_their_shares(photo: Image.Image) -> None:
    blend = [StyleShare(MaskedStyle(two_colours(), half("left")), 3.0), StyleShare(Image.new("RGB", (64, 64), GREEN), 1.0)]
    painting = levels(stylize(photo, blend, MODES[Mode.INSTANT]).picture)
    assert painting.mean((0, 1)) == pytest.approx(0.75 * np.array(RED) + 0.25 * np.array(GREEN), abs=25)


def test_codes_of_two_parts_of_one_style_are_kept_apart(photo: Image.Image) -> None:
    instant = load_instant(CPU)
    paintings = [
        levels(stylize(photo, [MaskedStyle(two_colours(), half(side))], MODES[Mode.INSTANT], instant=instant).picture)
        for side in ("left", "right")
    ]
    assert paintings[0][..., 0].mean() > paintings[1][..., 0].mean() + 60


def test_noise_begins_in_the_colours_of_the_part(photo: Image.Image) -> None:
    params = StyleParams(size=96, scales=1, iterations=1, strength=1.0, init=Init.STYLE)
    painting = levels(stylize(photo, [MaskedStyle(two_colours(), half("right"))], params).picture)
    assert painting[..., 2].mean() > painting[..., 0].mean() + 60


def test_a_recoloured_part_gives_the_photos_colours(photo: Image.Image) -> None:
    style = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    weights = torch.zeros(1, 1, 16, 16)
    weights[..., :8] = 1
    content = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(1)) / 2 + 0.25
    moved = moments_of_part(match_colours(style / 4 + 0.3, content, None, weights), weights)
    torch.testing.assert_close(moved.mean, moments(content).mean, atol=2e-3, rtol=0)
    params = StyleParams.from_dict({**MODES[Mode.INSTANT].to_dict(), "keep_colours": KeepColours.RECOLOUR.value})
    painting = levels(stylize(photo, [MaskedStyle(two_colours(), half("left"))], params).picture)
    assert painting.mean((0, 1)) == pytest.approx(levels(photo).mean((0, 1)), abs=20)


def test_moments_of_a_part_leave_its_border_out() -> None:
    """Features at the border see what is beyond it."""
    weights = torch.zeros(1, 1, 24, 24)
    weights[..., :12] = 1
    guide = Guides(style_guidance(weights, (12, 12)))
    columns = torch.zeros(12).index_add(0, guide.positions % 12, guide.weights[:, 0])
    assert (columns[6:] == 0).all()
    assert columns[5] < 0.2 * columns[0]
    x = features(0)
    x[..., 6:] = 1e6
    torch.testing.assert_close(moments_of_part(x, weights).mean, (x[0].mean(1)[:, :6] * columns[:6]).sum(1))


def test_a_small_part_does_not_vanish_in_a_small_picture() -> None:
    dot = Image.new("L", (2000, 2000))
    dot.putpixel((1234, 567), 255)
    weights = style_weights(dot, (40, 40))
    assert weights.max() > 0
    assert style_guidance(weights, (2, 2)).sum() == pytest.approx(1)


def test_a_black_mask_is_refused(photo: Image.Image, style: Image.Image) -> None:
    nothing = MaskedStyle(style, Image.new("L", (9, 9)))
    with pytest.raises(InvalidParams, match="mask of a style is black everywhere"):
        stylize(photo, [nothing], MODES[Mode.INSTANT])
    with pytest.raises(InvalidParams, match="mask of a style is black everywhere"):
        stylize(photo, [style], MODES[Mode.INSTANT], regions=[Region(half("left"), [nothing])])
