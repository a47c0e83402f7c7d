import pytest
import torch
from torch import Tensor

from nst.engine.palette import BLUR, looked_up, mixed_palette, palette, table


def stripes(*colours: tuple[float, float, float], wide: int = 48) -> Tensor:
    """A picture (1, 3, 96, W) of upright stripes."""
    return torch.tensor(colours).T.repeat_interleave(wide, 1)[None, :, None].expand(-1, -1, 96, -1)


def toned(photo: Tensor, style: Tensor) -> Tensor:
    return looked_up(table(palette(photo), palette(style)), photo)


SKY, WALL = (0.4, 0.6, 0.9), (0.7, 0.4, 0.3)
INDIGO, GOLD = (0.1, 0.15, 0.5), (0.9, 0.75, 0.3)


def test_every_colour_gets_the_one_of_the_style_that_is_most_like_it() -> None:
    """And not the mean of both, which is grey."""
    painting = toned(stripes(SKY, WALL), stripes(GOLD, INDIGO))
    assert painting[0, :, 48, 20].tolist() == pytest.approx(INDIGO, abs=0.1)
    assert painting[0, :, 48, 70].tolist() == pytest.approx(GOLD, abs=0.1)


def test_a_style_has_as_much_of_a_colour_as_it_has_whatever_the_photo_holds() -> None:
    """Three quarters of the photo are sky; of the style a half is indigo: the sky gets some of the gold."""
    wanted = torch.tensor([INDIGO, GOLD]).mean(0)
    even, uneven = (toned(stripes(*colours), stripes(GOLD, INDIGO)) for colours in ((SKY, WALL), (SKY, SKY, SKY, WALL)))
    for painting in (even, uneven):
        assert painting.mean((0, 2, 3)).tolist() == pytest.approx(wanted.tolist(), abs=0.06)
    assert uneven[0, 0, 48, 20] > even[0, 0, 48, 20] + 0.1


def test_what_is_alike_stays_alike() -> None:
    """A sky's gradient is no rainbow, whatever the style: nothing is driven apart by more than the blur allows."""
    photo = torch.linspace(0.45, 0.55, 96).expand(1, 3, 96, 96)
    painting = toned(photo, stripes((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    steps = (painting[..., 1:] - painting[..., :-1]) / (photo[..., 1:] - photo[..., :-1])
    assert steps.min() > 0
    assert steps.max() < 2 / BLUR


def test_half_the_strength_goes_half_the_way() -> None:
    photo, style = (torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    none, half, full = (looked_up(table(palette(photo), palette(style), strength), photo) for strength in (0.0, 0.5, 1.0))
    torch.testing.assert_close(none, photo, atol=1e-5, rtol=0)
    torch.testing.assert_close(half, (photo + full) / 2, atol=1e-5, rtol=0)


def test_a_palette_does_not_hang_on_the_pictures_size() -> None:
    small = torch.rand(1, 3, 96, 144, generator=torch.Generator().manual_seed(0))
    large = small.repeat_interleave(5, 2).repeat_interleave(5, 3)
    one, other = palette(small), palette(large)
    assert one.colours.shape == (1, 256, 3)
    assert one.shares.sum().item() == pytest.approx(1)
    torch.testing.assert_close(one.colours, other.colours)
    assert palette(small[..., :7, :5]).colours.shape == (1, 256, 3)


@pytest.mark.parametrize("colour", [0.0, 0.3, 1.0])
def test_a_style_of_one_colour_gives_its_colour_and_a_photo_of_one_gets_one(colour: float) -> None:
    flat, detailed = torch.full((1, 3, 64, 64), colour), torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(toned(detailed, flat), flat)
    assert toned(flat, detailed).std((2, 3)).max() < 1e-5
    assert toned(flat, detailed).mean().item() == pytest.approx(0.5, abs=0.05)


def test_colours_as_far_from_each_other_as_can_be_are_no_harm() -> None:
    painting = toned(stripes((0.0, 0.0, 0.0), (0.02, 0.0, 0.0)), stripes((1.0, 1.0, 1.0), (1.0, 0.99, 1.0)))
    assert painting.isfinite().all()
    assert painting.min() > 0.9


def test_pictures_of_a_batch_do_not_meet() -> None:
    photos, styles = torch.rand(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.3, 1.0]).view(1, 2, 1, 1, 1)
    alone = torch.cat([toned(photo[None], style[None]) for photo, style in zip(photos, styles, strict=True)])
    torch.testing.assert_close(toned(photos, styles), alone, atol=1e-4, rtol=0)


def test_shares_of_a_mixture_count_relative_to_their_sum() -> None:
    one, other = palette(stripes(SKY)), palette(stripes(GOLD))
    both = mixed_palette([(one, 2.0), (other, 6.0)])
    mean = (both.shares[..., None] * both.colours).sum(1)[0]
    assert mean.tolist() == pytest.approx((torch.tensor(SKY) / 4 + 3 * torch.tensor(GOLD) / 4).tolist(), abs=1e-4)
    torch.testing.assert_close(table(one, both), table(one, mixed_palette([(one, 0.5), (other, 1.5)])))
