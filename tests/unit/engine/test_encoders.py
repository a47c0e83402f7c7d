from pathlib import Path

import pytest
import torch
from torch import nn

from nst.engine.encoders import pretrained
from nst.engine.encoders.compact import CompactEncoder
from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS, layer_names, load_encoder
from nst.engine.encoders.vgg19 import VGG19
from nst.errors import InvalidParams

CPU = torch.device("cpu")
NEEDED = (*STYLE_LAYERS, CONTENT_LAYER)


def multiplications(network: nn.Module, side: int = 64) -> int:
    """Of all convolutions in one pass over `side` x `side` pixels that yields the layers a rendering needs."""
    count = 0

    def add(module: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal count
        assert isinstance(module, nn.Conv2d)
        count += output.numel() * module.in_channels * module.kernel_size[0] * module.kernel_size[1]

    hooks = [module.register_forward_hook(add) for module in network.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        network(torch.rand(1, 3, side, side), NEEDED)
    for hook in hooks:
        hook.remove()
    return count


def test_the_compact_encoder_takes_a_tenth_of_the_operations_of_vgg19() -> None:
    assert multiplications(CompactEncoder()) * 10 <= multiplications(VGG19())


def test_the_embedded_weights_are_below_four_megabytes_and_fit() -> None:
    file = Path(pretrained.__file__).parents[2] / "weights" / "compact.safetensors"
    assert file.stat().st_size <= 4_000_000
    encoder = load_encoder("compact", CPU, Path("unused"))
    assert encoder.digest == pretrained.digest_of(file)


def test_compact_features_are_scaled_to_about_one() -> None:
    x = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    features = load_encoder("compact", CPU, Path("unused"))(x, NEEDED)
    assert set(features) == set(NEEDED)
    for layer in STYLE_LAYERS:
        assert 0.05 < features[layer].square().mean().sqrt().item() < 5, layer


@pytest.mark.parametrize("network", [CompactEncoder(), VGG19()])
def test_features_are_taken_after_the_relu_and_are_not_overwritten(network: nn.Module) -> None:
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        all_at_once = network(x, NEEDED)
        for layer in NEEDED:
            assert all_at_once[layer].min().item() >= 0
            torch.testing.assert_close(network(x, [layer])[layer], all_at_once[layer])


@pytest.mark.parametrize("network", [CompactEncoder(), VGG19()])
def test_an_unknown_layer_is_an_error(network: nn.Module) -> None:
    with pytest.raises(KeyError, match="relu9_1"):
        network(torch.rand(1, 3, 32, 32), ["relu1_1", "relu9_1"])


def test_the_smallest_picture_that_an_encoder_takes_passes() -> None:
    encoder = load_encoder("compact", CPU, Path("unused"))
    features = encoder(torch.rand(1, 3, encoder.min_side, encoder.min_side), ["relu5_1"])
    assert tuple(features["relu5_1"].shape) == (1, 128, 2, 2)


def test_vgg19_has_the_features_of_torchvisions_away_from_the_border() -> None:
    from torchvision.models.vgg import cfgs, make_layers

    with torch.no_grad():
        theirs = make_layers(cfgs["E"])
        ours = VGG19()
        state = {f"features.{name}": value for name, value in theirs.state_dict().items()}
        ours.load_state_dict(pretrained.vgg19_features(state))
        x = torch.rand(1, 3, 128, 128)
        normalised = (x - ours.mean) / ours.deviation
        wanted = theirs[: pretrained.VGG19_INDEX["relu3_1"] + 1](normalised).relu()
        found = ours(x, ["relu3_1"])["relu3_1"]
    torch.testing.assert_close(found[..., 16:-16, 16:-16], wanted[..., 16:-16, 16:-16])


def test_an_unknown_encoder_is_named_in_the_error() -> None:
    with pytest.raises(InvalidParams, match="'resnet'"):
        layer_names("resnet")
