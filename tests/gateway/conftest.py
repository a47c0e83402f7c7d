"""One running gateway for most tests, with real clients; and those that need settings of their own."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from tests.gateway.node import Node
from tests.gateway.server import Server
from tests.unit.service.conftest import Studio, picture_bytes


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
    """A gateway with settings of its own, and clients of it."""
    with ExitStack() as stack:

        def start_one(engine: str = "quick", **settings: Any) -> tuple[Server, Node]:
            server = Server(tmp_path, engine, **settings).start()
            stack.callback(server.close)
            node = Node(server.url)
            stack.callback(node.close)
            return server, node

        yield start_one


def data_url(data: bytes | None = None) -> str:
    return "data:image/png;base64," + base64.b64encode(data or picture_bytes()).decode()


def a_submission(**changes: Any) -> dict[str, Any]:
    return {"image": data_url(), "style": "starlit-swirl", "isPrivate": True, **changes}


def an_id() -> str:
    return token_hex(16)
