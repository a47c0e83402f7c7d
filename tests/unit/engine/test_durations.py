"""Estimates of how long paintings take, from a short one."""

import pytest

from nst.domain import Mode, Precision, Preset, StyleParams
from nst.engine.devices import best_device
from nst.engine.durations import ScaleTimes, Speed, machine, measured_durations
from nst.engine.instant.stylizer import load_instant
from nst.engine.optimised.scales import Scale, plan
from nst.engine.tensors import MARGIN

SCALES = [Scale(128, 3), Scale(181, 3), Scale(512, 4, has_pass=True)]


def pixels(side: int) -> float:
    return (side + 2 * MARGIN) * (side * 2 / 3 + 2 * MARGIN)


def moments(constant: float, per_pixel: float, of_pass: float, hiccup: float = 0.0) -> dict[tuple[int, int], float]:
    """Of a machine on which a step takes a constant and a time for each pixel, and the preparation of a scale as long as two steps."""
    now, found = 0.0, {}
    for number, scale in enumerate(SCALES, start=1):
        step = constant + per_pixel * pixels(scale.long_side)
        if scale.has_pass:
            now += of_pass * pixels(scale.long_side)
            found[number, 0] = now
        now += 2 * step
        for each in range(1, scale.steps + 1):
            now += step + hiccup * (each == 2)
            found[number, each] = now
    return found


def speed(times: dict[tuple[int, int], float]) -> Speed:
    return Speed(ScaleTimes.of(SCALES, 2, times), ScaleTimes.of(SCALES, 3, times))


@pytest.mark.parametrize("preset", [Preset.DRAFT, Preset.STANDARD, Preset.HIGH])
@pytest.mark.parametrize("hiccup", [0.0, 5.0])
def test_a_machine_that_works_evenly_is_estimated_exactly(preset: Preset, hiccup: float) -> None:
    scales = plan({Preset.DRAFT: 256, Preset.STANDARD: 512, Preset.HIGH: 1024}[preset], StyleParams(preset=preset))
    found = speed(moments(0.04, 7e-7, 3e-7, hiccup)).seconds(scales)
    assert found == pytest.approx(
        sum((2 + s.steps) * (0.04 + 7e-7 * pixels(s.long_side)) + 3e-7 * pixels(s.long_side) * s.has_pass for s in scales)
    )


def test_a_small_scale_that_was_disturbed_makes_no_large_painting_cost_less_than_a_small_one() -> None:
    disturbed = {moment: seconds + 9.0 * moment[1] * (moment[0] == 2) for moment, seconds in moments(0.04, 7e-7, 3e-7).items()}
    disturbed.update({moment: seconds + 40.0 for moment, seconds in disturbed.items() if moment[0] == 3})
    found = speed(disturbed)
    assert found.seconds([Scale(2048, 6)]) >= found.seconds([Scale(512, 6)]) >= found.seconds([Scale(256, 6)]) > 0


def test_this_machine_is_measured_for_every_mode_and_preset() -> None:
    device = best_device()
    found = measured_durations(device, load_instant(device, Precision.AUTO), None, lambda: False)
    assert found is not None
    assert set(found) == set(Mode)
    for seconds in found.values():
        assert 0 < seconds[Preset.DRAFT] <= seconds[Preset.STANDARD] <= seconds[Preset.HIGH]
    assert found[Mode.QUICK][Preset.HIGH] < found[Mode.OPTIMISED][Preset.HIGH]


def test_a_measurement_ends_at_once_when_a_request_comes() -> None:
    device = best_device()
    assert measured_durations(device, load_instant(device, Precision.AUTO), None, lambda: True) is None


def test_a_machine_is_described_by_its_processor_and_threads() -> None:
    described = machine(best_device(), Precision.FLOAT32)
    assert "threads, float32" in described
    assert not described.startswith(",")
