"""Photos and styles for the instant network's training.

The styles are the data folder's paintings, which are in the public domain, and the bundled ones. They are augmented: crops, affine maps,
other hues; blends of two; the low frequencies of one with the high frequencies of another; photos taken for styles; photos painted by a
program (`synthetic_styles.py`).
"""

import math
import os
import random
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Sampler

from training.crops import Crops, random_crop
from training.synthetic_styles import paint_synthetic

# Pictures that are never trained on, as "styles/a.jpg", one a line.
HELD_OUT = Path(__file__).with_name("held_out.txt")
BUNDLED_STYLES = Path(__file__).parents[1] / "nst/styles/pictures"
# Side of synthetic style pictures in pixels.
SYNTHETIC_SIDE = 384
# Number of crops that are taken of a synthetic picture on average: it takes a fifth of a second to paint.
SYNTHETIC_USES = 4
# Share of the photos that are chosen as the flattest of `FLAT_CANDIDATES` crops: most crops are busy, and flat regions are the hard part.
FLAT_PHOTO_SHARE = 0.3
FLAT_CANDIDATES = 3
# Norm of the gradient, per pixel in [0, 1], below which a position counts as flat.
FLAT_GRADIENT = 0.03
# Of the loader. Each keeps all pictures, decoded, and two batches in shared memory: about 0.5 GB and 150 MB.
MAX_WORKERS = 16
# Largest standard deviation of the grain that is added to a photo, in [0, 1]; the loss compares with the photo without it.
GRAIN = 4 / 255


class BatchSpec(NamedTuple):
    """Side of a batch's pictures in pixels, number of pairs, and seed."""

    side: int
    pairs: int
    seed: int


