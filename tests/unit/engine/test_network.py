from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import StyleShare
from nst.engine.instant.network import InstantNetwork, normalised
from nst.engine.instant.renderer import STAGES
from nst.engine.instant.statistics import AffineMap, FeatureStatistics, Rescaling, blend, feature_statistics, whiten_and_colour
from nst.engine.instant.wct import identity_map, style_map


@pytest.fixture
def network() -> InstantNetwork:
    torch.manual_seed(0)
    network = InstantNetwork()
    network.initialise()
    for parameter in network.parameters():  # residual branches are initialised to zero
        parameter.data += 0.05 * torch.randn_like(parameter)
    return network.requires_grad_(False).eval()


def features(seed: int, width: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, width, 12, 9, generator=generator)
    mixing = torch.randn(width, width, generator=generator)
    return torch.einsum("ij,bjhw->bihw", mixing, x) + torch.randn(width, 1, 1, generator=generator)


def close(a: FeatureStatistics, b: FeatureStatistics, tolerance: float) -> bool:
    return torch.allclose(a.mean, b.mean, atol=tolerance) and torch.allclose(a.covariance, b.covariance, atol=tolerance)


def test_statistics_are_those_of_numpy_and_correlations_shrink_with_few_positions() -> None:
    x = features(0)
    found = feature_statistics(x)
    flat = x[1].flatten(1).numpy()
    wanted = np.cov(flat, bias=True)
    shrinkage = flat.shape[1] / (flat.shape[1] + flat.shape[0])
    wanted[~np.eye(len(wanted), dtype=bool)] *= shrinkage
    assert found.mean[1, :, 0].numpy() == pytest.approx(flat.mean(1), abs=1e-5)
    assert found.covariance[1].numpy() == pytest.approx(wanted, abs=1e-4)


def test_statistics_of_a_large_picture_are_estimated_from_a_sample() -> None:
    """Also of one with a period of two pixels, as a screen of dots."""
    x = torch.randn(1, 5, 300, 400, generator=torch.Generator().manual_seed(0))
    x[:, 0, ::2, ::2] += 4
    x[:, 1, :, ::2] += 4
    found, flat = feature_statistics(x), x[0].flatten(1).numpy()
    assert found.mean[0, :, 0].numpy() == pytest.approx(flat.mean(1), abs=0.05)
    assert found.covariance[0].numpy() == pytest.approx(np.cov(flat), abs=0.12)


def test_whitening_and_colouring_gives_features_the_statistics_of_others() -> None:
    x, style = features(1), feature_statistics(features(2))
    own = feature_statistics(x)
    moved = feature_statistics(whiten_and_colour(own, style)(x))
    assert torch.allclose(moved.mean, style.mean, atol=1e-4)
    before, after = ((found.covariance - style.covariance).norm() for found in (own, moved))
    assert after < 0.3 * before  # not 0: correlations are shrunk


def test_a_single_picture_is_mapped_as_one_of_a_batch() -> None:
    x, style = features(1), feature_statistics(features(2))
    together = whiten_and_colour(feature_statistics(x), style)(x)
    first = FeatureStatistics(style.mean[:1], style.covariance[:1])
    alone = whiten_and_colour(feature_statistics(x[:1]), first)(x[:1])
    assert torch.allclose(alone, together[:1], atol=1e-4)


def test_a_map_to_the_own_statistics_changes_nothing() -> None:
    x = features(3)
    assert torch.allclose(whiten_and_colour(feature_statistics(x), feature_statistics(x))(x), x, atol=1e-3)


def test_features_without_spread_are_mapped_without_harm() -> None:
    flat, style = torch.zeros(1, 5, 8, 8), feature_statistics(features(2)[:1])
    moved = whiten_and_colour(feature_statistics(flat), style)(flat)
    assert torch.allclose(moved.mean((2, 3)), style.mean[..., 0], atol=1e-4)


def test_half_the_strength_goes_half_the_way() -> None:
    x = features(4)
    none, full = identity_map("deep2", feature_statistics(x)), style_map("deep2", feature_statistics(x), feature_statistics(features(5)))
    assert torch.allclose(none.lerp(full, 0.5)(x), (x + full(x)) / 2, atol=1e-4)
    assert torch.allclose(none.lerp(full, 0.0)(x), x)


