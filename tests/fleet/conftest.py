from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.workers import Fleet
from tests.support.servers import RedisServer, shared_redis

MakeFleet = Callable[..., Fleet]
KEPT = ("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def own_redis(stack: ExitStack, tmp_path: Path) -> Callable[..., RedisServer]:
    """A Redis to be killed and started again; with KEPT it remembers."""

    def make(*options: str) -> RedisServer:
        folder = tmp_path / "redis"
        folder.mkdir()
        server = RedisServer(folder, *options).start()
        stack.callback(server.kill)
        return server

    return make


@pytest.fixture
def make_fleet(stack: ExitStack, tmp_path: Path) -> MakeFleet:
    def make(redis: RedisServer | None = None, **settings: Any) -> Fleet:
        folder = tmp_path / f"fleet-{tmp_path.name}"[-40:]
        folder.mkdir()
        return stack.enter_context(Fleet(redis or shared_redis(), folder, **settings))

    return make
