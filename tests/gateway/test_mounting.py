"""The gateway on the app's own port, through Streamlit's ASGI application."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway.node import Node
from tests.gateway.server import ROOT, Server
from tests.support.gateway import a_submission

pytest.importorskip("streamlit.starlette", reason="the app's requirements are not installed")

APP = """
from streamlit.starlette import App

from nst.bootstrap import build
from nst.gateway import routes
from nst.settings import Settings

settings = Settings()
app = App("page.py", routes=routes(build(settings), settings))
"""


class AppServer(Server):
    """The app under uvicorn, and a worker."""

    def start(self) -> "AppServer":
        folder = Path(self._environment["NST_DATA_DIR"])
        (folder / "page.py").write_text("import streamlit as st\nst.write('hello')\n", encoding="utf-8")
        (folder / "entry.py").write_text(APP, encoding="utf-8")
        command = [sys.executable, "-m", "uvicorn", "entry:app", "--port", str(self.port), "--ws-max-size", "100000000"]
        self._process = subprocess.Popen(command, env=self._environment, cwd=folder, stdout=self._log, stderr=self._log)
        worker = [sys.executable, "-m", "worker"]
        self._worker = subprocess.Popen(worker, env=self._environment, cwd=ROOT, stderr=subprocess.DEVNULL)
        self.until_ready()
        return self

    def close(self) -> None:
        self._worker.terminate()
        self._worker.wait(30)
        super().close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppServer]:
    app = AppServer(tmp_path)
    yield app.start()
    app.close()


def test_pages_events_and_pictures_come_from_one_port(app: AppServer) -> None:
    node = Node(app.url)
    anna, ben = node.client("anna"), node.client("ben")
    job_id = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    result = anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")["result"]
    assert ben.wait_for("TRANSFER_STYLE_COMPLETED")["result"] == result
    assert httpx.get(result).status_code == 200
    assert "<html" in httpx.get(app.url, headers={"Accept": "text/html"}).text
    assert httpx.get(f"{app.url}/api/openapi.json").json()["servers"] == [{"url": "/api"}]
    node.close()


class PathServer(Server):
    """A gateway whose proxy removes a path from URLs."""

    def _command(self) -> list[str]:
        return [sys.executable, "-c", _UNDER_A_PATH, str(self.port)]


_UNDER_A_PATH = """
import sys
import uvicorn
from nst.bootstrap import build
from nst.gateway.app import Gateway, standalone
from nst.settings import Settings

settings = Settings()
uvicorn.run(standalone(Gateway(build(settings), settings)), port=int(sys.argv[1]), root_path="/studio", ws="websockets-sansio")
"""


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_urls_have_the_path_that_a_proxy_removes_and_its_scheme(tmp_path: Path, scheme: str) -> None:
    server = PathServer(tmp_path)
    try:
        server.start()
        answer = httpx.get(f"{server.url}/api/styles", headers={"X-FORWARDED-PROTO": scheme, "Host": "example.org"})
        style = answer.json()[0]
        assert style["url"] == f"{scheme}://example.org/studio/api/media/style/{style['name']}.jpg"
        assert httpx.get(f"{server.url}/api/media/style/{style['name']}.jpg").status_code == 200
    finally:
        server.close()


_LIFE = """
import asyncio
import streamlit_app

def works():
    return {task.get_coro().__qualname__ for task in asyncio.all_tasks()} & {"WebhookSender.run", "JobNotifier.run"}

async def live():
    async with streamlit_app.lifespan(streamlit_app.app):
        print(len(works()))
    print(len(works()))

asyncio.run(live())
"""


def test_the_apps_gateway_starts_its_tasks_with_the_app_and_stops_them_with_it(tmp_path: Path) -> None:
    own = {"NST_DATA_DIR": str(tmp_path), "NST_OWN_WORKER": "false", "NST_PREVIEWS": "false", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", _LIFE], env={**os.environ, **own}, cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert ran.stdout.split() == ["2", "0"], ran.stderr
