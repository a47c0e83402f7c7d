"""Encoders by name: networks whose deep features describe what a picture shows, and whose statistics describe how it is painted."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

from nst.domain import Precision
from nst.engine.bundled_weights import State, load_bundled
from nst.engine.devices import uses_bfloat16
from nst.engine.encoders.blocks import STAGES, BlockNetwork, StageShape, stage_shape
from nst.engine.encoders.compact import CompactEncoder
from nst.engine.encoders.vgg19 import VGG19
from nst.errors import InvalidParams
from nst.weights import default_weights_dir

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"


class Encoder(Protocol):
    """A feature extractor with the names of VGG-19's layers.

    Calling it maps RGB (1, 3, H, W) in [0, 1], H and W at least `min_side`, to features (1, C, h, w) by layer, taken after the ReLU, in
    the encoder's own precision. It is hashable: what it knows of recent styles is kept with it (see `optimised/targets.py`).

    Attributes:
        digest: SHA-256 of the file with its weights, for the recipe.
        min_side: in pixels.
    """

    name: str
    digest: str
    min_side: int

    def __call__(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]: ...


@dataclass(frozen=True)
class Stage:
    """A part of an encoder that can be run tile by tile.

    Attributes:
        run: maps a picture, or a stretch of the output of the stage before, to the features by layer and the output, which is None at the
            last stage.
    """

    shape: StageShape
    run: Callable[[Tensor], tuple[dict[str, Tensor], Tensor | None]]


@runtime_checkable
class StagedEncoder(Encoder, Protocol):
    """An encoder that can be run tile by tile."""

    def stages(self, layers: Collection[str]) -> list[Stage]:
        """The stages that lead to `layers`, one after another."""
        ...


class FrozenEncoder:
    """A `StagedEncoder` around a network that is not trained any further.

    It runs in bfloat16 on a CPU with instructions for it, in three fifths of the time. Gradients at a photo then differ by a sixth of
    their length, and paintings still end at the same losses.
    """

    min_side = 32  # pixels: reflection padding needs two at relu5_1, after four poolings

    def __init__(self, name: str, network: BlockNetwork, digest: str, device: torch.device, precision: Precision = Precision.AUTO) -> None:
        self.name, self.digest = name, digest
        self.device = device
        self._uses_bfloat16 = uses_bfloat16(device, precision)
        self._network = network.requires_grad_(False).eval().to(device).to(memory_format=torch.channels_last)

    def __call__(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._uses_bfloat16):
            features: dict[str, Tensor] = self._network(x.contiguous(memory_format=torch.channels_last), layers)
        return features

    def stages(self, layers: Collection[str]) -> list[Stage]:
        depth = self._network.depth(layers)
        groups = [[block for block in group if block < depth] for group in STAGES if group[0] < depth]
        return [Stage(stage_shape(self._network, group, layers), self._runner(group, layers, group is groups[-1])) for group in groups]

    def _runner(
        self, blocks: list[int], layers: Collection[str], is_last: bool
    ) -> Callable[[Tensor], tuple[dict[str, Tensor], Tensor | None]]:
        def run(x: Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._uses_bfloat16):
                last, features = self._network.run(blocks, x.contiguous(memory_format=torch.channels_last), layers)
                return features, None if is_last else F.max_pool2d(last, 2)

        return run


NETWORKS: dict[str, type[CompactEncoder] | type[VGG19]] = {"compact": CompactEncoder, "vgg19": VGG19}


def layer_names(name: str) -> tuple[str, ...]:
    """The layers of an encoder.

    Raises:
        InvalidParams: when there is no such encoder.
    """
    if name not in NETWORKS:
        raise InvalidParams(f"There is no encoder called {name!r}; there are {' and '.join(NETWORKS)}.")
    return NETWORKS[name].layers


@cache
def load_encoder(name: str, device: torch.device, weights_dir: Path | None = None, precision: Precision = Precision.AUTO) -> Encoder:
    """Load an encoder, once for each combination of arguments.

    Args:
        weights_dir: where downloaded weights are kept; by default the user's cache folder.

    Raises:
        InvalidParams: when there is no such encoder.
        WeightsUnavailable: when weights have to be downloaded and cannot be.
    """
    layer_names(name)
    state, digest = load_bundled("compact") if name == "compact" else _load_vgg19(weights_dir or default_weights_dir())
    network = NETWORKS[name]()
    network.load_state_dict(state)
    return FrozenEncoder(name, network, digest, device, precision)


def _load_vgg19(weights_dir: Path) -> tuple[State, str]:
    from nst.engine.encoders.pretrained import load_vgg19  # imports HTTP libraries, which the embedded encoder does not need

    return load_vgg19(weights_dir)
