"""The whole studio in a cloud of this machine: moto's server, a real Redis, agents as real processes, and the relay by hand."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import pytest

from nst.settings import Settings
from tests.support.aws import Aws, open_aws
from tests.support.aws_failures import AwsFailures
from tests.support.batch_executor import Executor
from tests.support.cloud import NUMBERS, Cloud
from tests.support.servers import shared_redis


@pytest.fixture(scope="session")
def aws_server() -> Iterator[tuple[str, AwsFailures]]:
    with open_aws() as opened:
        yield opened


@pytest.fixture
def aws(aws_server: tuple[str, AwsFailures], monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    url, failures = aws_server
    failures.end()
    failures.seen.clear()
    deployment = Aws(url, failures)
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    yield deployment
    failures.end()


MakeCloud = Callable[..., Cloud]


@pytest.fixture
def make_cloud(aws: Aws) -> Iterator[MakeCloud]:
    """Makes one whose agents have the test engine of this name, and these variables."""
    made: list[Cloud] = []

    def make(engine: str = "quick", agent: Mapping[str, str] = MappingProxyType({}), **changes: object) -> Cloud:
        plenty = {"uploads_per_minute": 1000, "jobs_per_visitor": 1000}
        redis = {"redis_url": shared_redis().url, "redis_prefix": f"cloud-{next(NUMBERS)}"}
        settings = Settings(**{**plenty, **redis, **changes})  # type: ignore[arg-type]
        executor = Executor(aws, {"NST_ENGINE": f"tests.worker.engines.{engine}:engine", **agent})
        executor.__enter__()
        made.append(Cloud(aws, settings, executor))
        return made[-1]

    yield make
    for cloud in made:
        cloud.executor.__exit__()
        cloud.service.close()


@pytest.fixture
def cloud(make_cloud: MakeCloud) -> Cloud:
    return make_cloud()
