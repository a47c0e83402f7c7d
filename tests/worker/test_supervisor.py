"""The supervisor, which keeps a worker's process running."""

import os
import signal
import subprocess
import sys

import pytest

from nst.domain import JobState
from nst.worker.supervisor import FIRST_PAUSE, Supervisor
from tests.support.jobs import state_of
from tests.support.waiting import until
from tests.support.worker_processes import environment, order
from tests.support.workers import service_of
from tests.worker.conftest import MakeSettings


def refuse_to_fork(*_: object, **__: object) -> None:
    raise OSError("Cannot allocate memory")


def test_it_starts_a_worker_again_that_died_after_a_pause_that_grows() -> None:
    supervisor = Supervisor([sys.executable, "-c", "import sys; sys.stdin.read()"])
    now = 0.0
    for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE):
        supervisor.step(now)
        pid = supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: supervisor.pid is None)
        supervisor.step(now)
        supervisor.step(now + pause - 0.01)
        assert supervisor.pid is None
        now += pause
    supervisor.stop()


def test_a_machine_that_cannot_start_a_process_now_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor([sys.executable, "-c", "import sys; sys.stdin.read()"])
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse_to_fork)
        supervisor.step(0.0)
    supervisor.step(FIRST_PAUSE - 0.01)
    assert supervisor.pid is None
    supervisor.step(FIRST_PAUSE)
    assert supervisor.pid is not None
    supervisor.stop()


def test_a_worker_that_lived_long_is_started_again_soon() -> None:
    supervisor = Supervisor([sys.executable, "-c", "import sys; sys.stdin.read()"])
    for now in (0.0, 1000.0, 2000.0):
        supervisor.step(now)
        pid = supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: supervisor.pid is None)
        supervisor.step(now + 100)
        supervisor.step(now + 100 + FIRST_PAUSE)
        assert supervisor.pid not in (None, pid)
    supervisor.stop()
    assert supervisor.pid is None


def test_it_keeps_a_worker_at_work_and_ends_it_with_itself(make_settings: MakeSettings) -> None:
    settings = make_settings("quick")
    backend, service = service_of(settings)
    supervisor = Supervisor(environment=environment(settings))
    supervisor.start()
    supervisor.start()
    try:
        first = service.submit("anna", order("1"))
        until(lambda: state_of(backend, first.id) is JobState.SUCCEEDED)
        pid = supervisor.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        second = service.submit("anna", order("2"))
        until(lambda: state_of(backend, second.id) is JobState.SUCCEEDED)
    finally:
        supervisor.stop()
    assert supervisor.pid is None
    assert len(service.status().workers) <= 1
