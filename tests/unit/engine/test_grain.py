import pytest
import torch

from nst.engine.grain import GRAIN, RADIUS, without_grain


def test_calm_places_become_smooth() -> None:
    torch.manual_seed(0)
    sky = torch.linspace(0.5, 0.7, 64)[:, None].expand(1, 3, 64, 64)
    grain = torch.randn(1, 3, 64, 64) * GRAIN / 2
    left = without_grain(sky + grain) - sky
    assert left[..., 8:-8, 8:-8].std() < 0.4 * grain.std()


def test_edges_keep_their_height_and_their_place() -> None:
    edge = torch.full((1, 3, 32, 32), 0.3)
    edge[..., 16:] = 0.6
    smooth = without_grain(edge)
    assert torch.allclose(smooth, edge, atol=2 / 255)
    assert torch.equal(smooth[..., : 16 - RADIUS], smooth[..., :1].expand(1, 3, 32, 16 - RADIUS))


def test_a_plain_picture_stays_as_it_is() -> None:
    plain = torch.tensor([0.0, 0.5, 1.0])[None, :, None, None].expand(1, 3, 16, 16)
    assert torch.allclose(without_grain(plain), plain, atol=1e-6)


def test_it_sees_no_further_than_it_says() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 3, 40, 40, dtype=torch.float64)
    other = x.clone()
    other[..., 20, 20] = 0
    changed = (without_grain(other) != without_grain(x)).any(1)[0].nonzero()
    assert changed.min() == 20 - RADIUS
    assert changed.max() == 20 + RADIUS


@pytest.mark.parametrize("level", [3.0, 30.0])
def test_detail_keeps_the_share_of_its_variance_that_is_not_grain(level: float) -> None:
    """On a picture whose windows all hold the same: a checkerboard, nearly half white."""
    board = (torch.arange(30)[:, None] + torch.arange(30)[None]) % 2 * 1.0
    x = (0.5 + level / 255 * board).expand(1, 3, 30, 30)
    variance = (level / 255) ** 2 / 4
    left = without_grain(x)[..., 10:20, 10:20].std(unbiased=False) / x[..., 10:20, 10:20].std(unbiased=False)
    assert left == pytest.approx(max(0, 1 - GRAIN**2 / variance), abs=0.05)