def test_inner_wct_layers_give_all_features_the_same_size() -> None:
    x, style = 700 * features(4), feature_statistics(0.01 * features(5))
    for passed in (identity_map("deep8", feature_statistics(x))(x), style_map("deep8", feature_statistics(x), style)(x)):
        assert torch.allclose(passed.square().mean((1, 2, 3)), torch.ones(2), atol=0.1)


def test_statistics_blend_by_their_shares() -> None:
    one, other = feature_statistics(features(6)), feature_statistics(features(7))
    blended = blend([StyleShare(one, 0.25), StyleShare(other, 0.75)])
    assert torch.allclose(blended.mean, (one.mean + 3 * other.mean) / 4)
    assert torch.allclose(blended.covariance, (one.covariance + 3 * other.covariance) / 4)
    assert close(blend([StyleShare(one)]), one, 1e-6)


def test_a_style_is_known_by_its_statistics_at_every_wct_layer(network: InstantNetwork) -> None:
    code: dict[str, FeatureStatistics] = {}

    def record(name: str, x: Tensor) -> AffineMap:
        code[name] = feature_statistics(x)
        return identity_map(name, code[name])

    style, photo = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 48)
    reproduced = network(style, record)
    assert set(code) == set(InstantNetwork.WCT_LAYERS)
    to_itself = network(style, lambda name, x: style_map(name, feature_statistics(x), code[name]))
    assert torch.allclose(to_itself, reproduced, atol=0.02)
    assert network(photo, lambda name, x: style_map(name, feature_statistics(x), code[name])).shape == photo.shape


def test_normalised_features_do_not_depend_on_contrast(network: InstantNetwork) -> None:
    x = normalised(features(8))
    assert torch.allclose(x.mean((2, 3)), torch.zeros(2, 5), atol=1e-5)
    assert torch.allclose(x.var((2, 3), unbiased=False).mean(1), torch.ones(2), atol=1e-3)
    assert torch.allclose(normalised(7 * features(8) + 3), x, atol=1e-3)


def test_every_stage_depends_on_no_more_pixels_than_it_says(network: InstantNetwork) -> None:
    stages: list[tuple[Callable[..., Tensor], list[Tensor]]] = []

    def watch(stage: Callable[..., Tensor], inputs: list[Tensor]) -> Tensor:
        stages.append((stage, inputs))
        return stage(*inputs)

    size = 192
    encoded = network.encode(torch.rand(1, 3, size, size), watch)
    network.to_rgb(network.decode(encoded, lambda *_: Rescaling(None), watch), watch)
    assert len(stages) == STAGES - 1  # the first one, which adds noise, is no stage of the network
    for stage, inputs in stages:
        others = [x.clone() for x in inputs]
        for x in others:
            x[..., x.shape[-1] // 2 :] += torch.randn_like(x[..., x.shape[-1] // 2 :])
        changed = (stage(*inputs) - stage(*others)).abs().amax((0, 1, 2)) > 1e-6
        first = int(changed.long().argmax()) * size // changed.numel()  # column, in pixels of the picture
        assert changed.any()
        assert size // 2 - first <= InstantNetwork.RECEPTIVE_RADIUS


def test_gates_are_open_at_first_and_a_closed_one_blocks(network: InstantNetwork) -> None:
    fresh, x = InstantNetwork(), torch.rand(1, 3, 64, 64)
    fresh.initialise()
    assert all(torch.equal(gate, torch.zeros_like(gate)) for name, gate in fresh.encode(x).items() if name.startswith("gate"))

    def changed() -> bool:
        features = network.encode(x)
        one, other = (
            network.decode(features | {"skip16": deep}, lambda *_: Rescaling(None)) for deep in (features["skip16"], -features["skip16"])
        )
        return not torch.allclose(one, other, atol=1e-4)

    assert changed()
    network.gate8.fine.bias.data.fill_(-1000)
    assert not changed()


def test_upsampling_leaves_no_pattern_in_a_flat_picture(network: InstantNetwork) -> None:
    flat = torch.full((1, 3, 64, 64), 0.4)
    painted = network(flat, lambda *_: Rescaling(None))[..., 24:-24, 24:-24]
    blocks = F.pixel_unshuffle(painted, 2)
    assert blocks.std((2, 3)).max() < 1e-5
