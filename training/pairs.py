"""Photos and styles to learn from. Some 60 paintings pass for many more: crops, turned and stretched, with other hues; blends; the colours
of one with the strokes of another; photos taken for styles; photos painted by programs.
"""

import math
import os
import random
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Sampler

from training.calm import is_calm, slope
from training.painted import painted
from training.pictures import Pictures, cut

HELD_OUT = Path(__file__).with_name("held_out.txt")
DRAWN = Path(__file__).parents[1] / "nst/styles/pictures"
PAINTED, USES = 384, 4
"""Side of pictures that programs paint, in pixels, and how often one is used, in other crops: they take a fifth of a second."""
CALM_ONES, CANDIDATES = 0.3, 3
"""Share of the photos that are the calmest of some crops: most are busy, and skies are where a painting fails."""
MOST_WORKERS = 16
"""Each remembers all pictures, decoded, and has two batches in shared memory: some 0.5 GB and 150 MB."""
GRAIN = 4 / 255
"""Largest standard deviation of what is added to a photo before it is painted; the loss knows the photo without it."""

Batch = tuple[int, int, int]
"""Side of its pictures in pixels, pairs, seed."""


class Pairs(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Photos, their wear, and styles to learn from, by batches: `pairs[side, count, seed]`."""

    def __init__(self, data: Path) -> None:
        self._pictures = Pictures(data, HELD_OUT.read_text().split())
        self._styles = self._pictures.styles + sorted(DRAWN.glob("*.jpg"))
        self._paintings: deque[Image.Image] = deque(maxlen=100)

    def __getitem__(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Photos, what `worn` adds to them, and styles, each (count, 3, side, side); photos and styles are in [0, 1]."""
        side, count, seed = batch
        random.seed(seed)
        torch.manual_seed(seed)
        photos = torch.stack([self._photo(side) for _ in range(count)])
        wear = torch.stack([worn(photo) for photo in photos]) - photos
        styles = torch.stack([self._style(side) for _ in range(count)])
        return photos, wear, styles

    def _photo(self, side: int) -> Tensor:
        candidates = CANDIDATES if random.random() < CALM_ONES else 1
        crops = [self._pictures.crop(self._pictures.photos, side, side, least=0.7) for _ in range(candidates)]
        return max(crops, key=lambda crop: is_calm(slope(crop[None])).mean().item())

    def _style(self, side: int) -> Tensor:
        """(3, side, side): a style, or what there is no picture of: a blend of two, or the colours of one with the strokes of another."""
        chance = random.random()
        if chance < 0.2:
            return self._painting_crop(side)
        style = self._style_crop(side)
        if chance < 0.3:
            return style.lerp(self._style_crop(side), random.uniform(0.1, 0.5))
        if chance < 0.5:
            other, octave = self._style_crop(side), random.randint(1, 4)
            return (blurred(style, octave) + random.uniform(0.6, 1.4) * (other - blurred(other, octave))).clamp(0, 1)
        return style

    def _style_crop(self, side: int) -> Tensor:
        paths = self._pictures.photos if random.random() < 0.2 else self._styles
        if random.random() < 0.4:
            return turned(self._pictures.crop(paths, side, side, least=0.6))
        crop = self._pictures.crop(paths, side, side, least=0.3)
        return crop.transpose(1, 2) if random.random() < 0.3 else crop

    def _painting_crop(self, side: int) -> Tensor:
        if len(self._paintings) < USES or random.random() < 1 / USES:
            photo = self._pictures.crop(self._pictures.photos, PAINTED, PAINTED, least=0.4).permute(1, 2, 0).mul(255).byte().numpy()
            self._paintings.append(Image.fromarray(painted(photo, np.random.default_rng(random.getrandbits(32)))))
        return cut(random.choice(self._paintings), side, side, least=0.5)


def turned(x: Tensor) -> Tensor:
    """A picture x (3, H, W) turned by any angle, stretched one way, and mirrored beyond its border."""
    angle, wide, high = random.uniform(-math.pi, math.pi), random.uniform(0.5, 1), random.uniform(0.5, 1)
    turn = torch.tensor([[wide * math.cos(angle), -wide * math.sin(angle), 0], [high * math.sin(angle), high * math.cos(angle), 0]])
    return F.grid_sample(x[None], F.affine_grid(turn[None], [1, *x.shape], False), padding_mode="reflection", align_corners=False)[0]


def blurred(x: Tensor, octave: int) -> Tensor:
    """A picture x (3, H, W) without what is finer than 2^`octave` pixels; its sides are multiples of that."""
    small = F.avg_pool2d(x, 2**octave)
    return F.interpolate(small[None], scale_factor=2**octave, mode="bilinear")[0]


def recoloured(x: Tensor, share: float) -> Tensor:
    """`share` of the pictures x (B, 3, H, W) with their hues turned, and other saturation, contrast and brightness."""
    count, device = len(x), x.device
    angle, saturation = torch.rand(count) * 2 * math.pi, torch.empty(count).uniform_(0.5, 1.4)
    axis = torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = (torch.eye(3) - axis) * angle.cos()[:, None, None] + cross * angle.sin()[:, None, None]
    matrix = axis + saturation[:, None, None] * turn
    contrast, light = torch.empty(count, 1, 1, 1).uniform_(0.7, 1.4), torch.empty(count, 1, 1, 1).uniform_(-0.15, 0.15)
    other = torch.einsum("bij,bjhw->bihw", matrix.to(device), x)
    mean = other.mean((1, 2, 3), keepdim=True)
    other = ((other - mean) * contrast.to(device) + mean + light.to(device)).clamp(0, 1)
    return torch.where(torch.rand(count, 1, 1, 1, device=device) < share, other, x)


def grainy(x: Tensor) -> Tensor:
    """Photos x (B, 3, H, W) as cameras and JPEG give them: half with grain, blocks or clouds of up to 32 pixels, in grey or in colours.

    What the loss does not know of is not to be painted. (Crops are made smaller, which leaves them without the grain that they had.)
    """
    (height, width), device = x.shape[-2:], x.device
    coarseness = 2 ** random.randint(0, 5)
    grain = torch.randn(len(x), 3, height // coarseness + 1, width // coarseness + 1, device=device)
    grain = F.interpolate(grain, scale_factor=coarseness, mode=random.choice(("nearest", "bilinear")))[..., :height, :width]
    in_grey, is_grainy, strength = torch.rand(3, len(x), 1, 1, 1, device=device)
    grain = torch.where(in_grey < 0.5, grain, grain.mean(1, keepdim=True) * math.sqrt(3))
    grainy: Tensor = x + grain * (strength * (is_grainy < 0.5) * GRAIN)
    return grainy.contiguous(memory_format=torch.channels_last)


def worn(photo: Tensor) -> Tensor:
    """A photo (3, H, W) in [0, 1] as it comes: some are sharpened by their camera, which leaves light along roofs, and half have been JPEGs
    of less than the best quality, which leaves ripples there.

    The loss does not know of either, nor is a painting to show it.
    """
    pixels = photo.permute(1, 2, 0).numpy()
    if random.random() < 0.4:
        pixels = pixels + random.uniform(0.2, 0.8) * (pixels - cv2.GaussianBlur(pixels, (0, 0), random.uniform(0.7, 2)))
    levels = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
    if random.random() < 0.5:
        _, file = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, random.randint(40, 90)])
        levels = cv2.imdecode(file, cv2.IMREAD_COLOR)
    return torch.from_numpy(levels).permute(2, 0, 1).float() / 255


