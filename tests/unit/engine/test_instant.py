import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nst.engine.instant import InstantNetwork, Statistics, mixed, statistics, transport


@pytest.fixture
def network() -> InstantNetwork:
    torch.manual_seed(0)
    network = InstantNetwork()
    network.initialise()
    for parameter in network.parameters():  # the initialisation is quiet below the uppermost station
        parameter.data += 0.05 * torch.randn_like(parameter)
    return network.requires_grad_(False).eval()


def features(seed: int, width: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, width, 12, 9, generator=generator)
    mixing = torch.randn(width, width, generator=generator)
    return torch.einsum("ij,bjhw->bihw", mixing, x) + torch.randn(width, 1, 1, generator=generator)


def close(a: Statistics, b: Statistics, tolerance: float) -> bool:
    return torch.allclose(a.mean, b.mean, atol=tolerance) and torch.allclose(a.covariance, b.covariance, atol=tolerance)


def test_statistics_are_those_of_numpy() -> None:
    x = features(0)
    found = statistics(x)
    flat = x[1].flatten(1).numpy()
    assert found.mean[1, :, 0].numpy() == pytest.approx(flat.mean(1), abs=1e-5)
    assert found.covariance[1].numpy() == pytest.approx(np.cov(flat, bias=True), abs=1e-4)


def test_transport_gives_features_the_statistics_of_others() -> None:
    x, style = features(1), statistics(features(2))
    own = statistics(x)
    moved = statistics(transport(own, style)(x))
    assert torch.allclose(moved.mean, style.mean, atol=1e-4)
    before, after = ((found.covariance - style.covariance).norm() for found in (own, moved))
    assert after < 0.3 * before  # not 0: correlations are not wholly believed


def test_a_single_picture_is_transported_as_one_of_a_batch() -> None:
    x, style = features(1), statistics(features(2))
    together = transport(statistics(x), style)(x)
    first = Statistics(style.mean[:1], style.covariance[:1])
    alone = transport(statistics(x[:1]), first)(x[:1])
    assert torch.allclose(alone, together[:1], atol=1e-4)


def test_transport_to_the_own_statistics_changes_nothing() -> None:
    x = features(3)
    assert torch.allclose(transport(statistics(x), statistics(x))(x), x, atol=1e-3)


def test_features_without_spread_are_transported_without_harm() -> None:
    flat, style = torch.zeros(1, 5, 8, 8), statistics(features(2)[:1])
    moved = transport(statistics(flat), style)(flat)
    assert torch.allclose(moved.mean((2, 3)), style.mean[..., 0], atol=1e-4)


def test_half_the_strength_goes_half_the_way() -> None:
    x = features(4)
    full = transport(statistics(x), statistics(features(5)))
    assert torch.allclose(full.weakened(0.5)(x), (x + full(x)) / 2, atol=1e-4)
    assert torch.allclose(full.weakened(0.0)(x), x)


def test_shares_of_a_mixture_count_relative_to_their_sum() -> None:
    one, other = statistics(features(6)), statistics(features(7))
    assert close(mixed([(one, 2.0), (other, 2.0)]), mixed([(one, 0.5), (other, 0.5)]), 1e-6)
    assert torch.allclose(mixed([(one, 1.0), (other, 3.0)]).mean, (one.mean + 3 * other.mean) / 4)
    assert close(mixed([(one, 1.0)]), one, 1e-6)


def test_the_untrained_network_lets_pictures_pass() -> None:
    network = InstantNetwork()
    network.initialise()
    x = torch.rand(1, 3, 32, 48)
    with torch.no_grad():
        assert torch.allclose(network(x, lambda _, features: features), x, atol=1e-5)


def test_the_untrained_network_already_transfers_colours() -> None:
    network = InstantNetwork()
    network.initialise()
    photo = torch.rand(1, 3, 64, 64)
    style = torch.rand(1, 3, 64, 64) * torch.tensor([0.2, 0.6, 0.1]).view(1, 3, 1, 1)
    code: dict[str, Statistics] = {}

    def record(name: str, x: Tensor) -> Tensor:
        code[name] = statistics(x)
        return x

    with torch.no_grad():
        network(style, record)
        painting = network(photo, lambda name, x: transport(statistics(x), code[name])(x))
    assert set(code) == set(InstantNetwork.STATIONS)
    assert torch.allclose(painting.mean((2, 3)), style.mean((2, 3)), atol=0.02)
    assert torch.allclose(painting.std((2, 3)), style.std((2, 3)), atol=0.02)


def test_every_stage_sees_no_further_than_it_says(network: InstantNetwork) -> None:
    size, edge = 128, 64
    one = torch.rand(1, 3, size, size)
    other = torch.cat([one[..., :edge], torch.rand(1, 3, size, size - edge)], 3)

    def unchanged(a: Tensor, b: Tensor) -> int:
        """Columns from the left that are the same, in pixels of the picture."""
        same = (a - b).abs().amax((0, 1, 2)) < 1e-6
        return int(same.long().cumprod(0).sum()) * size // a.shape[-1]

    maps: list[tuple[list[Tensor], Tensor]] = []

    def watch(stage: object, inputs: list[Tensor]) -> Tensor:
        output = stage(*inputs)  # type: ignore[operator]
        maps.append((inputs, output))
        return output

    for picture in (one, other):
        encoded = network.encode(picture, watch)
        network.show(network.carry(encoded, lambda _, x: x, watch), watch)
    stages = len(maps) // 2
    assert stages == 7
    for (inputs, output), (other_inputs, other_output) in zip(maps[:stages], maps[stages:], strict=True):
        reach = min(unchanged(a, b) for a, b in zip(inputs, other_inputs, strict=True)) - unchanged(output, other_output)
        assert reach <= InstantNetwork.REACH


def test_doubling_leaves_no_pattern_in_a_flat_picture(network: InstantNetwork) -> None:
    flat = torch.full((1, 3, 64, 64), 0.4)
    painted = network(flat, lambda _, x: x)[..., 24:-24, 24:-24]
    blocks = F.pixel_unshuffle(painted, 2)
    assert blocks.std((2, 3)).max() < 1e-5
