"""Photos and styles from addresses, with a server in this process."""

import gzip
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from typer.testing import Result

from nst.cli import sources
from nst.cli.sources import address_source
from nst.images import STORED_LIMITS

Run = Callable[..., Result]


class Server(BaseHTTPRequestHandler):
    picture: ClassVar[bytes]
    given_up: ClassVar[Event] = Event()

    def do_GET(self) -> None:
        pages = {
            "/own.png": self.send_picture,
            "/endless.png": self.send_without_end,
            "/slow.png": self.stall,
            "/text.png": self.send_text,
            "/gzip.png": self.send_in_gzip,
            "/page.png": self.send_called_a_page,
        }
        path = self.path.partition("?")[0]
        if path == "/polite.png" and self.headers["User-Agent"].startswith("python-"):
            self.send_error(403)
        elif path == "/polite.png":
            self.send_picture()
        elif path.startswith("/hops/"):
            left = int(path.removeprefix("/hops/"))
            self.redirect(f"/hops/{left - 1}" if left > 1 else "/own.png")
        elif path == "/elsewhere.png":
            self.redirect("file:///etc/hostname")
        elif path in pages:
            pages[path]()
        else:
            self.send_error(404)

    def send_picture(self) -> None:
        self.send_body(self.picture)

    def send_text(self) -> None:
        self.send_body(b"<!doctype html>")

    def send_in_gzip(self) -> None:
        self.send_body(gzip.compress(self.picture), Content_Encoding="gzip")

    def send_called_a_page(self) -> None:
        self.send_body(self.picture, Content_Type="text/html")

    def send_body(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_without_end(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"\xff\xd8\xff" * 10_000)
        except OSError:
            return

    def stall(self) -> None:
        self.given_up.wait(60)

    def redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def server(own_style: Path) -> Iterator[str]:
    Server.picture = own_style.read_bytes()
    Server.given_up.clear()
    http = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    Server.given_up.set()
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_style_is_downloaded(paint: Run, photo: Path, server: str) -> None:
    assert paint(photo, "-s", f"{server}/own.png?size=large").exit_code == 0
    assert '"own.png"' in Path("photo-own.json").read_text(encoding="utf-8")


def test_a_photo_is_downloaded(paint: Run, server: str) -> None:
    result = paint(f"{server}/own.png?size=large", "-s", "copperplate")
    assert result.stdout.startswith(f"{server}/own.png?size=large: painted in")
    assert '"photo": "own.png"' in Path("own-copperplate.json").read_text(encoding="utf-8")
    assert Path("own-copperplate.png").exists()


def test_a_photo_may_be_given_as_a_file_address(paint: Run, photo: Path) -> None:
    assert paint(photo.resolve().as_uri(), "-s", "copperplate").exit_code == 0
    assert Path("photo-copperplate.png").exists()


def test_a_photo_that_cannot_be_downloaded_is_reported_and_the_others_are_painted(paint: Run, photo: Path, server: str) -> None:
    result = paint(f"{server}/missing.png", photo, "-s", "copperplate")
    assert result.exit_code == 23
    assert result.stderr == f"{server}/missing.png: The server 127.0.0.1 answers with status 404. Check the address.\n"
    assert Path("photo-copperplate.png").exists()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("ftp://example.org/a/photo.jpg", "Addresses that begin with ftp are not supported. Use http, https, file or data."),
        ("s3://bucket/photo.jpg", "Addresses that begin with s3 are not supported. Use http, https, file or data."),
        ("blob:https://example.org/1-2", "Addresses that begin with blob are not supported. Use http, https, file or data."),
        ("www.example.org/a.jpg", "If it is a web address, begin it with https://: https://www.example.org/a.jpg"),
        ("//example.org/a.jpg", "If it is a web address, begin it with https://: https://example.org/a.jpg"),
        ("http://[::1/a.jpg", "This is not a valid address. Check its brackets."),
        ("http://", "The address names no server."),
        ("http:/example.org/a.jpg", "The address names no server."),
        ("http://127.0.0.1:99999/a.jpg", "The file could not be fetched from 127.0.0.1."),
        ("http://127.0.0.1:port/a.jpg", "This is not a valid web address"),
        ("http://127.0.0.1\x7f/a.jpg", "This is not a valid web address"),
        ("http://127.0.0.1/\udcff.jpg", "This is not a valid web address"),
        ("data:image/png;base64", "This data address is damaged"),
        ("data:image/png;base64,a", "This data address is damaged"),
        ("data:,hello", "This is not a JPEG, PNG, WebP, HEIC or AVIF picture"),
    ],
)
def test_an_unusable_address_is_reported_and_the_others_are_painted(paint: Run, photo: Path, address: str, sentence: str) -> None:
    result = paint(address, photo, "-s", "copperplate")
    assert result.exit_code in (11, 23)
    assert sentence in result.stderr
    assert list(Path().glob("photo-copperplate*.png"))
    result = paint(photo, "-s", address)
    assert result.exit_code in (11, 23)
    assert sentence in result.stderr


def test_a_picture_may_be_given_as_a_data_address(paint: Run, photo: Path, own_style: Path) -> None:
    in_base64, in_percent = f"data:image/png;base64,{b64encode(photo.read_bytes()).decode()}", f"data:,{quote(own_style.read_bytes())}"
    result = paint(in_base64, in_percent, photo, "-s", in_percent)
    assert result.exit_code == 0, result.stderr
    assert len(list(Path().glob("data-data*.png"))) == 2
    assert len(result.output) < 1000


