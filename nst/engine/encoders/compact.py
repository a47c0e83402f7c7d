"""The compact encoder: a small VGG-like network that was trained to reproduce the features of a VGG-19 (see `training/compact.py`)."""

from collections.abc import Collection

from torch import Tensor, nn

from nst.engine.encoders.blocks import BlockNetwork

# (channels, names of the convolutions) of each block. A convolution is named after the VGG-19 activation that it reproduces. Most of the
# time goes to full resolution, so the first block is narrow.
BLOCKS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (16, ("relu1_1", "relu1_2")),
    (48, ("relu2_1", "relu2_2")),
    (96, ("relu3_1", "relu3_2", "relu3_4")),
    (144, ("relu4_1", "relu4_2", "relu4_3", "relu4_4")),
    (144, ("relu5_1",)),
)
# Channels of the features by layer: those of the teacher that the heads reproduce.
CHANNELS = {
    "relu1_1": 16,
    "relu1_2": 16,
    "relu2_1": 32,
    "relu2_2": 32,
    "relu3_1": 64,
    "relu3_4": 64,
    "relu4_1": 128,
    "relu4_2": 128,
    "relu4_4": 128,
    "relu5_1": 128,
}


class CompactEncoder(BlockNetwork):
    """Maps RGB (B, 3, H, W) in [0, 1] to features (B, C, H/s, W/s), each scaled to a mean square of about 1.

    A layer's feature is ``relu(head(x))`` where ``x`` is the layer's own activation and ``head`` a 1x1 convolution. H and W must
    be at least 32, since reflection padding needs two pixels at the deepest layer.
    """

    title = "the compact encoder"
    blocks = tuple(names for _, names in BLOCKS)
    layers = tuple(CHANNELS)

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleDict()
        width_in = 3
        for width, names in BLOCKS:
            for name in names:
                self.convs[name] = nn.Conv2d(width_in, width, 3, padding=1, padding_mode="reflect")
                width_in = width
                if name in CHANNELS:
                    self.heads[name] = nn.Conv2d(width, CHANNELS[name], 1)

    def forward(self, x: Tensor, layers: Collection[str] = tuple(CHANNELS)) -> dict[str, Tensor]:
        return super().forward(x, layers)

    def normalised(self, x: Tensor) -> Tensor:
        return (x - 0.45) / 0.25

    def features(self, name: str, x: Tensor) -> Tensor:
        found: Tensor = self.heads[name](x).relu()
        return found

    def initialise(self) -> None:
        """Initialise for training (He), from torch's global random state."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
