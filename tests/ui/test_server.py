"""What the server adds to the pages: the owner's cookie, pictures by address, downloads, readiness, one worker a data folder."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from nst import images
from nst.domain import JobProgress
from nst.images import Limits
from nst.preview import Previews
from nst.settings import Settings
from nst.ui import server
from nst.ui.owner import COOKIE, OwnerCookie, new_token
from nst.ui.studio import OwnWorker
from tests.ui.conftest import DiskStudio
from worker.supervisor import Supervisor

PAGE = {"accept": "text/html"}
KINDS = ("before", "after", "small-before", "small-after")


@pytest.fixture
def visitor(studio: DiskStudio) -> Callable[[], TestClient]:
    """A browser that has opened a page, each time a new one."""

    def page(_request: object) -> Response:
        return PlainTextResponse("page")

    def file(_request: object) -> Response:
        return PlainTextResponse("file", headers={"Content-Disposition": 'attachment; filename="a.png"'})

    app = Starlette(routes=[*server.routes(), Route("/", page), Route("/media/{name}", file)], middleware=server.middleware())

    def opened() -> TestClient:
        client = TestClient(app)
        client.get("/", headers=PAGE)
        return client

    return opened


def owner_of(client: TestClient) -> str:
    return client.cookies[COOKIE]


def test_the_first_page_brings_an_owner_whom_no_script_can_read_and_the_next_one_keeps_him(visitor: Callable[[], TestClient]) -> None:
    client = visitor()
    again = client.get("/", headers=PAGE)
    assert "set-cookie" not in again.headers
    assert owner_of(client) != owner_of(visitor())
    cookie = TestClient(client.app).get("/", headers=PAGE).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    behind_https = TestClient(client.app).get("/", headers={**PAGE, "x-forwarded-proto": "https"})
    assert "; Secure" in behind_https.headers["set-cookie"]


@pytest.mark.parametrize("cookie", ["guess", "a" * 42, "é", 'x"; Path=/', ""])
def test_an_owner_that_is_not_of_ours_is_replaced(visitor: Callable[[], TestClient], cookie: str) -> None:
    answer = TestClient(visitor().app).get("/", headers={**PAGE, "cookie": f"{COOKIE}={cookie}".encode()})
    assert COOKIE in answer.headers["set-cookie"]


def test_in_a_frame_of_another_site_the_cookie_says_so() -> None:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse(""))], middleware=[Middleware(OwnerCookie, embedded=True)])
    answer = TestClient(app).get("/", headers=PAGE)
    assert "SameSite=None; Secure; Partitioned" in answer.headers["set-cookie"]
    assert "content-security-policy" not in answer.headers


def test_private_pictures_reach_their_owner_and_nobody_else(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner_of(anna))
    for kind in KINDS:
        answer = anna.get(f"/pictures/{job.id}/{kind}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert images.decode(answer.content, Limits.of(Settings())).size == (96, 64)
        assert bert.get(f"/pictures/{job.id}/{kind}").status_code == 404
        assert TestClient(anna.app).get(f"/pictures/{job.id}/{kind}").status_code == 404


def test_pictures_are_served_as_nothing_but_pictures(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna = visitor()
    job = studio.painted(owner=owner_of(anna))
    headers = anna.get(f"/pictures/{job.id}/after").headers
    assert headers["content-type"].startswith("image/")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_public_picture_is_asked_about_each_time_and_disappears_when_it_is_made_private(
    visitor: Callable[[], TestClient], studio: DiskStudio
) -> None:
    anna, bert = visitor(), visitor()
    job = studio.painted(owner=owner_of(anna), public=True)
    answer = bert.get(f"/pictures/{job.id}/after")
    assert answer.headers["cache-control"] == "public, no-cache"
    tag = {"if-none-match": answer.headers["etag"]}
    assert bert.get(f"/pictures/{job.id}/after", headers=tag).status_code == 304
    studio.service.make_private(job.id, owner_of(anna))
    assert bert.get(f"/pictures/{job.id}/after", headers=tag).status_code == 404
    assert bert.get(f"/pictures/{job.id}/small-after").status_code == 404


def test_the_preview_is_for_the_owner_alone(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna, bert = visitor(), visitor()
    job = studio.submit(owner=owner_of(anna), public=True)
    assert anna.get(f"/pictures/{job.id}/preview").status_code == 404
    studio.begin(JobProgress(0.5, "scale 1 of 2"))
    assert anna.get(f"/pictures/{job.id}/preview").headers["content-type"] == "image/jpeg"
    assert bert.get(f"/pictures/{job.id}/preview").status_code == 404


@pytest.mark.parametrize("path", ["/pictures/x/after", "/pictures/../secret/after", "/styles/none", "/samples/none"])
def test_other_addresses_have_nothing(visitor: Callable[[], TestClient], path: str) -> None:
    assert visitor().get(path).status_code == 404


def test_a_picture_of_an_unknown_kind_is_none(visitor: Callable[[], TestClient], studio: DiskStudio) -> None:
    anna = visitor()
    job = studio.painted(owner=owner_of(anna))
    assert anna.get(f"/pictures/{job.id}/recipe").status_code == 404


def test_styles_and_samples_have_thumbnails(visitor: Callable[[], TestClient]) -> None:
    for path in ("/styles/tide-wash", "/samples/cat"):
        answer = visitor().get(path)
        assert answer.headers["content-type"] == "image/webp"
        assert len(answer.content) < 60_000


def test_a_download_goes_to_the_browser_that_asked_for_it_first(visitor: Callable[[], TestClient]) -> None:
    anna, bert = visitor(), visitor()
    assert anna.get("/media/a.png").status_code == 200
    assert anna.get("/media/a.png").status_code == 200
    assert bert.get("/media/a.png").status_code == 404


def test_the_studio_is_ready_when_its_stores_answer(
    visitor: Callable[[], TestClient], studio: DiskStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert visitor().get("/readyz").json() == {"ready": True, "workers": 0}

    def away(_service: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(type(studio.service), "status", away)
    answer = visitor().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


class NoProcess(Supervisor):
    def __init__(self) -> None:
        self.is_started = False

    def start(self) -> None:
        self.is_started = True

    def stop(self) -> None:
        self.is_started = False


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
    """Warm when it is told so."""

    def __init__(self) -> None:
        self.is_warm = threading.Event()

    def warm_up(self) -> None:
        pass

    def wait_until_warm(self, seconds: float) -> None:
        self.is_warm.wait(seconds)

    def close(self) -> None:
        self.is_warm.set()


@pytest.mark.parametrize("is_in_time", [True, False])
def test_the_worker_starts_once_previews_are_ready_and_ends_with_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_in_time: bool
) -> None:
    previews, process = Slow(), NoProcess()
    monkeypatch.setenv("NST_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(server, "previews_of", lambda _settings: previews)
    monkeypatch.setattr(server, "OwnWorker", lambda settings: OwnWorker(settings, process))

    async def live() -> None:
        async with server.lifespan(Starlette()):
            await asyncio.sleep(0.1)
            assert not process.is_started
            if is_in_time:
                previews.is_warm.set()
                while not process.is_started:
                    await asyncio.sleep(0.01)
        assert not process.is_started

    asyncio.run(live())
    FileLock(tmp_path / "worker.lock").acquire(blocking=False).lock.release()


def test_owners_are_unguessable() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
