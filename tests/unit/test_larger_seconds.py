"""How long a larger version takes, as the studio says it, beside what was measured."""

from typing import Any

import pytest

from nst.domain import Mode, StyleParams, larger_seconds
from nst.engine.optimised.scales import plan

# Long side of a painting of 3:2, its mode and seconds, and those of larger versions by long side: of the processor, on two cores of an AMD
# EPYC held to AVX2, and held to nothing. A small painting in a known style takes hardly any time.
MEASURED = [
    (128, Mode.OPTIMISED, 1.54, {1024: 1.70, 2048: 4.38, 4096: 17.4}),
    (256, Mode.OPTIMISED, 7.0, {1024: 1.64, 2048: 4.56}),
    (512, Mode.OPTIMISED, 13.8, {1024: 1.21, 2048: 4.18, 4096: 18.2}),
    (1024, Mode.OPTIMISED, 33.3, {2048: 3.57}),
    (128, Mode.QUICK, 0.46, {1024: 1.95, 2048: 4.61}),
    (128, Mode.OPTIMISED, 1.25, {1024: 1.62, 2048: 3.97, 4096: 15.9}),
    (512, Mode.OPTIMISED, 9.49, {1024: 1.20, 2048: 3.69, 4096: 16.0}),
    (128, Mode.INSTANT, 0.03, {1024: 1.72, 2048: 4.16}),
    (512, Mode.INSTANT, 0.35, {1024: 1.24, 2048: 4.03}),
]


def recipe(side: int, mode: Mode, seconds: float) -> dict[str, Any]:
    scales = [{"long_side": scale.long_side, "steps": scale.steps, "pass": scale.has_pass} for scale in plan(side, StyleParams(mode=mode))]
    return {"size": [side, round(side * 2 / 3)], "seconds": seconds} | ({} if mode is Mode.INSTANT else {"scales": scales})


@pytest.mark.parametrize(("side", "mode", "seconds", "larger"), MEASURED)
def test_the_time_of_a_larger_version_is_near_what_it_takes(side: int, mode: Mode, seconds: float, larger: dict[int, float]) -> None:
    for size, measured in larger.items():
        estimated = larger_seconds(recipe(side, mode, seconds), size)
        assert estimated is not None
        assert measured / 2.5 < estimated < 1.7 * measured, size


def test_a_slower_machine_takes_longer() -> None:
    fast, slow = (larger_seconds(recipe(512, Mode.OPTIMISED, seconds), 4096) for seconds in (10, 30))
    assert fast is not None
    assert slow is not None
    assert slow > 2.5 * fast


@pytest.mark.parametrize("found", [{}, {"size": [512, 341]}, {"size": [0, 0], "seconds": 1.0}, {"size": "512", "seconds": 1.0}])
def test_a_recipe_without_size_and_time_says_nothing(found: dict[str, Any]) -> None:
    assert larger_seconds(found, 1024) is None
