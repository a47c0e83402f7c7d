import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from nst.engine.tensors import (
    alpha_of,
    crop,
    dilate,
    fast_length,
    fingerprint,
    fit,
    opaque,
    pad,
    pooled,
    resize,
    tile_to,
    to_picture,
    to_tensor,
    upsample_with_detail,
    window_mean,
)

CPU = torch.device("cpu")


def test_a_picture_comes_back_as_it_went(photo: Image.Image) -> None:
    x = to_tensor(photo, (photo.height, photo.width), CPU)
    assert tuple(x.shape) == (1, 3, photo.height, photo.width)
    assert np.array_equal(np.array(to_picture(x)), np.array(photo))


def test_values_that_cannot_be_shown_are_clamped() -> None:
    picture = to_picture(torch.tensor([-1.0, 2.0]).expand(1, 3, 1, 2))
    assert [picture.getpixel((0, 0)), picture.getpixel((1, 0))] == [(0, 0, 0), (255, 255, 255)]


def test_transparent_pixels_do_not_colour_the_painting() -> None:
    rgba = Image.new("RGBA", (4, 4), (0, 255, 0, 0))
    rgba.paste((200, 10, 10, 255), (0, 0, 2, 4))
    assert opaque(rgba).getpixel((3, 3)) == (200, 10, 10)


def test_only_a_picture_that_is_transparent_somewhere_has_an_alpha() -> None:
    assert alpha_of(Image.new("RGB", (4, 4))) is None
    assert alpha_of(Image.new("RGBA", (4, 4), (1, 2, 3, 255))) is None
    assert alpha_of(Image.new("RGBA", (4, 4), (1, 2, 3, 9))) is not None


@pytest.mark.parametrize(("shape", "wanted"), [((400, 300), (384, 512)), ((300, 400), (512, 384)), ((1000, 1), (1, 512))])
def test_fit_keeps_the_shape(shape: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert fit(Image.new("RGB", shape), 512) == wanted


@pytest.mark.parametrize("size", [(1, 40), (40, 5), (16, 17), (40, 40)])
def test_cropping_undoes_framing(size: tuple[int, int]) -> None:
    x = torch.rand(1, 3, *size)
    whole = pad(x, 16)
    assert all(have >= side + 32 for have, side in zip(whole.shape[-2:], size, strict=True))
    assert torch.equal(crop(whole, size), x)


def test_a_frame_mirrors_the_picture() -> None:
    x = torch.arange(4.0).expand(1, 3, 4, 4)
    assert pad(x, 2)[0, 0, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1]


@pytest.mark.parametrize(("least", "wanted"), [(1, 1), (8, 8), (373, 375), (715, 720), (1056, 1080), (2053, 2160)])
def test_a_fast_length_has_no_prime_factor_above_five(least: int, wanted: int) -> None:
    assert fast_length(least) == wanted


def test_tiling_keeps_the_statistics() -> None:
    x = torch.rand(1, 3, 5, 40)
    tiled = tile_to(x, 32)
    assert min(tiled.shape[-2:]) >= 32
    torch.testing.assert_close(tiled.mean((2, 3)), x.mean((2, 3)))


def test_resizing_to_the_same_size_is_free() -> None:
    x = torch.rand(1, 3, 8, 8)
    assert resize(x, (8, 8)) is x


def test_an_enlarged_painting_has_half_of_the_detail_that_only_the_larger_photo_shows() -> None:
    larger = torch.rand(1, 3, 24, 36, generator=torch.Generator().manual_seed(3))
    smaller = resize(larger, (16, 24))
    painting = 1 - smaller
    detail = larger - resize(smaller, (24, 36))
    assert detail.abs().max() > 0.1
    torch.testing.assert_close(upsample_with_detail(painting, smaller, larger) - resize(painting, (24, 36)), detail / 2)


def test_a_painting_that_is_enlarged_by_nothing_stays_as_it_is() -> None:
    photo, painting = torch.rand(2, 1, 3, 16, 24, generator=torch.Generator().manual_seed(4))
    assert torch.equal(upsample_with_detail(painting, photo, photo), painting)


@pytest.mark.parametrize("size", [(12, 20), (24, 40), (6, 10), (24, 20), (7, 20), (5, 9)])
def test_pooling_is_that_of_torch(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, 24, 40, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(pooled(x, size), F.adaptive_avg_pool2d(x, size))


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 7])
def test_means_and_maxima_of_windows_are_those_of_torch(radius: int) -> None:
    x, side = torch.rand(2, 3, 33, 17, generator=torch.Generator().manual_seed(0)), 2 * radius + 1
    means, maxima = x, x
    for kernel, padding in (((side, 1), (radius, 0)), ((1, side), (0, radius))):
        means = F.avg_pool2d(means, kernel, stride=1, padding=padding, count_include_pad=False)
        maxima = F.max_pool2d(maxima, kernel, stride=1, padding=padding)
    torch.testing.assert_close(window_mean(x, radius), means)
    assert dilate(x, radius).equal(maxima)


def test_the_mean_of_ones_is_one() -> None:
    """A part's weights are exactly 1 inside."""
    assert window_mean(torch.ones(1, 1, 9, 11), 3).equal(torch.ones(1, 1, 9, 11))


def test_fingerprints_tell_pictures_of_the_same_bytes_apart() -> None:
    assert fingerprint(Image.new("L", (4, 6))) == fingerprint(Image.new("L", (4, 6)))
    assert len({fingerprint(Image.new(mode, size)) for mode, size in (("L", (4, 6)), ("L", (6, 4)), ("RGB", (4, 2)))}) == 3
