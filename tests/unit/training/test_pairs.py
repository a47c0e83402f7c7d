"""What the trainings learn from: styles that there is no picture of, and batches."""

import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.calm import is_calm, slope
from training.painted import painted
from training.pairs import Pairs, grainy, loaded, recoloured, turned, worn

CPU = torch.device("cpu")


def test_a_batch_has_photos_and_styles_of_its_side(data: Path) -> None:
    pairs = Pairs(data)
    for seed in range(10):
        photos, wear, styles = pairs[64, 3, seed]
        for x in (photos, (photos + wear).round(decimals=6), styles):
            assert x.shape == (3, 3, 64, 64)
            assert x.min() >= 0
            assert x.max() <= 1
    assert not torch.equal(pairs[64, 3, 1][0], pairs[64, 3, 2][0])


def test_batches_come_as_they_are_asked_for(data: Path) -> None:
    wanted = iter([(32, 1, 1), (64, 2, 2), (48, 1, 3)])
    found = loaded(Pairs(data), CPU, lambda: next(wanted))
    assert [next(found)[0].shape for _ in range(3)] == [(1, 3, 32, 32), (2, 3, 64, 64), (1, 3, 48, 48)]


def test_every_painting_differs_and_a_seed_repeats_it() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (96, 64, 3), np.uint8)

    def paintings(seed: int) -> list[bytes]:
        random.seed(seed)
        rng = np.random.default_rng(seed)
        found = [painted(photo, rng) for _ in range(20)]
        assert {x.shape for x in found} == {photo.shape}
        assert {x.dtype for x in found} == {photo.dtype}
        return [x.tobytes() for x in found]

    first = paintings(5)
    assert len(set(first)) == 20
    assert paintings(5) == first


def test_colours_change_in_about_the_share_asked_for() -> None:
    torch.manual_seed(0)
    x = torch.rand(400, 3, 4, 4)
    changed = (recoloured(x, 0.3) != x).flatten(1).any(1).float().mean()
    assert 0.2 < changed < 0.4


def test_half_of_the_photos_get_a_little_grain() -> None:
    torch.manual_seed(0)
    random.seed(0)
    x = torch.full((400, 3, 32, 32), 0.5)
    spread = (grainy(x) - x).flatten(1).square().mean(1).sqrt()
    assert 0.4 < (spread > 0).float().mean() < 0.6
    assert spread.max() < 0.06


def test_most_photos_are_worn_beside_an_edge_and_nowhere_else() -> None:
    random.seed(0)
    photo = (torch.arange(64) >= 36).float().expand(3, 64, 64) * 0.6 + 0.2  # not between two blocks of a JPEG
    wear = torch.stack([worn(photo) for _ in range(200)]) - photo
    beside, far = wear[..., 24:40].abs().amax((1, 2, 3)), wear[..., :16].abs().amax((1, 2, 3))
    assert 0.6 < (beside > 0.001).float().mean() < 0.9
    assert beside.max() < 0.35
    assert far.max() < 0.02


def test_calm_photos_come_more_often_than_they_are(tmp_path: Path) -> None:
    for kind in ("photos", "styles"):
        (tmp_path / kind).mkdir()
    for name in range(10):
        levels = np.random.default_rng(name).integers(0, 256, (80, 80, 3), np.uint8) if name else np.full((80, 80, 3), 128, np.uint8)
        Image.fromarray(levels).save(tmp_path / f"photos/{name}.jpg")
    Image.fromarray(levels).save(tmp_path / "styles/0.jpg")
    photos, _, _ = Pairs(tmp_path)[64, 300, 0]
    calm = sum(is_calm(slope(photo[None])).mean() > 0.5 for photo in photos)
    assert 36 < calm < 70  # 30 by chance; a tenth of 210, and 27 % of 90


def test_a_turned_picture_has_the_same_colours() -> None:
    picture = (torch.arange(64) >= 32).float().expand(3, 64, 64)
    random.seed(1)
    for _ in range(20):
        x = turned(picture)
        assert x.shape == picture.shape
        assert x.min() >= 0
        assert x.max() <= 1
        assert 0.2 < x.mean() < 0.8
