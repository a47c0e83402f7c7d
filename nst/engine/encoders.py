"""Encoders: networks whose features say what is in a picture (deep layers) and how it is painted (statistics of all layers)."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine import weights
from nst.engine.compact import CompactEncoder
from nst.engine.devices import multiplies_bfloat16
from nst.errors import InvalidParams

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"


class Encoder(Protocol):
    """What the engine asks of an encoder.

    Calling it maps RGB (1, 3, H, W) in [0, 1], H and W at least `min_side`, to features (1, C, h, w) by layer, taken behind the ReLU, in
    the precision that it works in.
    """

    name: str
    digest: str
    min_side: int

    def __call__(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]: ...


class Frozen:
    """An `Encoder` around a network that will not learn any more.

    It works in bfloat16 where the CPU multiplies that, which takes three fifths of the time. Gradients at a photo then differ by a sixth of
    their length, and paintings end at the same losses nevertheless.
    """

    min_side = 32  # reflection padding needs two pixels at relu5_1, behind four poolings

    def __init__(self, name: str, network: nn.Module, digest: str, device: torch.device, in_half: bool | None = None) -> None:
        """`in_half` says whether to work in bfloat16, whatever the device is good at."""
        self.name, self.digest = name, digest
        self.device, self._is_in_half = device, multiplies_bfloat16(device) if in_half is None else in_half
        self._network = network.requires_grad_(False).eval().to(device).to(memory_format=torch.channels_last)

    def __call__(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_in_half):
            features: dict[str, Tensor] = self._network(x.contiguous(memory_format=torch.channels_last), layers)
        return features


class VGG19(nn.Module):
    """VGG-19's features up to relu5_1 (Simonyan and Zisserman 2015), with reflection padding, which leaves no frame in the picture.

    Not torchvision's own module: its in-place ReLUs overwrite what was stored before them, and it holds 120 million parameters more.
    """

    WIDTHS = (64, 128, 256, 512, 512)
    DEPTHS = (2, 2, 4, 4, 1)
    layers = tuple(f"relu{block}_{i + 1}" for block, depth in enumerate(DEPTHS, start=1) for i in range(depth))
    mean: Tensor
    deviation: Tensor
    MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleDict()
        width_in = 3
        for name in self.layers:
            width = self.WIDTHS[int(name[4]) - 1]
            self.convs[name] = nn.Conv2d(width_in, width, 3, padding=1, padding_mode="reflect")
            width_in = width
        self.register_buffer("mean", torch.tensor(self.MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(self.DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        missing, features = set(layers), {}
        x = (x - self.mean) / self.deviation
        for name, conv in self.convs.items():
            if name.endswith("_1") and name != "relu1_1":
                x = F.max_pool2d(x, 2)
            x = conv(x).relu()
            if name in missing:
                features[name] = x
                missing.discard(name)
            if not missing:
                return features
        raise KeyError(f"VGG-19 up to relu5_1 has no layer {min(missing)}")


NETWORKS: dict[str, type[CompactEncoder] | type[VGG19]] = {"compact": CompactEncoder, "vgg19": VGG19}


def layer_names(name: str) -> tuple[str, ...]:
    """The layers that an encoder offers.

    Raises:
        InvalidParams: when there is no such encoder.
    """
    if name not in NETWORKS:
        raise InvalidParams(f"There is no encoder called {name!r}; there are {' and '.join(NETWORKS)}.")
    return NETWORKS[name].layers


@cache
def load_encoder(name: str, device: torch.device, weights_dir: Path) -> Encoder:
    """An encoder with its weights, kept for the next call.

    Raises:
        InvalidParams: when there is no such encoder.
        WeightsUnavailable: when weights have to be fetched and cannot be.
    """
    layer_names(name)
    state, digest = weights.embedded("compact") if name == "compact" else _fetched(weights_dir)
    network = NETWORKS[name]()
    network.load_state_dict(state)
    return Frozen(name, network, digest, device)


def _fetched(weights_dir: Path) -> tuple[weights.State, str]:
    from nst.engine.fetching import fetched  # loads much that the embedded encoder needs none of

    return fetched(weights_dir)
