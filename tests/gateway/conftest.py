"""A running gateway with real clients, shared by most tests, and gateways with other settings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.node import Node
from tests.gateway.server import Server
from tests.support.studio import Studio


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("gateway")).start()
    yield server
    server.close()


@pytest.fixture
def node(server: Server) -> Iterator[Node]:
    node = Node(server.url)
    yield node
    node.close()


@pytest.fixture
def studio() -> Studio:
    return Studio({})


StartServer = Callable[..., tuple[Server, Node]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Starts a gateway with other settings, and clients of it."""
    with ExitStack() as stack:

        def start_one(engine: str = "quick", **settings: Any) -> tuple[Server, Node]:
            server = Server(tmp_path, engine, **settings).start()
            stack.callback(server.close)
            node = Node(server.url)
            stack.callback(node.close)
            return server, node

        yield start_one
