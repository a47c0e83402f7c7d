"""The operator's own styles, for programs: listed styles are served, and a job whose style was replaced fails with a code."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nst.bootstrap import open_backend, open_catalogue
from nst.settings import Settings
from nst.worker.loop import Worker
from tests.gateway.server import Server
from tests.support.files import named
from tests.support.gateway import a_submission
from tests.support.pictures import picture_bytes
from tests.support.workers import FakeChild

RED, BLUE = picture_bytes(colour="red"), picture_bytes(colour="blue")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def http(root: Path) -> Iterator[httpx.Client]:
    (root / "styles").mkdir()
    server = Server(root, styles_dir=root / "styles", own_worker=False).start()
    with httpx.Client(base_url=f"{server.url}/api", timeout=60) as http:
        yield http
    server.close()


@pytest.fixture
def folder(root: Path, http: httpx.Client) -> Iterator[Path]:
    assert http
    folder = root / "styles"
    (folder / named("北斎.png")).write_bytes(RED)
    yield folder
    for path in folder.iterdir():
        path.unlink()


def own(http: httpx.Client) -> dict[str, dict[str, str]]:
    return {style["title"]: style for style in http.get("/styles").json() if style["line"] == "A picture of your own."}


def test_a_style_beyond_latin_is_listed_and_has_a_picture(http: httpx.Client, folder: Path) -> None:
    assert folder.exists()
    style = own(http)["北斎"]
    assert style["url"].endswith(f"/style/{style['name']}.jpg")
    assert httpx.get(style["url"]).content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("data", [b"dear diary", RED[:100], picture_bytes(8, 8)])
def test_a_broken_picture_is_not_listed_and_not_served(http: httpx.Client, folder: Path, data: bytes) -> None:
    (folder / "broken.jpg").write_bytes(data)
    assert "Broken" not in own(http)
    assert http.get("/media/style/broken.jpg").status_code == 404
    refused = http.post("/jobs", json=a_submission(style="broken"))
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_style")
    (folder / "broken.jpg").write_bytes(BLUE)
    assert "Broken" in own(http)
    assert http.get("/media/style/broken.jpg").status_code == 200


def test_a_replaced_picture_is_served_at_the_same_url(http: httpx.Client, folder: Path) -> None:
    url = own(http)["北斎"]["url"]
    before = httpx.get(url)
    (folder / named("北斎.png")).write_bytes(BLUE)
    after = httpx.get(url, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.content == before.content) == (200, False)


def test_a_job_whose_style_was_replaced_fails_with_a_code(http: httpx.Client, folder: Path, root: Path) -> None:
    job_id = http.post("/jobs", json=a_submission(style=own(http)["北斎"]["name"])).json()["requestId"]
    assert http.get(f"/jobs/{job_id}").json()["code"] is None
    (folder / named("北斎.png")).write_bytes(BLUE)
    settings = Settings(data_dir=root, styles_dir=folder)
    Worker("worker", open_backend(settings), open_catalogue(settings), settings, FakeChild).step(time.time())
    job = http.get(f"/jobs/{job_id}").json()
    assert (job["state"], job["code"]) == ("failed", "style_changed")
    assert "has changed since" in job["error"]
