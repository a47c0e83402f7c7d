from itertools import pairwise

import pytest

from nst.domain import Preset, StyleParams
from nst.engine.scales import plan


def test_the_standard_ladder_climbs_by_root_two() -> None:
    assert [scale.long_side for scale in plan(512, StyleParams())] == [128, 181, 256, 362, 512]


def test_a_panoramas_ladder_begins_where_something_is_left_to_hold_on_to() -> None:
    assert [scale.long_side for scale in plan(1280, StyleParams(), elongation=5.0)] == [640, 905, 1280]


@pytest.mark.parametrize("size", [32, 100, 128, 257, 1024, 2000])
def test_the_last_rung_is_the_size_asked_for(size: int) -> None:
    scales = plan(size, StyleParams())
    assert scales[-1].long_side == size
    for before, after in pairwise(scales):
        assert after.long_side / before.long_side == pytest.approx(2**0.5, abs=0.02)


def test_fewer_steps_are_taken_where_they_are_dear() -> None:
    steps = [scale.steps for scale in plan(1024, StyleParams(preset=Preset.HIGH))]
    assert steps == sorted(steps, reverse=True)


def test_experts_choose_scales_and_iterations() -> None:
    scales = plan(512, StyleParams(scales=2, iterations=7))
    assert [(scale.long_side, scale.steps) for scale in scales] == [(362, 7), (512, 7)]
