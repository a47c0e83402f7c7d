import pytest
import torch
from torch import nn

from nst.engine.instant.tiling import Tiles


def nothing() -> None:
    pass


@pytest.mark.parametrize("size", [(64, 64), (208, 144), (32, 400)])
def test_tiled_is_as_at_once(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    stage = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect") for _ in range(3))).requires_grad_(False)
    x = torch.randn(1, 4, *size)
    tiles = Tiles(size, 64, 8, nothing)
    assert tiles.count == -(-size[0] // 64) * -(-size[1] // 64)
    assert torch.allclose(tiles(stage, [x]), stage(x), atol=1e-5)


def test_inputs_and_outputs_may_differ_in_resolution() -> None:
    size = (96, 160)
    fine, coarse = torch.randn(1, 3, 96, 160), torch.randn(1, 2, 12, 20)

    def stage(fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        return torch.cat([nn.functional.avg_pool2d(fine, 2), nn.functional.interpolate(coarse, scale_factor=4.0)], 1)

    assert torch.equal(Tiles(size, 32, 8, nothing)(stage, [fine, coarse]), stage(fine, coarse))


def test_a_stage_that_sees_further_than_the_overlap_leaves_seams() -> None:
    """So that the tests above could fail."""
    stage = nn.Conv2d(1, 1, 33, padding=16, padding_mode="reflect").requires_grad_(False)
    x = torch.randn(1, 1, 128, 128)
    assert not torch.allclose(Tiles((128, 128), 64, 8, nothing)(stage, [x]), stage(x), atol=1e-3)


def test_what_is_raised_before_a_tile_ends_the_work() -> None:
    seen = []

    def stage(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.shape)
        return x

    def enough() -> None:
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Tiles((64, 64), 32, 8, enough)(stage, [torch.zeros(1, 1, 64, 64)])
    assert len(seen) == 2
