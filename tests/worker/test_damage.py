"""A worker and a data folder that cannot be used: at its start, and while it paints."""

import errno
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from nst.domain import FencingToken, JobProgress, JobState
from nst.errors import StoreFault, StoreFull, StoreMisconfigured, StoreUnavailable
from nst.model_process.messages import Advanced, Done
from nst.worker.main import LONGEST_AWAY, Steps
from tests.support.damage import DAMAGES
from tests.support.jobs import state_of
from tests.support.memory_store import MemoryJobEvents, MemoryJobs, MemoryObjects, MemoryQueue, MemoryWorkerRegistry
from tests.support.servers import free_port
from tests.support.studio import Studio
from tests.support.waiting import until
from tests.support.worker_processes import environment, order, program
from tests.support.workers import Bench, FakeChild, service_of
from tests.worker.conftest import MakeSettings

ROOT = Path(__file__).parents[2]
KINDS = (StoreUnavailable, StoreFull, StoreMisconfigured, StoreFault)
OPERATIONS = [
    (MemoryQueue, "claim"),
    (MemoryQueue, "heartbeat"),
    (MemoryQueue, "requeue_lapsed"),
    (MemoryQueue, "acknowledge"),
    (MemoryQueue, "wait"),
    (MemoryJobs, "advance"),
    (MemoryJobs, "finish"),
    (MemoryJobs, "oldest_private"),
    (MemoryObjects, "get"),
    (MemoryObjects, "put"),
    (MemoryObjects, "delete"),
    (MemoryObjects, "listing"),
    (MemoryJobEvents, "notify"),
    (MemoryWorkerRegistry, "report"),
]


def failing(kind: type[StoreUnavailable]) -> Callable[..., object]:
    def fail(*_: object) -> object:
        raise kind("away")

    return fail


@pytest.mark.parametrize("words", [("worker",), ("nst.gateway", "--port", "0")])
@pytest.mark.parametrize("damage", DAMAGES[:1])
def test_a_process_that_cannot_open_its_store_ends_with_a_sentence(
    make_settings: MakeSettings, words: tuple[str, ...], damage: Callable[[Path], None]
) -> None:
    settings = make_settings()
    damage(path := settings.data_dir / "studio.sqlite3")
    command, surroundings = [sys.executable, "-m", *words], {**environment(settings), "NST_OWN_WORKER": "false"}
    ended = subprocess.run(command, env=surroundings, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert ended.returncode == 50
    assert f"cannot start: The data folder cannot be used: {path}: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_worker_whose_file_is_gone_for_a_while_is_not_ready_and_delivers_when_it_is_back(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, port = make_settings("slow", lease_seconds=60.0), free_port()
    backend, service = service_of(settings)
    job = service.submit("anna", order(public=True))
    path, hidden = settings.data_dir / "studio.sqlite3", settings.data_dir / "elsewhere"
    monkeypatch.setenv("NST_METRICS_PORT", str(port))
    with program(settings, "worker") as process:
        until(lambda: service.get(job.id, "anna").progress.fraction > 0)
        path.rename(hidden)
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 503)
        assert "pastiche_store_up 0.0" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        hidden.rename(path)
        until(lambda: state_of(backend, job.id) is JobState.SUCCEEDED)
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        assert process.poll() is None
    assert service.get(job.id, "anna").attempt == 1
    assert [entry.job_id for entry in service.feed().entries] == [job.id]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("port", "name"), OPERATIONS)
def test_whatever_fails_for_minutes_and_in_whatever_way_the_worker_goes_on_and_delivers_once(
    bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch, port: type, name: str, kind: type[StoreUnavailable]
) -> None:
    job, steps, leave = studio.submit(public=True), Steps(bench.worker, lambda: studio.now), NoPause()
    token = FencingToken(job.id, 1)
    steps.take(leave)
    for news in (Advanced(token, JobProgress(0.5), b"preview"), Done(token, b"painting", {})):
        with monkeypatch.context() as outage:
            outage.setattr(port, name, failing(kind))
            for number in range(9):
                if bench.worker.is_busy and (number == 0 or isinstance(news, Advanced)):
                    bench.child.says.append(news)
                studio.now += 20.0
                steps.take(leave)
        steps.take(leave)
    assert bench.state(job.id) is JobState.SUCCEEDED
    assert studio.service.get(job.id, "anna").attempt == 1
    assert [entry.job_id for entry in studio.service.feed().entries] == [job.id]


def test_what_does_not_pass_by_itself_is_looked_at_less_often_and_soon_enough(
    bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, leave = Steps(bench.worker, lambda: studio.now), NoPause()
    for kind, longest in ((StoreUnavailable, 0.5), (StoreMisconfigured, LONGEST_AWAY), (StoreFault, LONGEST_AWAY)):
        leave.waited.clear()
        with monkeypatch.context() as outage:
            outage.setattr(MemoryQueue, "claim", failing(kind))
            for _ in range(9):
                steps.take(leave)
        steps.take(leave)
        assert max(leave.waited) == longest < bench.settings.lease_seconds


def test_a_job_at_which_the_store_fails_for_ever_is_left_and_counts_as_an_attempt(
    bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, steps, leave = studio.submit(), Steps(bench.worker, lambda: studio.now), NoPause()
    steps.take(leave)
    bench.child.says.append(Done(FencingToken(job.id, 1), b"painting", {}))
    with monkeypatch.context() as fault:
        fault.setattr(MemoryJobs, "finish", failing(StoreFault))
        while bench.worker.is_busy:
            steps.take(leave)
            studio.now += 20.0
            assert studio.now < 10**6
    (lapsed,) = studio.backend.queue.requeue_lapsed(studio.now + 100)
    assert (lapsed.attempt, lapsed.returns) == (1, 0)


def test_a_machine_without_a_process_to_spare_paints_later(bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job, steps, leave = studio.submit(), Steps(bench.worker, lambda: studio.now), NoPause()

    def none_left() -> FakeChild:
        raise OSError(errno.EMFILE, "Too many open files")

    bench.worker._make_child = none_left
    steps.warm_up()
    steps.take(leave)
    bench.worker._make_child = bench._make_child
    steps.take(leave)
    bench.child.says.append(Done(FencingToken(job.id, 1), b"painting", {}))
    steps.take(leave)
    assert bench.state(job.id) is JobState.SUCCEEDED


class NoPause(threading.Event):
    """Notes how long it should have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        return False
