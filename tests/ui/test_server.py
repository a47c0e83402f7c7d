"""What the server adds to the pages: hosts, paths, readiness, one worker per data folder."""

import asyncio
import gc
import re
import threading
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from filelock import FileLock
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from nst import allocator
from nst.http_security import LocalPages
from nst.preview import Previews
from nst.settings import Settings
from nst.ui import server, singletons, urls
from nst.ui.owner import COOKIE
from nst.worker.own_worker import OwnWorker
from tests.support.pages import DiskStudio, NoProcess
from tests.ui.browser import PAGE, app_with_pages
from tests.ui.conftest import Configure


def test_pages_say_what_may_be_done_with_them(visitor: Callable[[], TestClient]) -> None:
    plain, secure = (visitor().get("/", headers={**PAGE, **more}).headers for more in ({}, {"x-forwarded-proto": "https"}))
    assert plain["content-security-policy"].startswith("frame-ancestors 'self'; script-src 'self' blob: 'wasm-unsafe-eval' 'sha256-")
    assert plain["x-content-type-options"] == "nosniff"
    assert plain["permissions-policy"].startswith("camera=(self), microphone=()")
    assert plain["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in plain
    assert secure["strict-transport-security"] == "max-age=31536000"
    assert visitor().get("/static/script.js").headers["x-content-type-options"] == "nosniff"


def test_the_policy_names_the_pages_own_inline_scripts_and_no_other(visitor: Callable[[], TestClient]) -> None:
    answer = visitor().get("/", headers=PAGE)
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    hashes = {f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts}
    policy = answer.headers["content-security-policy"].partition("script-src ")[2].partition(";")[0]
    assert {source for source in policy.split() if source.startswith("'sha256-")} == hashes
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(policy.split())


def test_counts_of_visitors_are_not_public(visitor: Callable[[], TestClient]) -> None:
    assert visitor().get("/_stcore/metrics").status_code == 404


def test_only_named_hosts_are_served_if_they_are_named(studio: DiskStudio, configure: Configure) -> None:
    assert TestClient(app_with_pages(), "http://evil.example").get("/", headers=PAGE).status_code == 200
    configure(data_dir=studio.settings.data_dir, hosts='["pastiche.example", "*.studio.example"]')
    app = app_with_pages()
    for host, status in (("pastiche.example", 200), ("pastiche.example:8501", 200), ("a.studio.example", 200), ("evil.example", 400)):
        assert TestClient(app, f"http://{host}").get("/", headers=PAGE).status_code == status
    assert TestClient(app, "http://10.0.0.1").get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("origin", "host", "is_open"),
    [
        ("http://localhost:3000", "testserver", False),
        ("http://localhost:3000", "localhost:8501", False),
        ("http://127.0.0.1:8501", "localhost:8501", False),
        ("http://localhost:8501", "localhost:8501", True),
        ("http://localhost", "localhost:80", True),
        ("https://pastiche.example", "pastiche.example", True),
        (None, "localhost:8501", True),
    ],
)
def test_pages_of_other_local_servers_open_no_socket(origin: str | None, host: str, is_open: bool) -> None:
    async def accept(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", accept)], middleware=[Middleware(LocalPages)])
    headers = {"host": host, **({"origin": origin} if origin else {})}
    try:
        with TestClient(app).websocket_connect("/_stcore/stream", headers=headers):
            opened = True
    except WebSocketDisconnect:
        opened = False
    assert opened is is_open


def test_a_trailing_slash_is_redirected(visitor: Callable[[], TestClient]) -> None:
    assert visitor().get("/samples/cat/?a=b").headers["content-type"] == "image/webp"


@pytest.mark.parametrize("path", ["/studio", "/a/b", "/my studio"])
def test_everything_is_below_the_base_path_and_so_is_the_cookie(studio: DiskStudio, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(urls, "configured_base_path", lambda: path)
    app = app_with_pages()
    anna, bert = TestClient(app), TestClient(app)
    cookie = anna.get(f"{path}/", headers=PAGE).headers["set-cookie"]
    assert f"Path={path.replace(' ', '%20')};" in cookie
    assert anna.get(path, follow_redirects=False).headers["location"] == f"{path.replace(' ', '%20')}/"
    for address in ("/samples/cat", "/styles/tide-wash"):
        assert anna.get(f"{path}{address}").headers["content-type"] == "image/webp"
        assert anna.get(address).status_code == 404
    assert anna.get(f"{path}/readyz").json()["ready"]
    assert anna.get("/readyz").json()["ready"]
    token = cookie.partition("=")[2].partition(";")[0]
    assert anna.get(f"{path}/media/a.png", headers={"cookie": f"{COOKIE}={token}"}).status_code == 200
    assert bert.get(f"{path}/media/a.png").status_code == 404


def test_a_path_that_a_server_strips_is_known_to_pages_and_cookie(studio: DiskStudio) -> None:
    app = app_with_pages()
    anna, bert = TestClient(app, root_path="/studio"), TestClient(app, root_path="/studio")
    cookie = anna.get("/studio/", headers=PAGE).headers["set-cookie"]
    assert "Path=/studio;" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    assert anna.get("/studio/media/a.png", headers={"cookie": f"{COOKIE}={token}"}).status_code == 200
    assert bert.get("/studio/media/a.png").status_code == 404


@pytest.mark.parametrize(
    ("prefix", "base"),
    [
        ("", ""),
        ("/", ""),
        ("/studio", "/studio"),
        ("/studio/", "/studio"),
        ("/a/b", "/a/b"),
        ("//evil.example", ""),
        ("studio", ""),
        ('/a"onerror=', ""),
        ("/a b", ""),
        ("/a);x", ""),
        ("/a\\b", ""),
        ("https://evil.example", ""),
    ],
)
def test_a_proxys_prefix_is_used_if_it_is_valid(prefix: str, base: str) -> None:
    assert urls.base_path({urls.PREFIX_HEADER: prefix}) == base


def test_urls_are_quoted() -> None:
    assert urls.url("styles", "über/a b?#") == "/styles/%C3%BCber%2Fa%20b%3F%23"
    assert urls.url(job="1&2") == "/?job=1%262"
    assert urls.url("pictures", "x", "preview", v="1") == "/pictures/x/preview?v=1"


def test_the_studio_is_ready_when_its_stores_answer(
    visitor: Callable[[], TestClient], studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visitor().get("/readyz").json() == {"ready": True, "workers": 0}

    def away(_service: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(type(studio.service), "status", away)
    answer = visitor().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_two_apps_on_a_data_folder_have_one_worker_and_the_second_takes_over(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first, second = (OwnWorker(settings, NoProcess()) for _ in range(2))
    assert first.step()
    assert not second.step()
    first.stop()
    assert second.step()
    second.stop()
    FileLock(tmp_path / "worker.lock").acquire(blocking=False).lock.release()


class Slow(Previews):
    """Previews that are warm when the test says so."""

    def __init__(self) -> None:
        self.is_warm = threading.Event()

    def warm_up(self) -> None:
        pass

    def wait_until_warm(self, seconds: float) -> None:
        self.is_warm.wait(seconds)

    def close(self) -> None:
        self.is_warm.set()


def test_the_app_gives_back_what_large_uploads_took(configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = list[bool]()
    configure(data_dir=tmp_path, own_worker=False, previews=False)
    monkeypatch.setattr(allocator, "give_back_large_blocks", lambda: called.append(True))

    async def live() -> None:
        async with server.lifespan(Starlette()):
            assert called

    asyncio.run(live())


@pytest.mark.parametrize("is_in_time", [True, False])
def test_the_worker_starts_once_previews_are_ready_and_ends_with_the_app(
    tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, is_in_time: bool
) -> None:
    previews, process = Slow(), NoProcess()
    configure(data_dir=tmp_path)
    monkeypatch.setattr(singletons, "previews", lambda: previews)
    monkeypatch.setattr(server, "OwnWorker", lambda settings: OwnWorker(settings, process))

    async def live() -> None:
        gc.unfreeze()
        async with server.lifespan(Starlette()):
            await asyncio.sleep(0.1)
            assert not process.is_started
            if is_in_time:
                previews.is_warm.set()
                while not process.is_started or not gc.get_freeze_count():
                    await asyncio.sleep(0.01)
        assert not process.is_started

    asyncio.run(live())
    FileLock(tmp_path / "worker.lock").acquire(blocking=False).lock.release()
