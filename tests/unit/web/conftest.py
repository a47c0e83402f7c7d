import os
from collections.abc import Iterator

import pytest

from tests.support.web import Web, running


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the proxies of this machine's environment."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def web() -> Iterator[Web]:
    with running(Web()) as server:
        yield server
