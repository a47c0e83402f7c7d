"""The relay as the process that runs beside an app."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from nst.domain import JobState
from nst.errors import InvalidParams, StoreMisconfigured, StoreUnavailable
from nst.settings import MADE_FOR_ONE_MACHINE, Settings, read_settings
from nst.worker.cloud.relay import Relay
from tests.support.aws import process_environment
from tests.support.batch_executor import ROOT
from tests.support.cloud import Cloud
from tests.support.waiting import until


@pytest.fixture
def relays(cloud: Cloud) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Two, as of two servers."""
    redis = {"NST_REDIS_URL": cloud.settings.redis_url.get_secret_value(), "NST_REDIS_PREFIX": cloud.settings.redis_prefix}
    environment = process_environment({**cloud.aws.environment, **redis})
    started = [subprocess.Popen([sys.executable, "-m", "worker"], env=environment, cwd=ROOT) for _ in range(2)]
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_two_relays_serve_one_studio_and_exit_after_sigterm(cloud: Cloud, relays: list["subprocess.Popen[bytes]"]) -> None:
    jobs = [cloud.submit(), cloud.submit(public=True)]
    until(lambda: all(cloud.record(job).state.is_terminal for job in jobs))
    assert {cloud.record(job).state for job in jobs} == {JobState.SUCCEEDED}
    assert len(cloud.executor.agents) == 2
    for process in relays:
        process.send_signal(signal.SIGTERM)
    assert [process.wait() for process in relays] == [0, 0]


class Duty:
    """Raises the given exceptions, one at each step, and then asks the relay to stop."""

    def __init__(self, stop: threading.Event, *raised: BaseException) -> None:
        self.stop, self.raised = stop, list(raised)

    def step(self, _now: float) -> bool:
        if self.raised:
            raise self.raised.pop(0)
        self.stop.set()
        return True


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ((StoreUnavailable("away"), StoreMisconfigured("refused"), OSError("no file is left")), 0),
        ((KeyError("a mistake of ours"),), 1),
        ((), 0),
    ],
)
def test_an_outage_is_waited_for_and_a_mistake_ends_the_process(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, raised: tuple[BaseException, ...], code: int
) -> None:
    monkeypatch.setattr("nst.worker.cloud.relay.AWAY_SECONDS", 0.0)
    stop = threading.Event()
    assert Relay(cloud.backend, [(Duty(stop, *raised), lambda _: None)]).run(stop) == code


def test_settings_that_are_not_enough_are_refused_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NST_BATCH_QUEUE", raising=False)
    with pytest.raises(ValueError, match="NST_BATCH_QUEUE"):
        Settings(backend="aws", objects_url="s3://pictures", batch_definition="agent", done_queue_url="http://q")
    with pytest.raises(ValueError, match="s3://"):
        Settings(backend="aws", objects_url="file:///tmp", batch_queue="q", batch_definition="agent", done_queue_url="http://q")


@pytest.mark.parametrize("left_out", MADE_FOR_ONE_MACHINE)
def test_limits_of_one_machine_are_refused_in_the_cloud_unless_they_are_meant(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    name, default = f"NST_{left_out.upper()}", Settings.model_fields[left_out].default
    monkeypatch.setenv("NST_REDIS_URL", cloud.settings.redis_url.get_secret_value())
    monkeypatch.delenv(name)
    with pytest.raises(InvalidParams, match=f"needs {name}: the defaults are meant for one machine"):
        read_settings()
    monkeypatch.setenv(name, default.get_secret_value() if left_out == "redis_url" else str(default))
    assert read_settings().backend == "aws"
