"""Every contract runs on every backend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nst.store.files import FileObjects
from nst.store.memory import memory_backend
from nst.store.ports import Backend
from nst.store.sqlite import Database, sqlite_backend


@pytest.fixture(params=["memory", "local"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "memory":
        yield memory_backend()
        return
    database = Database(tmp_path / "nst.sqlite3")
    yield sqlite_backend(database, FileObjects(tmp_path / "objects"))
    database.close()
