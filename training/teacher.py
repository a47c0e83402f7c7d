"""The teacher of both networks: a VGG-19 up to relu5_1, compressed to a sixteenth of its operations.

Wang et al. 2020, "Collaborative Distillation for Ultra-Resolution Universal Style Transfer". Only its features are used, as targets; its
weights stay in the data folder.
"""

from collections.abc import Collection
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

# In the data folder.
FILE = Path("teacher/vgg19_16x_encoder5.safetensors")
# Convolutions by block and number; "" is a max pooling.
LAYERS = ("11", "12", "", "21", "22", "", "31", "32", "33", "34", "", "41", "42", "43", "44", "", "51")


class Teacher(nn.Module):
    """Maps RGB (B, 3, H, W) in [0, 1], H and W at least 32, to features by layer name (relu1_1 .. relu5_1), not normalised."""

    layers = tuple(f"relu{step[0]}_{step[1]}" for step in LAYERS if step)

    def __init__(self, data: Path, device: torch.device) -> None:
        super().__init__()
        self.weights = {
            name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
            for name, value in load_file(data / FILE, str(device)).items()
        }

    def forward(self, x: Tensor, layers: Collection[str] = layers) -> dict[str, Tensor]:
        features = {}
        missing = set(layers)
        x = F.conv2d(x, self.weights["conv0.weight"], self.weights["conv0.bias"])
        for step in LAYERS:
            if not missing:
                break
            if not step:
                x = F.max_pool2d(x, 2)
                continue
            x = F.pad(x, (1, 1, 1, 1), mode="reflect")
            x = F.conv2d(x, self.weights[f"conv{step}.weight"], self.weights[f"conv{step}.bias"]).relu()
            name = f"relu{step[0]}_{step[1]}"
            if name in missing:
                features[name] = x
                missing.discard(name)
        return features

    def lifted(self, name: str, features: Tensor) -> Tensor:
        """Map features of a style layer to the 64 to 512 channels of the normalised VGG-19 that the teacher was compressed from.

        Directions that vary little among the teacher's few channels matter among VGG-19's many.
        """
        step = f"conv{name[4]}{name[6]}_aux"
        return F.conv2d(features, self.weights[f"{step}.weight"], self.weights[f"{step}.bias"]).relu()

    @torch.no_grad()
    def targets(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Features without a graph."""
        features: dict[str, Tensor] = self(x, layers)
        return features
