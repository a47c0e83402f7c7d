"""What the training asks of calm places."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from training.calm import contours, plainness, unrest


def tower() -> Tensor:
    """A dark bar before a plain sky, (1, 3, 128, 128)."""
    photo = torch.full((1, 3, 128, 128), 0.7)
    photo[..., 40:, 56:72] = 0.1
    return photo


def glow(width: int) -> Tensor:
    """What grows brighter towards the tower, within `width` pixels."""
    column = torch.arange(128.0)
    apart = torch.maximum(56 - column, column - 71).clamp(min=1)
    return 0.3 * (1 - apart / width).clamp(min=0) * (tower() > 0.5)


def test_what_the_photo_shows_is_no_unrest() -> None:
    """An edge changes its colours, and everything its tone."""
    assert unrest(0.5 + 0.5 * tower(), tower()) < 1.2 * unrest(torch.full_like(tower(), 0.5), tower())


def test_glow_is_unrest_and_the_wider_the_more() -> None:
    none, narrow, wide = (unrest(tower() + more, tower()).item() for more in (torch.zeros(1), glow(12), glow(40)))
    assert 10 * none < narrow
    assert 1.1 * narrow < wide


def test_a_hem_is_unrest_and_counts_for_more_than_as_much_elsewhere() -> None:
    """Both are four pixels wide and as bright, at the tower and away from it."""
    column = torch.arange(128)
    hem, stripe = (0.2 * ((column >= left) & (column < left + 4)) * (tower() > 0.5) for left in (72, 100))
    rest = unrest(tower(), tower())
    assert unrest(tower() + hem, tower()) > 4 * rest
    assert unrest(tower() + hem, tower()) - rest > unrest(tower() + stripe, tower()) - rest


def test_a_hem_is_unrest_where_the_photo_has_ripples_too() -> None:
    """As JPEG leaves them at an edge: the sky there is not calm, but looks like the sky."""
    hem = 0.2 * F.pad(torch.ones(1, 3, 88, 3), (72, 53, 40, 0))
    ripples = 0.04 * F.pad(torch.tensor([1.0, -1.0, 1.0]).expand(1, 3, 88, 3), (72, 53, 40, 0))
    photo = tower() + ripples
    assert unrest(photo + hem, photo) > 8 * unrest(photo, photo)


def test_left_and_right_top_and_bottom_are_alike() -> None:
    """But for the last row and column, of which nothing is known."""
    photo, painting = tower(), tower() + 0.2 * torch.rand(128, generator=torch.Generator().manual_seed(0))
    there = unrest(painting, photo)
    for sides in ((2,), (3,), (2, 3)):
        assert unrest(painting.flip(sides), photo.flip(sides)).item() == pytest.approx(there.item(), rel=0.03)


def test_a_sky_is_to_look_alike_on_both_sides_of_a_tower() -> None:
    sides = tower() + 0.2 * (torch.arange(128) < 56)
    assert unrest(sides[..., 48:, :], tower()[..., 48:, :]) > 3 * unrest(tower()[..., 48:, :], tower()[..., 48:, :])


def test_a_gradient_may_be_painted_stronger_than_it_is() -> None:
    sky = torch.linspace(0.4, 0.5, 128).expand(1, 3, 128, 128)
    same, stronger, strongest = (unrest(0.5 + gain * (sky - 0.45), sky).item() for gain in (1, 1.9, 4))
    assert stronger - same < 0.2 * (strongest - same)


def test_texture_is_unrest_in_a_sky_and_none_in_a_meadow() -> None:
    texture = 0.2 * F.interpolate(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)), scale_factor=4)
    sky = torch.full((1, 3, 128, 128), 0.5)
    meadow = sky + 0.2 * torch.randn(sky.shape, generator=torch.Generator().manual_seed(1))
    in_sky, in_meadow = (unrest(photo + texture, photo) - unrest(photo, photo) for photo in (sky, meadow))
    assert in_meadow.abs() < 0.05 * in_sky


@pytest.mark.parametrize("is_dark", [True, False])
def test_a_contour_is_what_an_edge_has_that_the_photo_has_not(is_dark: bool) -> None:
    """What stands before the sky is darker than it, or brighter; so is its blurred edge, or more so when painted, but not the reverse."""
    photo = F.avg_pool2d(tower(), 5, 1, 2, count_include_pad=False)
    photo = photo if is_dark else 1 - photo
    line = 0.2 * F.pad(torch.ones(1, 3, 90, 4), (72, 52, 38, 0)) * (1 if is_dark else -1)
    assert contours(photo, photo) < 1e-9
    assert contours(0.5 + 2 * (photo - 0.5), photo) < 1e-9
    assert contours(photo - line, photo) < 0.1 * contours(photo + line, photo)


def test_a_sky_is_plain_up_to_the_tower_and_a_meadow_nowhere() -> None:
    ripples = 0.04 * F.pad(torch.tensor([1.0, -1.0, 1.0]).expand(1, 3, 88, 3), (72, 53, 40, 0))
    blurred = F.avg_pool2d(tower() + ripples, 3, 1, 1, count_include_pad=False)
    plain = plainness(blurred)
    assert plain.shape == (1, 1, 128, 128)
    assert plain[0, 0, 80, 74] > 0.6
    assert plain[0, 0, 80, 100] > 0.9
    assert plain[0, 0, 80, 71] < 0.1  # half sky, half tower
    assert plainness(0.5 + 0.2 * torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))).max() < 0.05
