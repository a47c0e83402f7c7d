"""A studio on disk whose pages run without a server and without a worker. Tests take the worker's part."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from nst.preview import Previews
from nst.settings import Settings
from nst.ui import singletons
from tests.support.pages import ANNA, DiskStudio
from tests.ui.browser import PAGE, app_with_pages

ROOT = Path(__file__).parents[2]
OpenPage = Callable[..., AppTest]
Configure = Callable[..., Settings]
SINGLETONS = (singletons.settings, singletons.service, singletons.previews, singletons.picture_budget)


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Changes settings by name, for the pages too."""

    def configured(**changes: object) -> Settings:
        for name, value in changes.items():
            monkeypatch.setenv(f"NST_{name.upper()}", str(value))
        forget_singletons()
        return singletons.settings()

    yield configured
    forget_singletons()


def forget_singletons() -> None:
    for singleton in SINGLETONS:
        singleton.cache_clear()


@pytest.fixture(autouse=True)
def _feed_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests are faster than the two seconds for which visitors share a page of the gallery."""
    monkeypatch.setattr("nst.service.feed_head.HEAD_SECONDS", 0.0)


@pytest.fixture
def studio(tmp_path: Path, configure: Configure) -> DiskStudio:
    plenty = {"uploads_per_minute": 1000, "jobs_per_visitor": 1000, "admin_token": "sesame-of-16-characters", "reports_to_hide": 1}
    return DiskStudio(configure(data_dir=tmp_path, own_worker=False, previews=False, **plenty))


@pytest.fixture
def open_page(studio: DiskStudio) -> OpenPage:
    """Opens a page by its own URL, as the first page of a visit."""

    def opened(name: str = "create", owner: str = ANNA, **query: str) -> AppTest:
        script = "streamlit_app.py" if name == "create" else f"pages/{name}.py"
        app = AppTest.from_file(ROOT / script, default_timeout=30)
        app.session_state["temporary_owner"] = owner
        app.query_params.update(query)
        return app.run()

    return opened


@pytest.fixture
def visitor(studio: DiskStudio) -> Callable[[], TestClient]:
    """Returns a new browser that has opened a page."""
    app = app_with_pages()

    def opened() -> TestClient:
        client = TestClient(app)
        client.get("/", headers=PAGE)
        return client

    return opened


@pytest.fixture
def previews(studio: DiskStudio, configure: Configure) -> Iterator[Previews]:
    """Sketches that do not grow, by an engine of the tests."""
    configure(previews=True, previews_grow=False, preview_seconds=300.0, preview_engine="tests.preview.engines.playful:engine")
    opened = singletons.previews()
    yield opened
    opened.close()
