"""The published clients with a running gateway."""

import json
import re
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from nst import images
from nst.domain import mask_key
from nst.images import Format
from tests.gateway.conftest import StartServer
from tests.gateway.node import ROOT, node
from tests.gateway.server import Server
from tests.support.gateway import an_id
from tests.support.pictures import half_mask, picture, picture_bytes
from tests.support.web import Socks, Web, answering, running

sys.path.insert(0, str(ROOT / "clients/python"))
from pastiche_client import Client, Job, PaintingFailed, Region, StudioError, StudioUnreachable


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(picture_bytes())
    return path


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(data)) as picture:
        return picture.size


def test_the_python_client_paints_a_photo_and_reports_progress(server: Server, photo: Path, tmp_path: Path) -> None:
    seen: list[Job] = []
    with Client(server.url) as studio:
        painting = studio.stylize(photo, studio.styles()[0].name, on_progress=seen.append)
    painting.save(tmp_path / "painting.jpg")
    assert size_of((tmp_path / "painting.jpg").read_bytes()) == (96, 64)
    assert painting.media_type == "image/jpeg"
    with Client(server.url) as studio:
        assert studio.result(painting.job).data == painting.data
        printed = studio.result(painting.job, format="tiff")
    assert (printed.media_type, printed.data[:4]) == ("image/tiff", b"II*\0")
    assert [job.is_final for job in seen][-1:] == [True]
    assert seen[-1].fraction == 1.0


def test_the_python_client_enlarges_a_painting(start: StartServer, photo: Path) -> None:
    own, _ = start("tells_earlier")
    with Client(own.url) as studio:
        painting, larger_id = studio.stylize(photo, "starlit-swirl"), an_id()
        larger = studio.submit_larger(painting.job.id, 1024, larger_id=larger_id)
        assert (larger.id, larger.is_private) == (larger_id, True)
        assert studio.submit_larger(painting.job.id, 1024, larger_id=larger_id).id == larger_id
        finished = studio.wait(larger_id)
        assert finished.state == "succeeded", finished.error
        with pytest.raises(StudioError) as caught:
            studio.submit_larger(painting.job.id, 40)
    assert caught.value.code == "invalid_params"


def two_colours() -> bytes:
    """A style picture, red on the left and blue on the right."""
    picture = Image.new("RGB", (192, 192), (200, 60, 60))
    picture.paste((60, 60, 200), (96, 0, 192, 192))
    return images.encode(picture, Format.PNG)


def pixels(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    return np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)


def test_a_region_that_is_kept_has_the_photos_pixels_and_another_its_own_style(start: StartServer, tmp_path: Path) -> None:
    own, _ = start("real")
    transparent = picture(256, 192)  # as large as a draft, and stored as a PNG, so that pixels which are kept stay as they are
    transparent.putalpha(254)
    photo, mask, quickly = images.encode(transparent, Format.PNG), tmp_path / "mask.png", {"preset": "draft", "mode": "instant"}
    mask.write_bytes(half_mask(512, 384))
    with Client(own.url) as studio:
        plain = pixels(studio.stylize(photo, "starlit-swirl", params=quickly).data)
        garden = pixels(studio.stylize(photo, "paper-garden", params={**quickly, "strength": 1.0}).data)
        two = pixels(studio.stylize(photo, "starlit-swirl", params=quickly, regions=[Region(mask, "paper-garden", 1.0)]).data)
        both = {
            side: Region(mask, two_colours(), 1.0, style_part=half) for side, half in (("red", half_mask()), ("blue", "colour:#3c3cc8"))
        }
        redness = {
            side: pixels(studio.stylize(photo, "starlit-swirl", params=quickly, regions=[region]).data) @ (1, 0, -1)
            for side, region in both.items()
        }
        painting = studio.stylize(photo, "starlit-swirl", params=quickly, regions=[Region(mask)])
        stored = tmp_path / "objects" / mask_key(painting.job.id, 0)
        assert stored.is_file()
        assert httpx.get(f"{own.url}/api/media/{mask_key(painting.job.id, 0)}").status_code == 404
        studio.delete(painting.job.id)
        assert not stored.exists()
    before, kept, left, right = pixels(photo), pixels(painting.data), np.s_[:, :128], np.s_[:, 192:]
    assert (kept[left] == before[left]).all()
    assert abs(kept[right] - before[right]).mean() > 5
    assert redness["red"][left].mean() > 80 > -80 > redness["blue"][left].mean()
    assert abs(two[left] - garden[left]).mean() < abs(two[left] - plain[left]).mean()
    assert abs(two[right] - plain[right]).mean() < abs(two[right] - garden[right]).mean()


