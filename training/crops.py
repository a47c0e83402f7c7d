"""Random crops of the photos and style pictures in a data folder."""

import random
from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


class Crops:
    """Random crops of the JPEGs in `data`/photos and in a folder of style pictures. Every file is decoded once and kept in memory."""

    def __init__(self, data: Path, without: Collection[str] = (), styles: str = "styles") -> None:
        """
        Args:
            without: files to leave out, as "styles/a.jpg".
            styles: the folder in `data` that has the style pictures.
        """
        self.photos, self.styles = (
            sorted(path for path in (data / kind).glob("*.jpg") if f"{kind}/{path.name}" not in without) for kind in ("photos", styles)
        )
        self._decoded: dict[Path, Image.Image] = {}

    def crop(self, paths: list[Path], height: int, width: int, least: float = 0.25) -> Tensor:
        """A random crop of a random picture (see `random_crop`), (3, height, width)."""
        return random_crop(self._decode(random.choice(paths)), height, width, least)

    def _decode(self, path: Path) -> Image.Image:
        if path not in self._decoded:
            self._decoded[path] = Image.open(path).convert("RGB")
        return self._decoded[path]

    def augmented(self, count: int, side: int) -> Tensor:
        """Crops of photos and styles, (count, 3, side, side): half with other contrast and tint, a third with noise."""
        x = torch.stack([self.crop(self.photos if random.random() < 0.55 else self.styles, side, side) for _ in range(count)])
        contrast, tint = torch.empty(count, 1, 1, 1).uniform_(0.6, 1.5), torch.empty(count, 3, 1, 1).uniform_(-0.12, 0.12)
        x = torch.where(torch.rand(count, 1, 1, 1) < 0.5, (x - 0.5) * contrast + 0.5 + tint, x)
        return x + torch.randn_like(x) * 0.12 * torch.rand(count, 1, 1, 1) * (torch.rand(count, 1, 1, 1) < 0.3)


def random_crop(image: Image.Image, height: int, width: int, least: float) -> Tensor:
    """A random crop, resized to (3, height, width).

    Args:
        least: smallest side of the crop, relative to the largest crop with that aspect ratio.
    """
    most = min(image.width / width, image.height / height)  # pixels of the picture for one of the crop
    scale = max(random.uniform(least, 1) * most, 72 / min(height, width))
    across, down = (max(1, int(min(scale, most) * side)) for side in (width, height))
    left, top = random.randint(0, image.width - across), random.randint(0, image.height - down)
    box = (left, top, left + across, top + down)
    crop = image.resize((width, height), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    tensor = torch.from_numpy(np.array(crop)).permute(2, 0, 1).float() / 255
    return tensor.flip(2) if random.random() < 0.5 else tensor
