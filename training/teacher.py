"""The teacher: a VGG-19 up to relu5_1 with 16 times fewer operations (Wang et al., "Collaborative Distillation for Ultra-Resolution
Universal Style Transfer", CVPR 2020). Only its features are used, as targets; its weights stay in the data folder."""

from collections.abc import Collection
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

FILE = Path("teacher/vgg19_16x_encoder5.safetensors")
PLAN = ("11", "12", "", "21", "22", "", "31", "32", "33", "34", "", "41", "42", "43", "44", "", "51")  # "" is a max pooling


class Teacher(nn.Module):
    """Maps RGB (B, 3, H, W) in [0, 1] to features by layer name (relu1_1 .. relu5_1), not normalised."""

    MIN_SIDE = 32
    layers = tuple(f"relu{step[0]}_{step[1]}" for step in PLAN if step)

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
        for step in PLAN:
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
        """Style features as the channels of the normalised VGG-19 that the teacher was compressed from, 64 to 512 of them.

        Directions that vary little among the teacher's few channels count for much among VGG-19's many.
        """
        step = f"conv{name[4]}{name[6]}_aux"
        return F.conv2d(features, self.weights[f"{step}.weight"], self.weights[f"{step}.bias"]).relu()

    @torch.no_grad()
    def targets(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Features without a graph."""
        features: dict[str, Tensor] = self(x, layers)
        return features