def test_a_region_that_is_named_is_found_in_the_photo(start: StartServer) -> None:
    own, _ = start("real")
    transparent = Image.new("RGB", (256, 192), (20, 20, 60))
    transparent.paste((230, 220, 200), (0, 0, 128, 192))
    transparent.putalpha(254)
    photo = images.encode(transparent, Format.PNG)
    with Client(own.url) as studio:
        painting = studio.stylize(photo, "starlit-swirl", params={"preset": "draft", "mode": "instant"}, regions=[Region("light")])
    before, kept, left, right = pixels(photo), pixels(painting.data), np.s_[:, :120], np.s_[:, 192:]
    assert (kept[left] == before[left]).all()
    assert abs(kept[right] - before[right]).mean() > 5


def test_the_python_client_accepts_any_picture_as_a_style(server: Server, photo: Path) -> None:
    with Client(server.url) as studio:
        painting = studio.stylize(photo.read_bytes(), photo, params={"strength": 0.9})
    assert size_of(painting.data) == (96, 64)


def test_the_python_client_raises_the_sentence_of_a_refusal(server: Server, photo: Path) -> None:
    with Client(server.url) as studio, pytest.raises(StudioError, match="There is no style called 'no-such'") as caught:
        studio.stylize(photo, "no-such")
    assert (caught.value.code, caught.value.status) == ("unknown_style", 422)


def test_the_python_client_raises_the_sentence_of_a_failure(start: StartServer, photo: Path) -> None:
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


def test_the_python_client_continues_after_the_gateway_was_down(start: StartServer, photo: Path) -> None:
    own, _ = start("slow", lease_seconds=5)
    with Client(own.url, patience=180) as studio:
        job = studio.submit(photo, "starlit-swirl", job_id=an_id())
        own.kill()
        again = threading.Thread(target=own.start)
        again.start()
        assert studio.wait(job.id).state == "succeeded"
        again.join()