class PairDataset(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Batches of photos, their degradation and styles: `dataset[side, pairs, seed]`."""

    def __init__(self, data: Path) -> None:
        self._crops = Crops(data, HELD_OUT.read_text(encoding="utf-8").split(), styles="paintings")
        self._styles = self._crops.styles + sorted(BUNDLED_STYLES.glob("*.jpg"))
        self._synthetic: deque[Image.Image] = deque(maxlen=100)

    def __getitem__(self, spec: BatchSpec) -> tuple[Tensor, Tensor, Tensor]:
        """Photos, what `degraded` adds to them, and styles, each (pairs, 3, side, side); photos and styles are in [0, 1]."""
        side, pairs, seed = spec
        random.seed(seed)
        torch.manual_seed(seed)
        photos = torch.stack([self._photo(side) for _ in range(pairs)])
        degradation = torch.stack([degraded(photo) for photo in photos]) - photos
        styles = torch.stack([self._style(side) for _ in range(pairs)])
        return photos, degradation, styles

    def _photo(self, side: int) -> Tensor:
        candidates = FLAT_CANDIDATES if random.random() < FLAT_PHOTO_SHARE else 1
        crops = [self._crops.crop(self._crops.photos, side, side, least=0.7) for _ in range(candidates)]
        return max(crops, key=flat_share)

    def _style(self, side: int) -> Tensor:
        """(3, side, side): a synthetic style, a blend of two, the low frequencies of one with the high ones of another, or a crop."""
        chance = random.random()
        if chance < 0.2:
            return self._synthetic_crop(side)
        style = self._style_crop(side)
        if chance < 0.3:
            return style.lerp(self._style_crop(side), random.uniform(0.1, 0.5))
        if chance < 0.5:
            other, octave = self._style_crop(side), random.randint(1, 4)
            return (low_pass(style, octave) + random.uniform(0.6, 1.4) * (other - low_pass(other, octave))).clamp(0, 1)
        return style

    def _style_crop(self, side: int) -> Tensor:
        paths = self._crops.photos if random.random() < 0.2 else self._styles
        if random.random() < 0.4:
            return random_affine(self._crops.crop(paths, side, side, least=0.6))
        crop = self._crops.crop(paths, side, side, least=0.3)
        return crop.transpose(1, 2) if random.random() < 0.3 else crop

    def _synthetic_crop(self, side: int) -> Tensor:
        if len(self._synthetic) < SYNTHETIC_USES or random.random() < 1 / SYNTHETIC_USES:
            photo = self._crops.crop(self._crops.photos, SYNTHETIC_SIDE, SYNTHETIC_SIDE, least=0.4)
            levels = photo.permute(1, 2, 0).mul(255).byte().numpy()
            self._synthetic.append(Image.fromarray(paint_synthetic(levels, np.random.default_rng(random.getrandbits(32)))))
        return random_crop(random.choice(self._synthetic), side, side, least=0.5)


def flat_share(photo: Tensor) -> float:
    """The share of a photo (3, H, W) that is flat, from 0 to 1."""
    down, across = photo[:, 1:, :-1] - photo[:, :-1, :-1], photo[:, :-1, 1:] - photo[:, :-1, :-1]
    return (torch.cat([down, across]).square().sum(0).sqrt() < FLAT_GRADIENT).float().mean().item()


def random_affine(x: Tensor) -> Tensor:
    """A picture x (3, H, W), rotated by any angle and stretched, reflected beyond its border."""
    angle, wide, high = random.uniform(-math.pi, math.pi), random.uniform(0.5, 1), random.uniform(0.5, 1)
    turn = torch.tensor([[wide * math.cos(angle), -wide * math.sin(angle), 0], [high * math.sin(angle), high * math.cos(angle), 0]])
    return F.grid_sample(x[None], F.affine_grid(turn[None], [1, *x.shape], False), padding_mode="reflection", align_corners=False)[0]


def low_pass(x: Tensor, octave: int) -> Tensor:
    """A picture x (3, H, W) without details finer than 2^`octave` pixels, of which its sides are multiples."""
    small = F.avg_pool2d(x, 2**octave)
    return F.interpolate(small[None], scale_factor=2**octave, mode="bilinear")[0]


def jitter_colours(x: Tensor, share: float) -> Tensor:
    """Pictures x (B, 3, H, W), of which `share` get other hues, saturation, contrast and brightness."""
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


def add_grain(x: Tensor) -> Tensor:
    """Photos x (B, 3, H, W), half of them with grain, blocks or clouds of up to 32 pixels, in grey or in colours.

    Crops are downsampled, which removes the grain that photos of cameras have. The loss does not see it, so that it is not painted.
    """
    (height, width), device = x.shape[-2:], x.device
    coarseness = 2 ** random.randint(0, 5)
    grain = torch.randn(len(x), 3, height // coarseness + 1, width // coarseness + 1, device=device)
    grain = F.interpolate(grain, scale_factor=coarseness, mode=random.choice(("nearest", "bilinear")))[..., :height, :width]
    in_grey, is_grainy, strength = torch.rand(3, len(x), 1, 1, 1, device=device)
    grain = torch.where(in_grey < 0.5, grain, grain.mean(1, keepdim=True) * math.sqrt(3))
    result: Tensor = x + grain * (strength * (is_grainy < 0.5) * GRAIN)
    return result.contiguous(memory_format=torch.channels_last)


def degraded(photo: Tensor) -> Tensor:
    """A photo (3, H, W) in [0, 1] with the artefacts of cameras: some are sharpened, which leaves halos, half are compressed as JPEG.

    The loss does not see them, so that they are not painted.
    """
    pixels = photo.permute(1, 2, 0).numpy()
    if random.random() < 0.4:
        pixels = pixels + random.uniform(0.2, 0.8) * (pixels - cv2.GaussianBlur(pixels, (0, 0), random.uniform(0.7, 2)))
    levels = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
    if random.random() < 0.5:
        _, file = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, random.randint(40, 90)])
        levels = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)
    return torch.from_numpy(levels).permute(2, 0, 1).float() / 255


class BatchSampler(Sampler[BatchSpec]):
    """An endless sampler of what `next_batch` returns."""

    def __init__(self, next_batch: Callable[[], BatchSpec]) -> None:
        self._next_batch = next_batch

    def __iter__(self) -> Iterator[BatchSpec]:
        while True:
            yield self._next_batch()


def load_batches(
    dataset: PairDataset, device: torch.device, next_batch: Callable[[], BatchSpec]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches on the device, some with other colours; prepared by worker processes when the device is a GPU."""
    is_on_gpu = device.type == "cuda"
    workers = max(1, min(MAX_WORKERS, (os.cpu_count() or 2) - 3)) if is_on_gpu else 0  # a training on the CPU needs all cores
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=BatchSampler(next_batch),
        num_workers=workers,
        pin_memory=is_on_gpu,
        prefetch_factor=2 if workers else None,
        worker_init_fn=_lower_priority,
    )
    for batch in loader:
        photos, degradation, styles = (x.to(device, non_blocking=True) for x in batch)
        photos, styles = jitter_colours(photos, 0.2), jitter_colours(styles, 0.6)
        yield photos.contiguous(memory_format=torch.channels_last), degradation, styles.contiguous(memory_format=torch.channels_last)


def _lower_priority(_worker: int) -> None:
    """Lower a worker's priority, so that it does not delay the process that drives the GPU."""
    os.nice(5)
    cv2.setNumThreads(1)
