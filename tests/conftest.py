"""Pictures and encoders that every test may use."""

from collections.abc import Collection, Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests import servers


class TinyEncoder:
    """Two random convolutions under the names of VGG's layers: real enough to paint with, and much faster than one that has learnt."""

    name, digest, min_side = "tiny", "0" * 64, 8

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.seen: list[tuple[int, ...]] = []
        self.first = nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect").requires_grad_(False)
        self.second = nn.Conv2d(8, 8, 3, padding=1, stride=2, padding_mode="reflect").requires_grad_(False)

    def __call__(self, x: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        self.seen.append(tuple(x.shape))
        first = self.first(x).relu()
        second = self.second(first).relu()
        return {name: first if name == "relu1_1" else second for name in layers}


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    yield
    servers.stop_all()


@pytest.fixture
def tiny() -> TinyEncoder:
    return TinyEncoder()


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth random colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def photo() -> Image.Image:
    return picture(96, 64)


@pytest.fixture
def style() -> Image.Image:
    return picture(80, 80, seed=1)
