"""The paintings under way that the compact encoder's training learns from."""

import random
from pathlib import Path

import pytest
import torch

from nst.engine.encoders.registry import FrozenEncoder, load_encoder
from training.crops import Crops
from training.trajectories import SIDES, Trajectory

pytestmark = pytest.mark.slow


@pytest.fixture
def encoder(tmp_path: Path) -> FrozenEncoder:
    found = load_encoder("compact", torch.device("cpu"), tmp_path)
    assert isinstance(found, FrozenEncoder)
    return found


def test_a_trajectory_comes_nearer_to_its_style_and_reaches_the_next_scale(data: Path, encoder: FrozenEncoder) -> None:
    random.seed(3)
    torch.manual_seed(3)
    trajectory = Trajectory(Crops(data), encoder, level=0)

    def distance(picture: torch.Tensor, style: torch.Tensor) -> float:
        found, wanted = (encoder(x[None], ["relu3_1"])["relu3_1"].float().flatten(2) for x in (picture, style))
        return float((found @ found.mT - wanted @ wanted.mT).norm())

    begun = trajectory.painting[0]
    triplet = trajectory.advance(8)
    assert triplet.painting.shape == triplet.style.shape == triplet.photo.shape == (3, SIDES[0], SIDES[0])
    assert distance(triplet.painting, triplet.style) < 0.9 * distance(begun, triplet.style)
    for _ in range(4):
        trajectory.advance(8)
    assert trajectory.side == SIDES[1]
    assert trajectory.painting.shape == (1, 3, SIDES[1], SIDES[1])
