import pytest
import torch
from torch import Tensor

from nst.domain import StyleShare
from nst.engine.moments import Moments, blend, moments, square_root, stacked
from nst.engine.optimised.losses import GramDistance, WassersteinDistance, content_distance, out_of_range, total_variation, trace_of_root


def features(seed: int, channels: int = 4, side: int = 8) -> Tensor:
    return torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(seed)).relu()


def test_moments_of_one_channel_of_twos_are_two_and_four() -> None:
    found = moments(torch.full((1, 1, 3, 3), 2.0))
    assert found.mean.tolist() == [2.0]
    assert found.second.tolist() == [[4.0]]
    assert found.covariance.tolist() == [[0.0]]


def test_moments_do_not_depend_on_the_size_of_the_picture() -> None:
    once = features(0)
    twice = once.repeat(1, 1, 2, 3)
    torch.testing.assert_close(moments(once).second, moments(twice).second)


def test_blended_moments_are_those_of_both_pictures_side_by_side() -> None:
    left, right = features(1), features(2)
    both = moments(torch.cat([left, right], dim=3))
    blended = blend([StyleShare(moments(left), 0.5), StyleShare(moments(right), 0.5)])
    torch.testing.assert_close(blended.mean, both.mean)
    torch.testing.assert_close(blended.second, both.second)


@pytest.mark.parametrize("distance", [GramDistance, WassersteinDistance])
def test_a_picture_is_at_no_distance_from_itself(distance: type[GramDistance] | type[WassersteinDistance]) -> None:
    x = features(3)
    assert distance(moments(x))(moments(x)).item() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("distance", [GramDistance, WassersteinDistance])
def test_nothing_at_all_is_at_distance_one(distance: type[GramDistance] | type[WassersteinDistance]) -> None:
    x = features(4)
    assert distance(moments(x))(moments(torch.zeros_like(x))).item() == pytest.approx(1, abs=0.1)


def test_wasserstein_distance_of_scaled_noise_has_its_closed_form() -> None:
    x = torch.randn(1, 3, 40, 40, generator=torch.Generator().manual_seed(5))
    target = moments(x)
    found = WassersteinDistance(target)(moments(1.5 * x))  # (m, C) -> (1.5 m, 2.25 C): the distance is 0.25 (|m|² + tr C)
    assert found.item() == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize("distance", [GramDistance, WassersteinDistance])
def test_parts_have_the_distances_that_each_has_alone(distance: type[GramDistance] | type[WassersteinDistance]) -> None:
    found, targets = ([moments(features(seed)) for seed in seeds] for seeds in ((1, 2, 3), (4, 5, 6)))
    alone = torch.stack([distance(target)(of_part) for target, of_part in zip(targets, found, strict=True)])
    torch.testing.assert_close(distance(stacked(targets))(stacked(found)), alone)


def test_trace_of_root_has_the_gradient_of_finite_differences() -> None:
    base = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    matrix = (base @ base.T + torch.eye(4)).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda m: trace_of_root((m + m.T) / 2), (matrix,))


def test_trace_of_root_has_a_finite_gradient_where_channels_are_dead() -> None:
    matrix = torch.diag(torch.tensor([4.0, 0.0])).requires_grad_(True)
    trace_of_root(matrix).backward()  # type: ignore[no-untyped-call]
    assert matrix.grad is not None and matrix.grad.isfinite().all()


def test_square_root_squared_is_the_matrix() -> None:
    base = torch.randn(5, 9, generator=torch.Generator().manual_seed(7))
    matrix = base @ base.T
    root = square_root(matrix)
    torch.testing.assert_close(root @ root, matrix, rtol=1e-4, atol=1e-4)


def test_content_distance_is_relative() -> None:
    target = features(8)
    assert content_distance(2 * target, target, torch.tensor(1.0)).item() == pytest.approx(1)


def test_total_variation_of_a_checkerboard_is_two() -> None:
    row = torch.arange(8) % 2
    board = ((row[:, None] + row[None, :]) % 2).float().expand(1, 3, 8, 8)
    assert total_variation(board).item() == 2


def test_out_of_range_counts_the_excess_on_both_sides() -> None:
    x = torch.tensor([-0.5, 0.0, 0.5, 1.0, 1.5]).expand(1, 3, 1, 5)
    assert out_of_range(x).item() == pytest.approx(0.1)


def test_moments_blend_by_their_shares() -> None:
    zero, one = Moments(torch.zeros(1), torch.zeros(1, 1)), Moments(torch.ones(1), torch.ones(1, 1))
    assert blend([StyleShare(zero, 0.25), StyleShare(one, 0.75)]).mean.item() == pytest.approx(0.75)
