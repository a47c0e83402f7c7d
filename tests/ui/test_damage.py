"""Pages and routes while the data folder cannot be used, and after it is repaired."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from starlette.applications import Starlette
from starlette.testclient import TestClient

from nst.gateway import Gateway
from nst.settings import Settings
from nst.ui import server
from nst.worker.own_worker import OwnWorker
from tests.support.damage import DAMAGES, a_text
from tests.support.pages import DiskStudio, NoProcess, words
from tests.ui.conftest import OpenPage

PAGES = ("create", "gallery", "my_pictures", "status")


@pytest.fixture
def path(studio: DiskStudio) -> Path:
    return studio.settings.data_dir / "studio.sqlite3"


@pytest.fixture
def client(studio: DiskStudio) -> TestClient:
    """The routes of the app and the gateway, as in `streamlit_app.py`."""
    gateway = Gateway(studio.service, studio.settings)
    return TestClient(Starlette(routes=[*server.routes(), *gateway.routes()]))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_reports_it_and_works_again_after_the_repair(
    open_page: OpenPage, path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    a_text(path)
    app = open_page(name)
    assert not app.exception
    said = words(app)
    assert "its operator has to fix" in said
    assert "sqlite" not in said.lower()
    assert str(path.parent) not in said
    assert f"{path}: file is not a database" in caplog.text
    assert "Traceback" not in caplog.text
    path.unlink()
    assert not open_page(name).error


@pytest.mark.parametrize("damage", DAMAGES)
def test_probes_and_programs_are_answered(
    client: TestClient, path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(path)
    with client, caplog.at_level(logging.INFO):
        assert client.get("/healthz").json() == {"healthy": True}
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False})
        asked = client.get(f"/api/jobs/{'a' * 32}")
        assert (asked.status_code, asked.json()["code"]) == (503, "store_unavailable")
        assert client.get(f"/pictures/{'a' * 32}/after").status_code == 503
    assert str(path.parent) not in asked.text
    assert str(path) in caplog.text


def test_a_worker_is_started_once_its_folder_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    process = NoProcess()
    worker = OwnWorker(Settings(data_dir=tmp_path / "data"), process)
    assert not worker.step()
    (tmp_path / "data").unlink()
    assert worker.step()
    assert process.is_started
    worker.stop()
    FileLock(tmp_path / "data" / "worker.lock").acquire(blocking=False).lock.release()
