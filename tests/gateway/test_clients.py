"""The clients that we give away, against a running gateway."""

import json
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.gateway.conftest import StartServer, an_id
from tests.gateway.node import ROOT, node
from tests.gateway.server import Server
from tests.unit.service.conftest import picture_bytes

sys.path.insert(0, str(ROOT / "clients/python"))
from pastiche_client import Client, Job, PaintingFailed, StudioError


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(picture_bytes())
    return path


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(data)) as picture:
        return picture.size


def test_the_python_client_has_a_photo_painted_with_progress(server: Server, photo: Path, tmp_path: Path) -> None:
    seen: list[Job] = []
    with Client(server.url) as studio:
        painting = studio.stylize(photo, studio.styles()[0].name, on_progress=seen.append)
    painting.save(tmp_path / "painting.jpg")
    assert size_of((tmp_path / "painting.jpg").read_bytes()) == (96, 64)
    assert painting.media_type == "image/jpeg"
    assert [job.is_final for job in seen][-1:] == [True]
    assert seen[-1].fraction == 1.0


def test_the_python_client_takes_any_picture_for_a_style(server: Server, photo: Path) -> None:
    with Client(server.url) as studio:
        painting = studio.stylize(photo.read_bytes(), photo, params={"strength": 0.9})
    assert size_of(painting.data) == (96, 64)


def test_the_python_client_tells_what_was_refused(server: Server, photo: Path) -> None:
    with Client(server.url) as studio, pytest.raises(StudioError, match="There is no style called 'no-such'") as caught:
        studio.stylize(photo, "no-such")
    assert (caught.value.code, caught.value.status) == ("unknown_style", 422)


def test_the_python_client_tells_what_failed(start: StartServer, photo: Path) -> None:
    own, _ = start("raises")
    with Client(own.url) as studio, pytest.raises(PaintingFailed, match="Lower the strength"):
        studio.stylize(photo, "starlit-swirl", params={"strength": 0.0})


def test_the_python_client_cancels_what_takes_too_long(start: StartServer, photo: Path) -> None:
    own, _ = start("hangs")
    with Client(own.url) as studio:
        job = studio.submit(photo, "starlit-swirl")
        with pytest.raises(TimeoutError):
            studio.wait(job.id, timeout=0.5)
        assert studio.cancel(job.id).id == job.id
        assert studio.wait(job.id).state == "cancelled"


def test_the_python_client_goes_on_when_the_gateway_was_away(start: StartServer, photo: Path) -> None:
    own, _ = start("slow", lease_seconds=5)
    with Client(own.url, patience=180) as studio:
        job = studio.submit(photo, "starlit-swirl", job_id=an_id())
        own.kill()
        again = threading.Thread(target=own.start)
        again.start()
        assert studio.wait(job.id).state == "succeeded"
        again.join()


def test_the_page_of_javascript_has_a_photo_painted(server: Server, photo: Path, tmp_path: Path) -> None:
    painting = tmp_path / "painting.jpg"
    done = _paint(server.url, photo, "starlit-swirl", painting)
    assert done.returncode == 0, done.stderr
    assert "saved as" in done.stdout
    assert size_of(painting.read_bytes()) == (96, 64)


def test_the_page_of_javascript_says_what_was_refused(server: Server, photo: Path, tmp_path: Path) -> None:
    done = _paint(server.url, photo, "no-such", tmp_path / "painting.jpg")
    assert done.returncode == 1
    assert "There is no style called 'no-such'" in done.stderr


def test_the_page_of_javascript_uses_a_key(start: StartServer, photo: Path, tmp_path: Path) -> None:
    own, _ = start("instant", anonymous="false", api_keys=json.dumps([{"name": "me", "key": "k" * 30}]))
    assert _paint(own.url, photo, "starlit-swirl", tmp_path / "a.jpg").returncode == 1
    assert _paint(own.url, photo, "starlit-swirl", tmp_path / "a.jpg", key="k" * 30).returncode == 0


def _paint(url: str, photo: Path, style: str, painting: Path, key: str = "") -> "subprocess.CompletedProcess[str]":
    command = [node(), str(ROOT / "clients/javascript/paint.mjs"), url, str(photo), style, str(painting)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, env={"PATH": "/usr/bin:/bin", "PASTICHE_KEY": key}, check=False
    )
