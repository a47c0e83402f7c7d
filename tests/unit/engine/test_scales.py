from itertools import pairwise

import pytest

from nst.domain import Init, Mode, Optimiser, Preset, StyleParams
from nst.engine.optimised.scales import has_passes, plan

WITHOUT_PASSES = StyleParams(iterations=30)


def test_a_standard_painting_begins_small_and_goes_on_from_one_pass_at_its_size() -> None:
    scales = plan(512, StyleParams())
    assert [(scale.long_side, scale.has_pass) for scale in scales] == [(128, False), (181, False), (512, True)]
    assert all(scale.steps > 0 for scale in scales)


def test_a_large_painting_has_a_pass_at_every_doubling() -> None:
    scales = plan(2048, StyleParams(preset=Preset.ULTRA))
    assert [scale.long_side for scale in scales] == [128, 181, 512, 1024, 2048]
    assert [scale.has_pass for scale in scales] == [False, False, True, True, True]


def test_a_quick_painting_takes_few_steps_after_its_first_pass_and_none_where_they_are_expensive() -> None:
    scales = plan(2048, StyleParams(mode=Mode.QUICK))
    assert [(scale.long_side, scale.has_pass, scale.steps) for scale in scales] == [
        (128, False, 8),
        (181, False, 8),
        (512, True, 4),
        (1024, True, 0),
        (2048, True, 0),
    ]


@pytest.mark.parametrize("size", [32, 100, 127, 180, 200, 256, 361, 400])
def test_small_paintings_end_with_one_pass_at_their_size(size: int) -> None:
    scales = plan(size, StyleParams())
    assert [scale.long_side for scale in scales if scale.has_pass] == [size]
    assert [scale.long_side for scale in scales] == sorted({scale.long_side for scale in scales})


@pytest.mark.parametrize(
    "changes",
    [{"iterations": 7}, {"scales": 2}, {"init": Init.NOISE}, {"init": Init.STYLE}, {"optimiser": Optimiser.ADAM}],
)
def test_who_chooses_the_steps_or_the_start_gets_all_steps(changes: dict[str, object]) -> None:
    params = StyleParams(**changes)  # type: ignore[arg-type]
    assert not has_passes(params)
    assert not any(scale.has_pass or not scale.steps for scale in plan(512, params))


def test_without_passes_scales_grow_by_root_two() -> None:
    assert [scale.long_side for scale in plan(512, WITHOUT_PASSES)] == [128, 181, 256, 362, 512]


def test_a_panoramas_scales_begin_where_something_is_left_to_hold_on_to() -> None:
    assert [scale.long_side for scale in plan(1280, WITHOUT_PASSES, aspect_excess=5.0)] == [640, 905, 1280]
    assert [scale.long_side for scale in plan(2560, StyleParams(), aspect_excess=5.0)] == [640, 905, 2560]


@pytest.mark.parametrize("size", [32, 100, 128, 257, 1024, 2000])
def test_the_last_scale_is_the_size_asked_for(size: int) -> None:
    assert plan(size, StyleParams())[-1].long_side == size
    scales = plan(size, WITHOUT_PASSES)
    assert scales[-1].long_side == size
    for before, after in pairwise(scales):
        assert after.long_side / before.long_side == pytest.approx(2**0.5, abs=0.02)


def test_fewer_steps_are_taken_where_they_are_expensive() -> None:
    for params in (StyleParams(preset=Preset.HIGH), StyleParams(preset=Preset.HIGH, init=Init.NOISE)):
        steps = [scale.steps for scale in plan(1024, params)]
        assert steps == sorted(steps, reverse=True)


def test_experts_choose_scales_and_iterations() -> None:
    scales = plan(512, StyleParams(scales=2, iterations=7))
    assert [(scale.long_side, scale.steps) for scale in scales] == [(362, 7), (512, 7)]
