"""Photos and styles by address, from a server in this process."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from typer.testing import Result

from nst.cli import download
from nst.cli.sources import at_address
from nst.images import STORED

Run = Callable[..., Result]


class Server(BaseHTTPRequestHandler):
    picture: ClassVar[bytes]

    def do_GET(self) -> None:
        pages = {"/own.png": self.send_picture, "/endless.png": self.send_without_end, "/slow.png": self.stall, "/text.png": self.send_text}
        path = self.path.partition("?")[0]
        if path.startswith("/hops/"):
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

    def send_body(self, body: bytes) -> None:
        self.send_response(200)
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
        time.sleep(0.6)

    def redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is not for a server's log."""


@pytest.fixture
def server(own_style: Path) -> Iterator[str]:
    Server.picture = own_style.read_bytes()
    http = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_style_is_fetched(paint: Run, photo: Path, server: str) -> None:
    assert paint(photo, "-s", f"{server}/own.png?size=large").exit_code == 0
    assert '"own.png"' in Path("photo-own.json").read_text()


def test_a_photo_is_fetched(paint: Run, server: str) -> None:
    result = paint(f"{server}/own.png?size=large", "-s", "copperplate")
    assert result.stdout.startswith(f"{server}/own.png?size=large: painted in")
    assert '"photo": "own.png"' in Path("own-copperplate.json").read_text()
    assert Path("own-copperplate.png").exists()


def test_a_photo_may_be_named_by_its_files_address(paint: Run, photo: Path) -> None:
    assert paint(photo.resolve().as_uri(), "-s", "copperplate").exit_code == 0
    assert Path("photo-copperplate.png").exists()


def test_a_photo_that_cannot_be_fetched_is_named_as_it_was_and_the_others_are_painted(paint: Run, photo: Path, server: str) -> None:
    result = paint(f"{server}/missing.png", photo, "-s", "copperplate")
    assert result.exit_code == 23
    assert result.stderr == f"{server}/missing.png: The server 127.0.0.1 answers with status 404. Check the address.\n"
    assert Path("photo-copperplate.png").exists()


@pytest.mark.parametrize("address", ["ftp://example.org/a/photo.jpg", "s3://bucket/photo.jpg"])
def test_what_cannot_be_fetched_from_is_told(paint: Run, photo: Path, address: str) -> None:
    for words in ((address, "-s", "copperplate"), (photo, "-s", address)):
        result = paint(*words)
        assert result.exit_code == 23
        assert result.stderr == f"Nothing can be fetched from {address}. Addresses of pictures begin with http, https or file.\n"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/a%20picture.jpg?token=secret", "a picture.jpg"),
        ("https://example.org/a/..%2F..%2Fb%00%0A.png", "b.png"),
        ("https://anna:secret@example.org/", "example.org"),
        (f"https://example.org/{'x' * 300}.png", f"{'x' * 46}.png"),
    ],
)
def test_what_is_fetched_has_a_name_that_a_file_can_have(address: str, name: str) -> None:
    source = at_address(address, STORED)
    assert source is not None
    assert source.name == name


def test_three_redirects_are_followed(paint: Run, photo: Path, server: str) -> None:
    assert paint(photo, "-s", f"{server}/hops/3").exit_code == 0


def test_a_file_may_be_named_by_its_address(paint: Run, photo: Path, own_style: Path) -> None:
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
        ("text.png", 11, "text.png: This is not a JPEG, PNG or WebP picture"),
        ("slow.png", 23, "did not answer within 0.3 seconds"),
    ],
)
def test_what_goes_wrong_on_the_way_has_its_sentence(
    paint: Run, photo: Path, server: str, monkeypatch: pytest.MonkeyPatch, page: str, code: int, sentence: str
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.setenv("NST_MAX_BYTES", "100000")
    result = paint(photo, "-s", f"{server}/{page}")
    assert result.exit_code == code
    assert sentence in result.stderr


def test_a_server_that_is_not_there_is_told(paint: Run, photo: Path) -> None:
    result = paint(photo, "-s", "http://127.0.0.1:9/style.png")
    assert result.exit_code == 23
    assert "could not be fetched from 127.0.0.1" in result.stderr


def test_a_file_address_that_leads_nowhere_is_told(paint: Run, photo: Path) -> None:
    assert paint(photo, "-s", "file:///nowhere/style.png").exit_code == 21
