"""What a worker reports of how long paintings take on its machine."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nst.domain import Mode, Preset, PresetSeconds
from nst.model_process.durations import FILE, PATIENCE, DurationEstimator
from nst.model_process.messages import Measured, Ready
from nst.settings import Settings
from nst.worker.loop import Worker
from tests.support.waiting import until
from tests.support.worker_processes import worker_process
from tests.support.workers import Bench, FakeChild, service_of
from tests.worker.conftest import MakeSettings

SECONDS: PresetSeconds = {Mode.OPTIMISED: {Preset.DRAFT: 4.0, Preset.STANDARD: 6.0}, Mode.QUICK: {Preset.DRAFT: 2.0}}


class Engine:
    machine = "a processor"

    def __init__(self) -> None:
        self.measured = 0

    def durations(self, should_stop: Callable[[], bool]) -> PresetSeconds | None:
        self.measured += 1
        return None if should_stop() else SECONDS


def test_an_estimate_of_a_machine_without_other_work_is_kept_for_the_next_start(tmp_path: Path) -> None:
    first, second = Engine(), Engine()
    estimator = DurationEstimator(first, tmp_path / "new", lambda: 3.0)
    assert estimator.step(lambda: False) == SECONDS
    assert estimator.is_done
    assert DurationEstimator(second, tmp_path / "new", lambda: 90.0).step(lambda: False) == SECONDS
    assert (first.measured, second.measured) == (1, 0)


@pytest.mark.parametrize(
    "kept", [b"", b"[]", b"\xff", b'{"machine": "a processor", "seconds": 7}', b'{"machine": "another", "seconds": {}}']
)
def test_what_is_damaged_or_of_another_machine_is_measured_again(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / FILE).write_bytes(kept)
    engine = Engine()
    assert DurationEstimator(engine, tmp_path, lambda: 3.0).step(lambda: False) == SECONDS
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8")) == {"machine": "a processor", "seconds": SECONDS}


def test_on_a_busy_machine_a_first_estimate_comes_after_a_while_and_a_better_one_when_it_is_idle(tmp_path: Path) -> None:
    engine, busy = Engine(), [90.0]
    estimator = DurationEstimator(engine, tmp_path, lambda: busy[0])
    assert [estimator.step(lambda: False) for _ in range(PATIENCE + 5)] == [None] * (PATIENCE - 1) + [SECONDS] + [None] * 5
    assert not (tmp_path / FILE).exists()
    busy[0] = 3.0
    assert estimator.step(lambda: False) == SECONDS
    assert (estimator.is_done, engine.measured, (tmp_path / FILE).exists()) == (True, 2, True)


def test_a_measurement_that_a_request_has_stopped_is_done_later(tmp_path: Path) -> None:
    estimator = DurationEstimator(Engine(), tmp_path, lambda: 3.0)
    assert (estimator.step(lambda: True), estimator.is_done) == (None, False)
    assert (estimator.step(lambda: False), estimator.is_done) == (SECONDS, True)


def test_a_folder_that_cannot_be_written_costs_no_estimate(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert DurationEstimator(Engine(), tmp_path / "file", lambda: 3.0).step(lambda: False) == SECONDS


def test_an_idle_worker_reports_what_its_child_has_measured_at_once(bench: Bench) -> None:
    bench.worker.warm_up()
    bench.step(Ready())
    assert bench.studio.backend.workers.present(0.0)[0].seconds == {}
    bench.step(Measured(SECONDS), after=0.1)
    assert bench.studio.backend.workers.present(0.0)[0].seconds == SECONDS
    bench.step(after=6.0)
    assert bench.studio.backend.workers.present(0.0)[0].seconds == SECONDS


def test_a_worker_reports_what_its_child_has_measured_right_before_a_job(bench: Bench) -> None:
    bench.worker.warm_up()
    bench.studio.submit("anna")
    bench.step()
    assert bench.worker.is_busy
    bench.step(Measured(SECONDS), after=0.1)
    assert bench.studio.backend.workers.present(0.0)[0].seconds == SECONDS


def test_a_worker_of_some_lanes_reports_their_durations(bench: Bench) -> None:
    child, backend = FakeChild(), bench.studio.backend
    worker = Worker("drafts", backend, bench.catalogue, bench.settings, lambda: child, (Preset.DRAFT,))
    worker.warm_up()
    child.says.append(Measured(SECONDS))
    worker.step(bench.studio.now)
    assert bench.studio.backend.workers.present(0.0)[0].seconds == {Mode.OPTIMISED: {Preset.DRAFT: 4.0}, Mode.QUICK: {Preset.DRAFT: 2.0}}


def test_a_new_worker_of_the_real_engine_measures_and_its_service_estimates(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = Settings.model_fields["engine"].default
    monkeypatch.setenv("NST_WEIGHTS_DIR", str(tmp_path / "weights"))
    settings = make_settings().model_copy(update={"engine": default})
    _, service = service_of(settings)
    with worker_process(settings):
        until(lambda: set(service.estimates(Mode.OPTIMISED)) >= {Preset.DRAFT, Preset.STANDARD, Preset.HIGH})
    assert service.estimates(Mode.QUICK)[Preset.HIGH] > 0
