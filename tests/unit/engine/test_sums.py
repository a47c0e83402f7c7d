"""The objective tile by tile is that of the whole picture: its values, and its gradient at every pixel."""

import pytest
import torch
from torch import Tensor

from nst.domain import Loss, Precision, StyleParams, StyleShare
from nst.engine.encoders.blocks import BlockNetwork, stage_shape
from nst.engine.encoders.compact import CompactEncoder
from nst.engine.encoders.registry import FrozenEncoder, StagedEncoder, load_encoder
from nst.engine.encoders.vgg19 import VGG19
from nst.engine.optimised.objective import Objective
from nst.engine.optimised.sums import Sums, TiledSums, WholeSums, sums_of
from nst.engine.optimised.targets import target
from nst.engine.regions import Part, StyleTensor
from tests.support.encoder import TinyEncoder

CPU = torch.device("cpu")
ODD = (203, 311)  # no side is a multiple of a stride
TILE = 16 * 64 * 64  # tiles of 64 pixels at the first stage
# Values up to which a stage has one tile: of none, and of all but the first.
KEPT = pytest.mark.parametrize("kept", [0, 400_000])


def random(seed: int, size: tuple[int, int] = ODD, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random blocks of 8 pixels with noise on top, beyond [0, 1] here and there."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, size[0] // 8 + 1, size[1] // 8 + 1, generator=generator, dtype=dtype)
    return coarse.repeat_interleave(8, 2).repeat_interleave(8, 3)[..., : size[0], : size[1]] + 0.1 * torch.randn(
        1, 3, *size, generator=generator, dtype=dtype
    )


def split(size: tuple[int, int] = ODD, dtype: torch.dtype = torch.float32) -> Tensor:
    """Weights of two parts that meet in a soft edge, of one that is small, and of what is kept in a corner."""
    weights = torch.zeros(1, 4, *size, dtype=dtype)
    weights[:, 0] = torch.linspace(2, -1, size[1], dtype=dtype).clamp(0, 1)
    weights[:, 1] = 1 - weights[:, 0]
    weights[..., 20:50, 10:40] = torch.tensor([0, 0, 1, 0], dtype=dtype).view(1, 4, 1, 1)
    weights[..., 150:, 250:] = torch.tensor([0, 0, 0, 1], dtype=dtype).view(1, 4, 1, 1)
    return weights


def double(network: BlockNetwork) -> FrozenEncoder:
    return FrozenEncoder("double", network.double(), "", CPU, Precision.FLOAT32)


def compact() -> StagedEncoder:
    encoder = load_encoder("compact", CPU, precision=Precision.FLOAT32)
    assert isinstance(encoder, StagedEncoder)
    return encoder


def evaluated(
    sums: Sums,
    params: StyleParams,
    weights: Tensor | None = None,
    strength: float = 0.6,
    dtype: torch.dtype = torch.float32,
    size: tuple[int, int] = ODD,
) -> tuple[dict[str, Tensor], Tensor]:
    """The objective's terms at a picture, and its gradient."""
    shown = torch.zeros(1, 1, 150, 171, dtype=dtype)
    shown[..., 20:120, 50:] = 1
    styles = [
        [StyleShare(StyleTensor(random(2, (150, 171), dtype), shown), 0.7), StyleShare(StyleTensor(random(3, (64, 80), dtype)), 0.3)],
        [StyleShare(StyleTensor(random(4, (96, 99), dtype)), 1.0)],
    ]
    parts = [Part(styles[0], strength)] if weights is None else [Part(styles[index % 2], strength) for index in range(weights.shape[1] - 1)]
    objective = Objective(sums, random(1, size, dtype), [target(sums, part, params) for part in parts], params, weights)
    x = random(0, size, dtype).requires_grad_(True)
    terms = dict(objective(x))
    (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), x)
    return terms, gradient