@pytest.mark.parametrize(
    ("proxy", "named"),
    [
        ("socks://anna:secret@127.0.0.1:9/", "socks://127.0.0.1:9/"),
        ("socks4://anna:secret@127.0.0.1:9", "socks4://127.0.0.1:9"),
        ("anna:secret@127.0.0.1:9", "http://127.0.0.1:9"),
        ("http://anna:secret@[", "http://["),
    ],
)
def test_the_python_client_names_a_proxy_that_does_not_work(monkeypatch: pytest.MonkeyPatch, proxy: str, named: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(StudioUnreachable) as caught, Client("http://studio.example.org", patience=0) as studio:
        studio.styles()
    assert f"through the proxy {named}" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_python_client_uses_socks_proxies_except_for_no_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(Socks()) as socks:
        monkeypatch.setenv("ALL_PROXY", f"socks://{socks.url}/")
        with Client(server.url) as studio:
            assert studio.styles()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with Client(server.url) as studio:
            assert studio.styles()
    assert socks.asked == [server.url.removeprefix("http://")]


@pytest.mark.parametrize(
    ("status", "body", "headers", "sentence"),
    [
        (200, b"<!doctype html>", {}, "is not a studio's gateway"),
        (404, b"<!doctype html>", {}, "answers with status 404. It may not be a studio"),
        (301, b"", {"Location": "https://studio.example.org/"}, "redirects to https://studio.example.org/: use that URL"),
        (407, b"", {}, "The proxy requires a user name and a password"),
        (503, b"<html>", {"Retry_After": "0"}, "answers with status 503"),
    ],
)
def test_the_python_client_explains_answers_that_are_not_a_studios(
    status: int, body: bytes, headers: dict[str, str], sentence: str
) -> None:
    with running(Web({"*": answering(status, body, **headers)})) as web, Client(web.url, patience=0.5) as studio:
        with pytest.raises(StudioUnreachable, match=re.escape(sentence)) as caught:
            studio.styles()
        assert caught.value.status == status
        assert (len(web.seen) > 1) == (status == 503)
        assert web.seen[0][1]["user-agent"].startswith("pastiche-client/")


def test_the_python_client_follows_the_studio_to_a_picture_without_its_key() -> None:
    picture = answering(200, b"painting", Content_Type="image/webp")
    job = Job("0" * 32, "succeeded", 1.0, "", None, None, True, None, None)
    with running(Web({"*": picture})) as bucket:
        elsewhere = Web({"*": answering(302, Location=f"{bucket.url}/key?sign=1")})
        with running(elsewhere) as web, Client(web.url, key="a secret key", patience=0.5) as studio:
            painting = studio.result(job)
    assert (painting.data, painting.media_type) == (b"painting", "image/webp")
    assert web.seen[0][1]["authorization"] == "Bearer a secret key"
    assert [(path, "authorization" in headers) for path, headers in bucket.seen] == [("/key?sign=1", False)]


@pytest.mark.parametrize("url", ["localhost:8600", "", "http://", "http://[", "ftp://127.0.0.1"])
def test_the_python_client_refuses_at_once_what_is_not_a_url(url: str) -> None:
    with pytest.raises(StudioUnreachable):
        Client(url)


def test_the_javascript_client_paints_a_photo(server: Server, photo: Path, tmp_path: Path) -> None:
    painting = tmp_path / "painting.jpg"
    done = _paint(server.url, photo, "starlit-swirl", painting)
    assert done.returncode == 0, done.stderr
    assert "saved as" in done.stdout
    assert size_of(painting.read_bytes()) == (96, 64)


def test_the_javascript_client_prints_the_sentence_of_a_refusal(server: Server, photo: Path, tmp_path: Path) -> None:
    done = _paint(server.url, photo, "no-such", tmp_path / "painting.jpg")
    assert done.returncode == 1
    assert "There is no style called 'no-such'" in done.stderr


def test_the_javascript_client_uses_a_key(start: StartServer, photo: Path, tmp_path: Path) -> None:
    own, _ = start("instant", anonymous="false", api_keys=json.dumps([{"name": "me", "key": "k" * 30}]))
    assert _paint(own.url, photo, "starlit-swirl", tmp_path / "a.jpg").returncode == 1
    assert _paint(own.url, photo, "starlit-swirl", tmp_path / "a.jpg", key="k" * 30).returncode == 0


def test_the_javascript_client_enlarges_a_painting(start: StartServer, photo: Path, tmp_path: Path) -> None:
    own, _ = start("tells_earlier", anonymous="false", api_keys=json.dumps([{"name": "me", "key": "k" * 30}]))
    done = _paint(own.url, photo, "starlit-swirl", tmp_path / "large.jpg", key="k" * 30, size="1024")
    assert done.returncode == 0, done.stderr
    assert size_of((tmp_path / "large.jpg").read_bytes()) == (96, 64)
    with Client(own.url, key="k" * 30) as studio:
        painting = studio.stylize(photo, "starlit-swirl").job
        larger_id = an_id()
        first, again = (_submit_larger(own.url, painting.id, 1024, {"requestId": larger_id, "key": "k" * 30}) for _ in range(2))
        assert (first["requestId"], first["parent"], first["isPrivate"]) == (larger_id, painting.id, True)
        assert again["requestId"] == larger_id
        assert studio.wait(larger_id).state == "succeeded"
    assert _submit_larger(own.url, painting.id, 1024, {})["code"] == "not_allowed"
    assert _submit_larger(own.url, painting.id, 40, {"key": "k" * 30})["code"] == "invalid_params"


def _submit_larger(url: str, job_id: str, size: int, options: dict[str, str]) -> dict[str, object]:
    """The job, or the error, of the JavaScript client's `submitLarger`."""
    module = (ROOT / "clients/javascript/larger.mjs").as_uri()
    program = f"""
        import {{ submitLarger }} from {json.dumps(module)};
        const answer = submitLarger(...{json.dumps([url, job_id, size, options])});
        console.log(JSON.stringify(await answer.catch(({{ code, message }}) => ({{ code, message }}))));
    """
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", program], capture_output=True, encoding="utf-8", timeout=180, check=True
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def _paint(url: str, photo: Path, style: str, painting: Path, key: str = "", size: str = "") -> "subprocess.CompletedProcess[str]":
    command = [node(), str(ROOT / "clients/javascript/paint.mjs"), url, str(photo), style, str(painting), *([size] if size else [])]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=180, env={"PATH": "/usr/bin:/bin", "PASTICHE_KEY": key}, check=False
    )