class Plan(Sampler[Batch]):
    """Asks for the next batch, without end."""

    def __init__(self, next_batch: Callable[[], Batch]) -> None:
        self._next_batch = next_batch

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self._next_batch()


def loaded(pairs: Pairs, device: torch.device, next_batch: Callable[[], Batch]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Batches without end, some with other colours, on the device; prepared by other processes where that is a GPU."""
    is_on_gpu = device.type == "cuda"
    workers = max(1, min(MOST_WORKERS, (os.cpu_count() or 2) - 3)) if is_on_gpu else 0  # where it is not, there is no core to spare
    loader = DataLoader(
        pairs,
        batch_size=None,
        sampler=Plan(next_batch),
        num_workers=workers,
        pin_memory=is_on_gpu,
        prefetch_factor=2 if workers else None,
        worker_init_fn=_modest,
    )
    for batch in loader:
        photos, wear, styles = (x.to(device, non_blocking=True) for x in batch)
        photos, styles = recoloured(photos, 0.2), recoloured(styles, 0.6)
        yield photos.contiguous(memory_format=torch.channels_last), wear, styles.contiguous(memory_format=torch.channels_last)


def _modest(_worker: int) -> None:
    """What prepares batches is not to hold up what gives a GPU its orders."""
    os.nice(5)
    cv2.setNumThreads(1)
