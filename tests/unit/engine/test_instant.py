from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nst.engine.instant import InstantNetwork, Statistics, joined, mixed, settled, statistics, transferred, transport, unchanged
from nst.engine.instantly import STAGES


@pytest.fixture
def network() -> InstantNetwork:
    torch.manual_seed(0)
    network = InstantNetwork()
    network.initialise()
    for parameter in network.parameters():  # residual parts begin silent
        parameter.data += 0.05 * torch.randn_like(parameter)
    return network.requires_grad_(False).eval()


def features(seed: int, width: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, width, 12, 9, generator=generator)
    mixing = torch.randn(width, width, generator=generator)
    return torch.einsum("ij,bjhw->bihw", mixing, x) + torch.randn(width, 1, 1, generator=generator)


def close(a: Statistics, b: Statistics, tolerance: float) -> bool:
    return torch.allclose(a.mean, b.mean, atol=tolerance) and torch.allclose(a.covariance, b.covariance, atol=tolerance)


def test_statistics_are_those_of_numpy_and_correlations_are_believed_with_the_number_of_places() -> None:
    x = features(0)
    found = statistics(x)
    flat = x[1].flatten(1).numpy()
    wanted = np.cov(flat, bias=True)
    believed = flat.shape[1] / (flat.shape[1] + flat.shape[0])
    wanted[~np.eye(len(wanted), dtype=bool)] *= believed
    assert found.mean[1, :, 0].numpy() == pytest.approx(flat.mean(1), abs=1e-5)
    assert found.covariance[1].numpy() == pytest.approx(wanted, abs=1e-4)


def test_a_part_of_a_large_pictures_places_tells_its_statistics() -> None:
    """Whatever repeats every other pixel, as a screen of dots does."""
    x = torch.randn(1, 5, 300, 400, generator=torch.Generator().manual_seed(0))
    x[:, 0, ::2, ::2] += 4
    x[:, 1, :, ::2] += 4
    found, flat = statistics(x), x[0].flatten(1).numpy()
    assert found.mean[0, :, 0].numpy() == pytest.approx(flat.mean(1), abs=0.05)
    assert found.covariance[0].numpy() == pytest.approx(np.cov(flat), abs=0.12)


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
    none, full = unchanged("deep2", statistics(x)), transferred("deep2", statistics(x), statistics(features(5)))
    assert torch.allclose(none.lerp(full, 0.5)(x), (x + full(x)) / 2, atol=1e-4)
    assert torch.allclose(none.lerp(full, 0.0)(x), x)


def test_inner_stations_give_all_features_the_same_size() -> None:
    x, style = 700 * features(4), statistics(0.01 * features(5))
    for passed in (unchanged("deep8", statistics(x))(x), transferred("deep8", statistics(x), style)(x)):
        assert torch.allclose(passed.square().mean((1, 2, 3)), torch.ones(2), atol=0.1)


def test_shares_of_a_mixture_count_relative_to_their_sum() -> None:
    one, other = statistics(features(6)), statistics(features(7))
    assert close(mixed([(one, 2.0), (other, 2.0)]), mixed([(one, 0.5), (other, 0.5)]), 1e-6)
    assert torch.allclose(mixed([(one, 1.0), (other, 3.0)]).mean, (one.mean + 3 * other.mean) / 4)
    assert close(mixed([(one, 1.0)]), one, 1e-6)


def test_a_style_is_known_by_its_statistics_at_every_station(network: InstantNetwork) -> None:
    code: dict[str, Statistics] = {}

    def record(name: str, x: Tensor) -> Tensor:
        code[name] = statistics(x)
        return unchanged(name, code[name])(x)

    style, photo = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 48)
    reproduced = network(style, record)
    assert set(code) == set(InstantNetwork.STATIONS)
    to_itself = network(style, lambda name, x: transferred(name, statistics(x), code[name])(x))
    assert torch.allclose(to_itself, reproduced, atol=0.02)
    assert network(photo, lambda name, x: transferred(name, statistics(x), code[name])(x)).shape == photo.shape


def test_what_a_photo_gives_the_encoder_does_not_hang_on_its_contrast(network: InstantNetwork) -> None:
    x = settled(features(8))
    assert torch.allclose(x.mean((2, 3)), torch.zeros(2, 5), atol=1e-5)
    assert torch.allclose(x.var((2, 3), unbiased=False).mean(1), torch.ones(2), atol=1e-3)
    assert torch.allclose(settled(7 * features(8) + 3), x, atol=1e-3)


def test_every_stage_sees_no_further_than_it_says(network: InstantNetwork) -> None:
    stages: list[tuple[Callable[..., Tensor], list[Tensor]]] = []

    def watch(stage: Callable[..., Tensor], inputs: list[Tensor]) -> Tensor:
        stages.append((stage, inputs))
        return stage(*inputs)

    size = 192
    encoded = network.encode(torch.rand(1, 3, size, size), watch)
    network.plain(encoded, watch)
    network.show(network.carry(encoded, lambda _, x: x, watch), watch)
    assert len(stages) == STAGES - 2  # the first and the last are no stages of the network
    for stage, inputs in stages:
        others = [x.clone() for x in inputs]
        for x in others:
            x[..., x.shape[-1] // 2 :] += torch.randn_like(x[..., x.shape[-1] // 2 :])
        changed = (stage(*inputs) - stage(*others)).abs().amax((0, 1, 2)) > 1e-6
        first = int(changed.long().argmax()) * size // changed.numel()  # column, in pixels of the picture
        assert changed.any()
        assert size // 2 - first <= InstantNetwork.REACH


def test_gates_let_all_pass_at_first_and_what_they_close_out_has_no_say(network: InstantNetwork) -> None:
    fresh, x = InstantNetwork(), torch.rand(1, 3, 64, 64)
    fresh.initialise()
    assert all(torch.equal(gate, torch.zeros_like(gate)) for name, gate in fresh.encode(x).items() if name.startswith("gate"))

    def changed() -> bool:
        features = network.encode(x)
        one, other = (network.carry(features | {"skip16": deep}, lambda _, x: x) for deep in (features["skip16"], -features["skip16"]))
        return not torch.allclose(one, other, atol=1e-4)

    assert changed()
    network.gate8.fine.bias.data.fill_(-1000)
    assert not changed()


def test_where_a_photo_is_plain_and_a_pixel_further_its_toned_pixels_are_seen() -> None:
    painting, toned, plain = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8), torch.zeros(1, 4, 4, 4)
    plain[0, :, 0, 0] = torch.tensor([0.0, 1.0, 0.0, 0.0])  # above, at the right of its block
    plain[0, :, 3, 3] = torch.tensor([0.0, 0.0, 0.0, 0.5])  # below, at the right
    wanted = torch.zeros(8, 8)
    wanted[:2, :3], wanted[6:, 6:] = 1, 0.5
    assert torch.equal(joined(painting, plain, toned)[0, 1], wanted)


def test_a_network_without_training_takes_no_photo_for_plain() -> None:
    fresh = InstantNetwork()
    fresh.initialise()
    plain = fresh.plain(fresh.encode(torch.rand(1, 3, 64, 64)))
    assert plain.shape == (1, 4, 32, 32)
    assert plain.max() < 0.2


def test_doubling_leaves_no_pattern_in_a_flat_picture(network: InstantNetwork) -> None:
    flat = torch.full((1, 3, 64, 64), 0.4)
    painted = network(flat, lambda _, x: x)[..., 24:-24, 24:-24]
    blocks = F.pixel_unshuffle(painted, 2)
    assert blocks.std((2, 3)).max() < 1e-5