def test_a_file_whose_name_looks_like_an_address_is_a_file(paint: Run, photo: Path) -> None:
    Path("www.example.org").mkdir()
    photo.rename("www.example.org/a.png")
    assert paint("www.example.org/a.png", "-s", "copperplate").exit_code == 0


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/a%20picture.jpg?token=secret", "a picture.jpg"),
        ("https://example.org/a/..%2F..%2Fb%00%0A.png", "b.png"),
        ("https://anna:secret@example.org/", "example.org"),
        ("https://example.org/pictures/", "pictures"),
        ("https://example.org/a.jpg/", "a.jpg"),
        ("https://example.org/..", "example.org"),
        ("https://example.org/pictures/.jpg", "jpg"),
        ("https://example.org/%20.jpg", "jpg"),
        ("https://example.org/wiki/File:A%3Fb.jpg#file", "FileAb.jpg"),
        ("https://example.org/c:%5Cphotos%5Cd.jpg", "d.jpg"),
        ("HTTPS://EXAMPLE.ORG/A.JPG", "A.JPG"),
        ("http://[::1]:8000/", "--1"),
        ("https://example.org/%D1%84%D0%BE%D1%82%D0%BE.jpg", "фото.jpg"),
        (f"https://example.org/{'x' * 300}.png", f"{'x' * 46}.png"),
    ],
)
def test_a_downloaded_picture_gets_a_valid_file_name(address: str, name: str) -> None:
    source = address_source(address, STORED_LIMITS)
    assert source is not None
    assert source.name == name


@pytest.mark.parametrize("name", ["polite", "gzip", "page"])
def test_a_picture_from_an_odd_server_is_painted(paint: Run, server: str, name: str) -> None:
    """Servers that refuse unidentified programs, compress unasked, or call the picture a page."""
    assert paint(f"{server}/{name}.png", "-s", "copperplate").exit_code == 0
    assert Path(f"{name}-copperplate.png").exists()


def test_three_redirects_are_followed(paint: Run, photo: Path, server: str) -> None:
    assert paint(photo, "-s", f"{server}/hops/3").exit_code == 0


def test_a_style_may_be_given_as_a_file_address(paint: Run, photo: Path, own_style: Path) -> None:
    spaced = own_style.rename("my own.png")
    assert paint(photo, "-s", spaced.resolve().as_uri()).exit_code == 0
    assert Path("photo-my-own.png").exists()


@pytest.mark.parametrize(
    ("page", "code", "sentence"),
    [
        ("missing.png", 23, "missing.png: The server 127.0.0.1 answers with status 404"),
        ("hops/4", 23, "redirects more than 3 times"),
        ("elsewhere.png", 23, "could not be fetched"),
        ("endless.png", 13, "larger than 0.1 MB"),
        ("text.png", 11, "text.png: That address is a web page, not a picture"),
        ("slow.png", 23, "did not answer within 0.3 seconds"),
    ],
)
def test_each_download_error_has_its_sentence(
    paint: Run, photo: Path, server: str, monkeypatch: pytest.MonkeyPatch, page: str, code: int, sentence: str
) -> None:
    monkeypatch.setattr(sources, "DOWNLOAD_TIMEOUT", 0.3)
    monkeypatch.setenv("NST_MAX_BYTES", "100000")
    result = paint(photo, "-s", f"{server}/{page}")
    assert result.exit_code == code
    assert sentence in result.stderr


def test_an_unreachable_server_is_reported(paint: Run, photo: Path) -> None:
    result = paint(photo, "-s", "http://127.0.0.1:9/style.png")
    assert result.exit_code == 23
    assert "could not be fetched from 127.0.0.1" in result.stderr


def test_a_file_address_of_a_missing_file_is_reported(paint: Run, photo: Path) -> None:
    assert paint(photo, "-s", "file:///nowhere/style.png").exit_code == 21


@pytest.mark.parametrize(
    "proxy", ["socks://127.0.0.1:9/", "socks5://anna:secret@127.0.0.1:9", "http://[", "gopher://anna:secret@127.0.0.1"]
)
def test_an_unusable_proxy_does_not_stop_local_photos(
    run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch, objects: Callable[[Result], list[dict[str, Any]]], proxy: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    result = run("stylize", "http://example.org/a.png", photo, "-s", "copperplate", "--mode", "instant", "--size", "64", "--json")
    assert result.exit_code == 23
    failed, painted = objects(result)
    assert (failed["photo"], failed["code"]) == ("http://example.org/a.png", 23)
    assert failed["error"].startswith(f"The proxy {proxy.replace('anna:secret@', '')} (ALL_PROXY) cannot be ")
    assert painted["painting"] == "photo-copperplate.png"


@pytest.mark.parametrize("proxy", ["socks://127.0.0.1:9/", "http://[", "gopher://anna:secret@127.0.0.1"])
def test_an_unusable_proxy_is_reported_when_weights_are_downloaded(
    run: Run, monkeypatch: pytest.MonkeyPatch, objects: Callable[[Result], list[dict[str, Any]]], proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    result = run("weights", "fetch", "--json")
    assert result.exit_code == 31
    (failed,) = objects(result)
    assert failed["code"] == 31
    assert failed["error"].startswith(f"The proxy {proxy.replace('anna:secret@', '')} (https_proxy) cannot be ")
    assert "--from FILE" in failed["error"]
