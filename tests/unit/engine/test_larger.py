"""Enlarging a finished painting: it stays the same painting, and gets what a larger one shows."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity

from nst import samples
from nst.domain import KeepColours, Mode, StyleParams
from nst.engine import Progress, Region, memory_budget, stylize
from nst.engine.optimised import renderer
from nst.engine.tensors import hold, reduced, to_tensor
from nst.errors import DoesNotFit, InvalidParams
from nst.images import Limits
from nst.styles import Catalogue
from tests.support.pictures import picture

SAME = 0.9
"""Least structural similarity of a painting and a larger one that is reduced to its size."""


@pytest.fixture(scope="module")
def coffee() -> Image.Image:
    return samples.load("coffee")


@pytest.fixture(scope="module")
def stars() -> Image.Image:
    return Catalogue(Limits(max_bytes=10**8, max_pixels=10**8, min_side=1)).picture("starlit-swirl")


@pytest.fixture(scope="module", params=list(Mode))
def pair(request: pytest.FixtureRequest, coffee: Image.Image, stars: Image.Image) -> tuple[Image.Image, Image.Image]:
    """A painting, and a larger version of it."""
    params = StyleParams(mode=request.param, size=128)
    small = stylize(coffee, [stars], params).picture
    return small, stylize(coffee, [stars], StyleParams(mode=request.param, size=256), earlier=small).picture


def similarity(painting: Image.Image, larger: Image.Image) -> float:
    """Structural similarity (Wang et al. 2004) of a painting and a larger one that is reduced to its size, at most 1."""
    shown, reduced = (
        np.asarray(each.convert("RGB"), dtype=float) / 255 for each in (painting, larger.resize(painting.size, Image.Resampling.BOX))
    )
    return float(structural_similarity(shown, reduced, channel_axis=2, data_range=1.0))


def contrast(painting: Image.Image) -> float:
    """Root mean square difference of neighbouring pixels in levels of 255."""
    return float(np.sqrt((np.diff(np.asarray(painting.convert("L"), dtype=float), axis=0) ** 2).mean()))


def test_a_larger_version_is_the_same_painting(pair: tuple[Image.Image, Image.Image]) -> None:
    small, large = pair
    assert large.size == (256, 171)
    assert similarity(small, large) > SAME
    means = [np.asarray(each, dtype=float).mean((0, 1)) for each in pair]
    assert np.abs(means[0] - means[1]).max() < 2


def test_it_has_finer_detail_than_the_painting_enlarged(pair: tuple[Image.Image, Image.Image]) -> None:
    small, large = pair
    assert contrast(large) > 1.3 * contrast(small.resize(large.size, Image.Resampling.BICUBIC))


def test_beyond_the_size_of_style_pictures_strokes_become_softer(
    coffee: Image.Image, stars: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = coffee.resize((64, 43))
    contrasts = []
    for full_transfer in (256, 32):
        monkeypatch.setattr(renderer, "FULL_TRANSFER", full_transfer)
        contrasts.append(contrast(stylize(coffee, [stars], StyleParams(size=256), earlier=small).picture))
    assert contrasts[1] < 0.85 * contrasts[0]


def test_each_scale_keeps_the_coarse_colours_of_the_one_before(coffee: Image.Image, stars: Image.Image) -> None:
    """If all kept the first painting's alone, contrasts would grow from scale to scale."""
    small, once, twice = coffee.resize((64, 43)), StyleParams(size=128), StyleParams(size=256)
    middle = stylize(coffee, [stars], once, earlier=small).picture
    large = stylize(coffee, [stars], twice, earlier=small).picture
    coarse = [np.asarray(each.resize((64, 43), Image.Resampling.BOX), dtype=float) for each in (middle, large)]
    assert np.abs(coarse[0] - coarse[1]).mean() < 4


def test_another_painting_of_the_photo_is_not_the_same(coffee: Image.Image, stars: Image.Image) -> None:
    small, large = (stylize(coffee, [stars], StyleParams(size=size)).picture for size in (128, 256))
    assert similarity(small, large) < SAME


def test_scales_go_on_from_its_size(photo: Image.Image, style: Image.Image) -> None:
    seen: list[Progress] = []
    result = stylize(photo, [style], StyleParams(size=240), earlier=picture(48, 32), on_progress=seen.append)
    assert [scale["long_side"] for scale in result.recipe["scales"]] == [60, 120, 240]
    assert all(scale["pass"] and not scale["steps"] for scale in result.recipe["scales"])
    assert "encoder" not in result.recipe
    assert seen[-1].fraction == pytest.approx(1)
    assert result.picture.size == (240, 160)


def test_what_stays_the_photo_has_the_photos_detail(style: Image.Image) -> None:
    photo = picture(300, 200, seed=3)
    everything = Region(Image.new("L", photo.size, 255))
    result = stylize(photo, [style], StyleParams(size=240), regions=[everything], earlier=picture(60, 40))
    kept = np.asarray(photo.resize((240, 160), Image.Resampling.LANCZOS), dtype=float)
    assert np.abs(np.asarray(result.picture, dtype=float) - kept).max() <= 1


def test_colours_and_transparency_of_the_photo_are_kept(style: Image.Image) -> None:
    photo = picture(300, 200, seed=3)
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    params = StyleParams(mode=Mode.QUICK, size=120, keep_colours=KeepColours.LUMINANCE)
    result = stylize(photo, [style], params, earlier=picture(60, 40))
    assert result.picture.mode == "RGBA"
    alpha = photo.getchannel("A").resize((120, 80), Image.Resampling.LANCZOS)
    assert result.picture.getchannel("A").tobytes() == alpha.tobytes()


def test_a_stop_returns_what_there_is(photo: Image.Image, style: Image.Image) -> None:
    result = stylize(photo, [style], StyleParams(size=240), earlier=picture(48, 32), should_stop=lambda: True)
    assert result.stopped
    assert result.picture.size == (60, 40)


@pytest.mark.parametrize("size", [48, 40])
def test_it_must_be_smaller_than_what_is_asked_for(size: int, photo: Image.Image, style: Image.Image) -> None:
    with pytest.raises(InvalidParams, match="has 48 pixels on the long side already"):
        stylize(photo, [style], StyleParams(size=size), earlier=picture(48, 32))


def test_a_painting_of_another_shape_is_refused(photo: Image.Image, style: Image.Image) -> None:
    with pytest.raises(InvalidParams, match="measures 48 x 48 pixels"):
        stylize(photo, [style], StyleParams(size=96), earlier=picture(48, 48))


def test_one_that_does_not_fit_is_refused_before_the_work(photo: Image.Image, style: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "free_bytes", lambda _: 300e6)
    with pytest.raises(DoesNotFit):
        stylize(photo, [style], StyleParams(size=4096), earlier=picture(48, 32))


def test_holding_changes_coarse_colours_and_no_detail() -> None:
    generator = torch.Generator().manual_seed(0)
    smaller = to_tensor(picture(24, 16), (16, 24), torch.device("cpu"))
    x = torch.rand(1, 3, 64, 96, generator=generator)
    held = hold(x, reduced(smaller))
    coarse = torch.nn.functional.avg_pool2d(held, 8)
    assert (coarse - torch.nn.functional.avg_pool2d(smaller, 2)).square().mean().sqrt() < 0.05
    fine = [each - torch.nn.functional.interpolate(torch.nn.functional.avg_pool2d(each, 8), scale_factor=8.0) for each in (x, held)]
    assert (fine[0] - fine[1]).std() < 0.3 * fine[0].std()
