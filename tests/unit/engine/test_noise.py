import pytest
import torch
from torch.nn import functional as F

from nst.engine.noise import RECEPTIVE_RADIUS, add_noise_to_flat, multiscale_noise

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [(300, 512), (512, 300), (1, 700), (16, 16), (33, 20)])
def test_noise_has_the_size_asked_for_and_variance_one(size: tuple[int, int]) -> None:
    noise = multiscale_noise(size, 0, CPU)
    assert noise.shape == (1, 3, *size)
    assert noise.std() == pytest.approx(1, abs=0.01)
    assert abs(noise.mean()) < 0.5


def test_a_seed_stands_for_its_noise() -> None:
    first, again, other = (multiscale_noise((40, 60), seed, CPU) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_larger_picture_has_the_noise_of_a_smaller_one_and_finer_noise_on_top() -> None:
    small, large = multiscale_noise((256, 384), 0, CPU), multiscale_noise((512, 768), 0, CPU)
    reduced = F.interpolate(large, small.shape[-2:], mode="area")
    together = torch.corrcoef(torch.stack([small.flatten(), reduced.flatten()]))[0, 1]
    assert together > 0.9


def test_every_octave_has_its_part() -> None:
    noise = multiscale_noise((512, 512), 0, CPU).mean(1, keepdim=True)
    bands = []
    for _ in range(5):
        coarser = F.avg_pool2d(noise, 2)
        bands.append((noise - F.interpolate(coarser, scale_factor=2.0)).std().item())
        noise = coarser
    assert min(bands) > 0.3 * max(bands)


def test_noise_is_added_where_there_is_little_to_see_and_nowhere_else() -> None:
    x = torch.full((1, 3, 64, 128), 0.5)
    x[..., 64:] += 0.2 * (torch.arange(64) % 2 * 2 - 1)  # a grating with a standard deviation of 0.2
    changed = (add_noise_to_flat(x, multiscale_noise((64, 128), 0, CPU), 0.1) - x).abs()
    assert changed[..., : 64 - RECEPTIVE_RADIUS].std() > 0.05
    assert changed[..., 64 + RECEPTIVE_RADIUS :].max() < 1e-6


def test_with_noise_every_place_varies_as_much_as_is_asked_for() -> None:
    flat = torch.full((1, 3, 128, 128), 0.5)
    found = add_noise_to_flat(flat, multiscale_noise((128, 128), 0, CPU), 0.1).mean(1)
    assert found.std() == pytest.approx(0.1, rel=0.1)


def test_it_sees_no_further_than_it_says() -> None:
    generator = torch.Generator().manual_seed(0)
    x = 0.05 * torch.rand(1, 3, 80, 80, generator=generator, dtype=torch.float64)
    other, noise = x.clone(), torch.ones(1, 3, 80, 80, dtype=torch.float64)
    other[..., 40, 40] += 0.01
    changed = ((add_noise_to_flat(other, noise, 0.1) - add_noise_to_flat(x, noise, 0.1)).abs() > 1e-12).any(1)[0].nonzero()
    assert changed.min() >= 40 - RECEPTIVE_RADIUS
    assert changed.max() <= 40 + RECEPTIVE_RADIUS


@pytest.mark.parametrize("size", [(341, 512), (100, 37), (1000, 40)])
def test_noise_that_is_drawn_in_pieces_is_the_same(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    in_pieces = multiscale_noise(size, 3, CPU)
    monkeypatch.setattr("nst.engine.noise.ROWS_AT_ONCE", 10_000)
    assert torch.equal(multiscale_noise(size, 3, CPU), in_pieces)
