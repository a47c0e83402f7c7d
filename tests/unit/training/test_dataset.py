"""The data of the instant network's training: synthetic styles, and batches."""

import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.dataset import BatchSpec, PairDataset, add_grain, degraded, flat_share, jitter_colours, load_batches, random_affine
from training.synthetic_styles import paint_synthetic

CPU = torch.device("cpu")


def test_a_batch_has_photos_and_styles_of_its_side(data: Path) -> None:
    dataset = PairDataset(data)
    for seed in range(10):
        photos, degradation, styles = dataset[BatchSpec(64, 3, seed)]
        for x in (photos, (photos + degradation).round(decimals=6), styles):
            assert x.shape == (3, 3, 64, 64)
            assert x.min() >= 0
            assert x.max() <= 1
    assert not torch.equal(dataset[BatchSpec(64, 3, 1)][0], dataset[BatchSpec(64, 3, 2)][0])


def test_batches_come_as_they_are_asked_for(data: Path) -> None:
    wanted = iter([BatchSpec(32, 1, 1), BatchSpec(64, 2, 2), BatchSpec(48, 1, 3)])
    found = load_batches(PairDataset(data), CPU, lambda: next(wanted))
    assert [next(found)[0].shape for _ in range(3)] == [(1, 3, 32, 32), (2, 3, 64, 64), (1, 3, 48, 48)]


def test_every_painting_differs_and_a_seed_repeats_it() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (96, 64, 3), np.uint8)

    def paintings(seed: int) -> list[bytes]:
        random.seed(seed)
        rng = np.random.default_rng(seed)
        found = [paint_synthetic(photo, rng) for _ in range(20)]
        assert {x.shape for x in found} == {photo.shape}
        assert {x.dtype for x in found} == {photo.dtype}
        return [x.tobytes() for x in found]

    first = paintings(5)
    assert len(set(first)) == 20
    assert paintings(5) == first


def test_colours_change_in_about_the_share_asked_for() -> None:
    torch.manual_seed(0)
    x = torch.rand(400, 3, 4, 4)
    changed = (jitter_colours(x, 0.3) != x).flatten(1).any(1).float().mean()
    assert 0.2 < changed < 0.4


def test_half_of_the_photos_get_a_little_grain() -> None:
    torch.manual_seed(0)
    random.seed(0)
    x = torch.full((400, 3, 32, 32), 0.5)
    spread = (add_grain(x) - x).flatten(1).square().mean(1).sqrt()
    assert 0.4 < (spread > 0).float().mean() < 0.6
    assert spread.max() < 0.06


def test_most_photos_are_degraded_near_an_edge_and_nowhere_else() -> None:
    random.seed(0)
    photo = (torch.arange(64) >= 36).float().expand(3, 64, 64) * 0.6 + 0.2  # not between two blocks of a JPEG
    change = torch.stack([degraded(photo) for _ in range(200)]) - photo
    near, far = change[..., 24:40].abs().amax((1, 2, 3)), change[..., :16].abs().amax((1, 2, 3))
    assert 0.6 < (near > 0.001).float().mean() < 0.9
    assert near.max() < 0.35
    assert far.max() < 0.02


def test_flat_photos_come_more_often_than_they_are(tmp_path: Path) -> None:
    for kind in ("photos", "paintings"):
        (tmp_path / kind).mkdir()
    for name in range(10):
        levels = np.random.default_rng(name).integers(0, 256, (80, 80, 3), np.uint8) if name else np.full((80, 80, 3), 128, np.uint8)
        Image.fromarray(levels).save(tmp_path / f"photos/{name}.jpg")
    Image.fromarray(levels).save(tmp_path / "paintings/0.jpg")
    photos, _, _ = PairDataset(tmp_path)[BatchSpec(64, 300, 0)]
    flat = sum(flat_share(photo) > 0.5 for photo in photos)
    assert 36 < flat < 70  # 30 by chance; a tenth of 210, and 27 % of 90


def test_a_rotated_picture_has_the_same_colours() -> None:
    picture = (torch.arange(64) >= 32).float().expand(3, 64, 64)
    random.seed(1)
    for _ in range(20):
        x = random_affine(picture)
        assert x.shape == picture.shape
        assert x.min() >= 0
        assert x.max() <= 1
        assert 0.2 < x.mean() < 0.8
