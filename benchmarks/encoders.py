"""The compact encoder compared with VGG-19; random weights suffice for speed."""

import torch
from torch import nn

from benchmarks import subjects
from benchmarks.report import Table, seconds
from nst.engine import best_device
from nst.engine.encoders.compact import CompactEncoder
from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS, FrozenEncoder
from nst.engine.encoders.vgg19 import VGG19

LAYERS = (*STYLE_LAYERS, CONTENT_LAYER)
SIDE = 384


def run() -> Table:
    networks = {"compact": CompactEncoder(), "vgg19": VGG19()}
    rows = [(name, _parameters(network), _multiplications(network), _pass(name, network)) for name, network in networks.items()]
    reference = rows[-1]
    return Table(
        "Encoders",
        f"One forward and backward pass at {SIDE}x{SIDE} px to the layers that a rendering needs.",
        ("encoder", "parameters, millions", "multiplications a pixel, thousands", "seconds", "VGG-19's operations", "VGG-19's seconds"),
        [(*row, f"{reference[2] / row[2]:.1f} times", f"{reference[3] / row[3]:.1f} times") for row in rows],
    )


def _parameters(network: nn.Module) -> float:
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def _multiplications(network: nn.Module, side: int = 64) -> float:
    count = 0

    def add(module: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal count
        assert isinstance(module, nn.Conv2d)
        count += output.numel() * module.in_channels * module.kernel_size[0] * module.kernel_size[1]

    hooks = [module.register_forward_hook(add) for module in network.modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        network(torch.rand(1, 3, side, side), LAYERS)
    for hook in hooks:
        hook.remove()
    return count / side**2 / 1e3


def _pass(name: str, network: nn.Module) -> float:
    encoder = FrozenEncoder(name, network, "", best_device())
    picture = torch.rand(1, 3, SIDE, SIDE, device=best_device())
    return seconds(lambda: subjects.bare_pass(encoder, picture), 7)
