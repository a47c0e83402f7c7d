"""Networks of blocks: 3x3 convolutions, with a 2x2 max pooling between blocks, at once or stage by stage."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

# Blocks that are run together when a picture is passed tile by tile. What is between two stages is stored for the whole picture: after the
# first two blocks, it is no larger than the picture.
STAGES = ((0, 1), (2,), (3,), (4,))


class BlockNetwork(nn.Module, ABC):
    """Maps RGB (B, 3, H, W) in [0, 1] to features by layer, taken after the ReLU. A layer is named after its convolution in VGG-19.

    Attributes:
        title: for error messages.
        blocks: names of the convolutions of each block.
        layers: names of those that have features.
    """

    title: str
    blocks: tuple[tuple[str, ...], ...]
    layers: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleDict()

    @abstractmethod
    def normalised(self, x: Tensor) -> Tensor:
        """The first convolution's input for a picture."""

    @abstractmethod
    def features(self, name: str, x: Tensor) -> Tensor:
        """The features of a layer, from its activation."""

    def depth(self, layers: Collection[str]) -> int:
        """The number of blocks that `layers` need.

        Raises:
            KeyError: when there is no such layer.
        """
        for name in sorted(layers):
            if name not in self.layers:
                raise KeyError(f"{self.title} has no layer {name}")
        return max(number for number, names in enumerate(self.blocks, start=1) if not set(layers).isdisjoint(names))

    def forward(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute the features of `layers`, no deeper than the deepest of them.

        Raises:
            KeyError: when there is no such layer.
        """
        return self.run(range(self.depth(layers)), x, layers)[1]

    def run(self, blocks: Sequence[int], x: Tensor, layers: Collection[str]) -> tuple[Tensor, dict[str, Tensor]]:
        """Run consecutive blocks on a picture or on the pooled output of the block before, as far as `layers` need.

        Returns:
            the last activation and the features of those `layers` that are in the blocks.
        """
        features: dict[str, Tensor] = {}
        last = self.depth(layers) - 1
        for block in blocks:
            x = self.normalised(x) if block == 0 else x if block == blocks[0] else F.max_pool2d(x, 2)
            for name in self.blocks[block]:
                if block == last and features.keys() >= set(self.blocks[block]) & set(layers):
                    break
                x = self.convs[name](x).relu()
                if name in layers:
                    features[name] = self.features(name, x)
        return x, features


@dataclass(frozen=True)
class StageShape:
    """What a tile of a stage has to know.

    Attributes:
        factors: positions of the input along one side of a position, by layer.
        stride: the same of the pooled output; tiles begin at multiples of it.
        overlap: positions of the input around a tile that its features depend on, a multiple of `stride`.
        width: channels of the first block.
    """

    factors: dict[str, int]
    stride: int
    overlap: int
    width: int


def stage_shape(network: BlockNetwork, blocks: Sequence[int], layers: Collection[str]) -> StageShape:
    """The shape of a stage of consecutive blocks."""
    factors: dict[str, int] = {}
    reach = 0
    for number, block in enumerate(blocks):
        reach += len(network.blocks[block])
        factors |= {name: 2**number for name in network.blocks[block] if name in layers}
        reach = -(-reach // 2)
    stride = 2 ** len(blocks)
    width: int = network.convs[network.blocks[blocks[0]][0]].out_channels  # type: ignore[assignment]
    return StageShape(factors, stride, reach * stride, width)
