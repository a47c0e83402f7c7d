"""The whole studio in a cloud of this machine: moto's server, a real Redis, agents as real processes, and the relay by hand."""

import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from nst.bootstrap import open_backend, open_catalogue, open_machines
from nst.domain import Job, StyleParams
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from tests.cloud.aws import Aws, open_aws
from tests.cloud.executor import Executor
from tests.cloud.weather import Weather
from tests.servers import shared_redis
from tests.unit.service.conftest import picture_bytes
from worker.cloud.dispatcher import Dispatcher
from worker.cloud.postman import Postman
from worker.cloud.reconciler import Reconciler

PATIENCE = 240.0  # an agent is a process with everything to import, on a machine that has other things to do
_numbers = count(1)


class Cloud:
    """One deployment, with its relay stepped by `relay`."""

    def __init__(self, aws: Aws, settings: Settings, executor: Executor) -> None:
        self.aws, self.settings, self.executor = aws, settings, executor
        self.backend = open_backend(settings)
        self.service = Service(self.backend, open_catalogue(settings), settings)
        self.machines, self.mail = open_machines(settings)
        self.dispatcher = Dispatcher("here", self.backend, self.machines, settings)
        self.postman = Postman(self.backend, self.machines, self.mail, settings, poll_seconds=0.0)
        self.reconciler = Reconciler(self.backend, self.machines, settings)

    def submit(self, owner: str = "anna", public: bool = False, strength: float = 0.5, photo: bytes | None = None) -> Job:
        styles = [StyleChoice("starlit-swirl")]
        order = Order(photo or picture_bytes(), styles, f"form-{next(_numbers)}", StyleParams(strength=strength), public)
        return self.service.submit(owner, order)

    def relay(self, now: float | None = None) -> None:
        """One step of handing over and one of reading."""
        now = self.backend.clock() if now is None else now
        self.dispatcher.step(now)
        self.postman.step(now)

    def relay_until(self, what: Callable[[], object]) -> None:
        def relayed() -> object:
            self.relay()
            return what()

        until(relayed)

    def finished(self, job: Job) -> Job:
        self.relay_until(lambda: self.record(job).state.is_terminal)
        return self.record(job)

    def record(self, job: Job) -> Job:
        return self.service.get(job.id, job.owner)

    def stage(self, job: Job) -> str:
        return self.record(job).progress.stage


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def sky() -> Iterator[tuple[str, Weather]]:
    with open_aws() as opened:
        yield opened


@pytest.fixture
def aws(sky: tuple[str, Weather], monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    url, weather = sky
    weather.calm()
    weather.seen.clear()
    deployment = Aws(url, weather)
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    yield deployment
    weather.calm()


MakeCloud = Callable[..., Cloud]


@pytest.fixture
def make_cloud(aws: Aws) -> Iterator[MakeCloud]:
    """Makes one whose agents have the test engine of this name."""
    executors: list[Executor] = []

    def make(engine: str = "quick", **changes: object) -> Cloud:
        plenty = {"uploads_per_minute": 1000, "jobs_per_visitor": 1000}
        redis = {"redis_url": shared_redis().url, "redis_prefix": f"cloud-{next(_numbers)}"}
        settings = Settings(**{**plenty, **redis, **changes})  # type: ignore[arg-type]
        executors.append(Executor(aws, {"NST_ENGINE": f"tests.worker.engines.{engine}:engine"}))
        executors[-1].__enter__()
        return Cloud(aws, settings, executors[-1])

    yield make
    for executor in executors:
        executor.__exit__()


@pytest.fixture
def cloud(make_cloud: MakeCloud) -> Cloud:
    return make_cloud()
