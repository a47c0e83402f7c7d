"""VGG-19 up to relu5_1."""

import torch
from torch import Tensor, nn

from nst.engine.encoders.blocks import BlockNetwork


class VGG19(BlockNetwork):
    """VGG-19's features up to relu5_1 (Simonyan and Zisserman 2015), with reflection padding, which leaves no border in the picture.

    It replaces torchvision's module, whose in-place ReLUs overwrite the activations before them, and which has 120 million parameters more.
    """

    # Channels, and number of convolutions, by block.
    WIDTHS = (64, 128, 256, 512, 512)
    DEPTHS = (2, 2, 4, 4, 1)
    title = "VGG-19 up to relu5_1"
    blocks = tuple(tuple(f"relu{block}_{i + 1}" for i in range(depth)) for block, depth in enumerate(DEPTHS, start=1))
    layers = tuple(name for names in blocks for name in names)
    # Of ImageNet's RGB in [0, 1], by which the input is normalised.
    MEAN = (0.485, 0.456, 0.406)
    DEVIATION = (0.229, 0.224, 0.225)
    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        width_in = 3
        for name in self.layers:
            width = self.WIDTHS[int(name[4]) - 1]
            self.convs[name] = nn.Conv2d(width_in, width, 3, padding=1, padding_mode="reflect")
            width_in = width
        self.register_buffer("mean", torch.tensor(self.MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(self.DEVIATION).view(1, 3, 1, 1), persistent=False)

    def normalised(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation

    def features(self, name: str, x: Tensor) -> Tensor:  # noqa: ARG002
        return x