def assert_same(found: tuple[dict[str, Tensor], Tensor], wanted: tuple[dict[str, Tensor], Tensor], tolerance: float) -> None:
    for name, value in wanted[0].items():
        assert found[0][name].item() == pytest.approx(value.item(), rel=tolerance), name
    scale = wanted[1].abs().max().item()
    torch.testing.assert_close(found[1], wanted[1], atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("regions", [False, True])
@KEPT
def test_tiles_have_the_gradient_of_the_whole_in_double_precision(loss: Loss, regions: bool, kept: int) -> None:
    network = CompactEncoder()
    network.load_state_dict(compact()._network.state_dict())  # type: ignore[attr-defined]
    encoder, weights = double(network), split(dtype=torch.float64) if regions else None
    params = StyleParams(loss=loss, smoothness=0.7)
    found, wanted = (
        evaluated(sums, params, weights, 0.2 if regions else 0.6, torch.float64)
        for sums in (TiledSums(encoder, tile_values=TILE, kept_values=kept), WholeSums(encoder))
    )
    assert_same(found, wanted, 1e-8)


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize("regions", [False, True])
@KEPT
def test_tiles_have_the_gradient_of_the_whole_in_single_precision(loss: Loss, regions: bool, kept: int) -> None:
    encoder, weights = compact(), split() if regions else None
    found, wanted = (
        evaluated(sums, StyleParams(loss=loss), weights)
        for sums in (TiledSums(encoder, tile_values=TILE, kept_values=kept), WholeSums(encoder))
    )
    assert_same(found, wanted, 2e-3)


@KEPT
def test_a_photo_that_is_kept_everywhere_is_held_by_tiles_too(kept: int) -> None:
    encoder, weights = compact(), torch.zeros(1, 4, *ODD)
    weights[:, -1] = 1
    found, wanted = (
        evaluated(sums, StyleParams(), weights) for sums in (TiledSums(encoder, tile_values=TILE, kept_values=kept), WholeSums(encoder))
    )
    assert found[0]["style"] == 0
    assert_same(found, wanted, 2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [(("relu1_1", 1.0),), (("relu2_1", 0.5), ("relu4_2", 0.5)), (("relu5_1", 1.0),)])
@pytest.mark.parametrize("size", [(64, 64), (67, 131), (33, 260)])
def test_layers_and_sizes_of_vgg19(layers: tuple[tuple[str, float], ...], size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    encoder = double(VGG19())
    found, wanted = (
        evaluated(sums, StyleParams(layer_weights=layers), dtype=torch.float64, size=size)
        for sums in (TiledSums(encoder, tile_values=64 * 32 * 32, kept_values=0), WholeSums(encoder))
    )
    assert_same(found, wanted, 1e-8)


def test_a_tile_that_is_larger_than_the_picture_is_the_whole() -> None:
    encoder = compact()
    calls: list[None] = []
    tiled = TiledSums(encoder, lambda: calls.append(None))
    found, wanted = (evaluated(sums, StyleParams()) for sums in (tiled, WholeSums(encoder)))
    assert_same(found, wanted, 2e-3)
    # Of one tile: the stages of two styles, those of the photo to the content layer, and those of the painting, whose activations are kept.
    assert len(calls) == 2 * 4 + 3 + 4


def test_without_the_overlap_there_are_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the tests above could fail."""
    from nst.engine.encoders import registry

    def narrower(*args):  # type: ignore[no-untyped-def]
        shape = stage_shape(*args)
        return type(shape)(shape.factors, shape.stride, shape.overlap - shape.stride, shape.width)

    encoder = compact()
    wanted = evaluated(WholeSums(encoder), StyleParams())
    monkeypatch.setattr(registry, "stage_shape", narrower)
    with pytest.raises(AssertionError):
        assert_same(evaluated(TiledSums(encoder, tile_values=TILE, kept_values=0), StyleParams()), wanted, 2e-3)


def test_work_ends_at_a_tile() -> None:
    class Stop(Exception):
        pass

    seen: list[None] = []

    def before_tile() -> None:
        seen.append(None)
        if len(seen) == 60:
            raise Stop

    with pytest.raises(Stop):
        evaluated(TiledSums(compact(), before_tile, TILE, kept_values=0), StyleParams())
    assert len(seen) == 60


def test_large_pictures_are_encoded_by_tiles_and_small_ones_at_once() -> None:
    encoder = compact()
    tiles: list[None] = []
    sums = sums_of(encoder, 64 * 64, lambda: tiles.append(None))
    sums(torch.zeros(1, 3, 64, 64), [("relu1_1", lambda *_: ())])
    assert not tiles
    sums(torch.zeros(1, 3, 64, 65), [("relu1_1", lambda *_: ())])
    assert tiles


def test_an_encoder_without_stages_encodes_all_pictures_at_once() -> None:
    encoder = TinyEncoder()
    sums_of(encoder, 1)(torch.zeros(1, 3, 32, 32), [("relu1_1", lambda *_: ())])
    assert encoder.seen == [(1, 3, 32, 32)]


def test_the_overlap_of_a_stage_is_its_receptive_field() -> None:
    assert stage_shape(CompactEncoder(), (0, 1), ["relu1_1", "relu2_1"]).overlap == 8
    assert [stage_shape(VGG19(), (block,), []).overlap for block in (2, 3, 4)] == [4, 4, 2]
