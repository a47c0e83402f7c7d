"""VGG-19 up to relu5_1."""

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class VGG19(nn.Module):
    """VGG-19's features up to relu5_1 (Simonyan and Zisserman 2015), with reflection padding, which leaves no border in the picture.

    It replaces torchvision's module, whose in-place ReLUs overwrite the activations before them, and which has 120 million parameters more.
    """

    # Channels, and number of convolutions, by block.
    WIDTHS = (64, 128, 256, 512, 512)
    DEPTHS = (2, 2, 4, 4, 1)
    layers = tuple(f"relu{block}_{i + 1}" for block, depth in enumerate(DEPTHS, start=1) for i in range(depth))
    # Of ImageNet's RGB in [0, 1], by which the input is normalised.
    MEAN = (0.485, 0.456, 0.406)
    DEVIATION = (0.229, 0.224, 0.225)
    mean: Tensor
    deviation: Tensor

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
        """Compute the features of `layers`, no deeper than the deepest of them.

        Raises:
            KeyError: when there is no such layer.
        """
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
