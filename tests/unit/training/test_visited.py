"""The pictures that the compact encoder's training visits."""

import random
from pathlib import Path

import pytest
import torch

from nst.engine.encoders import Frozen, load_encoder
from training.pictures import Pictures
from training.visited import LADDER, Rendering


@pytest.fixture
def actor(tmp_path: Path) -> Frozen:
    encoder = load_encoder("compact", torch.device("cpu"), tmp_path)
    assert isinstance(encoder, Frozen)
    return encoder


def test_a_rendering_comes_nearer_to_its_style_and_climbs(data: Path, actor: Frozen) -> None:
    random.seed(3)
    torch.manual_seed(3)
    rendering = Rendering(Pictures(data), actor, rung=0)

    def distance(picture: torch.Tensor, style: torch.Tensor) -> float:
        found, wanted = (actor(x[None], ["relu3_1"])["relu3_1"].float().flatten(2) for x in (picture, style))
        return float((found @ found.mT - wanted @ wanted.mT).norm())

    begun = rendering.painting[0]
    triplet = rendering.advance(8)
    assert triplet.painting.shape == triplet.style.shape == triplet.photo.shape == (3, LADDER[0], LADDER[0])
    assert distance(triplet.painting, triplet.style) < 0.9 * distance(begun, triplet.style)
    for _ in range(4):
        rendering.advance(8)
    assert rendering.side == LADDER[1]
    assert rendering.painting.shape == (1, 3, LADDER[1], LADDER[1])
