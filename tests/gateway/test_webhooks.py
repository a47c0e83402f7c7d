"""Webhooks: signed, tried again, and never to a machine inside."""

import asyncio
import json
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_bytes
from typing import Any

import httpx
import pytest
import standardwebhooks

from nst.errors import InvalidRequest
from nst.gateway.outbound import Outbound, Unreachable, is_public
from tests.gateway.conftest import StartServer, a_submission, an_id
from tests.gateway.server import Server

SECRET = "whsec_" + b64encode(token_bytes(32)).decode()


class Listener:
    """Somebody who is told. Answers are given in order, the last one for ever."""

    def __init__(self, *answers: int) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self._news = threading.Condition()
        outer, left = self, list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                with outer._news:
                    outer.told.append((dict(self.headers.items()) | {"path": self.path}, body))
                    outer._news.notify_all()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def hears(self, times: int) -> tuple[dict[str, str], dict[str, Any]]:
        """The last message, its signature checked."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.told) >= times, 180), f"told {len(self.told)} times"
        headers, body = self.told[times - 1]
        standardwebhooks.Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        return headers, json.loads(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def make(*answers: int) -> Listener:
        listeners.append(Listener(*answers))
        return listeners[-1]

    yield make
    for listener in listeners:
        listener.close()


def submit(server: Server, url: str, **changes: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/api/jobs", json=a_submission(webhook={"url": url, "secret": SECRET}, **changes), timeout=60)


def test_the_end_of_a_job_is_told_with_a_signature(start: StartServer, listen: Callable[..., Listener]) -> None:
    server, _ = start("instant", webhooks_inside="true")
    listener = listen(204)
    job_id = submit(server, listener.url).json()["requestId"]
    headers, message = listener.hears(1)
    assert headers["Webhook-Id"] == job_id
    assert message["type"] == "transfer_style.completed"
    assert httpx.get(message["data"]["result"]).status_code == 200


def test_a_failure_is_told_as_well(start: StartServer, listen: Callable[..., Listener]) -> None:
    server, _ = start("raises", webhooks_inside="true")
    listener = listen(204)
    submit(server, listener.url, params={"strength": 0.0})
    _, message = listener.hears(1)
    assert message["type"] == "transfer_style.failed"
    assert message["data"]["error"] == "Nothing finite was found. Lower the strength."


@pytest.mark.parametrize("answer", [500, 302])
def test_it_is_told_again_until_it_is_taken_and_redirects_are_not_followed(
    start: StartServer, listen: Callable[..., Listener], answer: int
) -> None:
    server, _ = start("instant", webhooks_inside="true")
    listener = listen(answer, answer, 204)
    submit(server, listener.url)
    ids = {listener.hears(times)[0]["Webhook-Id"] for times in (1, 2, 3)}
    assert len(ids) == 1
    assert all(headers["path"] == "/hook" for headers, _ in listener.told)


def test_what_was_owed_when_a_gateway_ended_is_told_by_the_next(start: StartServer, listen: Callable[..., Listener]) -> None:
    server, _ = start("slow", webhooks_inside="true", lease_seconds=5)
    listener = listen(204)
    submit(server, listener.url)
    server.kill()
    server.start()
    assert listener.hears(1)[1]["type"] == "transfer_style.completed"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1:8443/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0/",
        "http://example.org/",
        "https://user:password@example.org/",
        "https://no-such-host.invalid/",
        "https://example.org:99999/",
        "https://[::1/",
    ],
)
def test_addresses_inside_are_refused_before_anything_is_stored(server: Server, url: str) -> None:
    job_id = an_id()
    answer = submit(server, url, requestId=job_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert httpx.get(f"{server.url}/api/jobs/{job_id}").status_code == 404


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 -- nothing is bound
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
    ],
)
def test_what_counts_as_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_changes_between_look_and_call_reaches_nothing_inside(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is a public address, the second one of this machine."""
    listener = listen(204)
    port = int(listener.url.split(":")[2].partition("/")[0])
    answers = iter(["93.184.215.14", "127.0.0.1"])

    async def look(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async def call() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look)
        outbound = Outbound(inside=False)
        await outbound.check(f"https://rebinding.example:{port}/hook")
        with pytest.raises(Unreachable):
            await outbound.post(f"http://rebinding.example:{port}/hook", {"Content-Length": "2"}, b"{}")

    asyncio.run(call())
    assert listener.told == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]

    async def check() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look)
        with pytest.raises(InvalidRequest, match="not on the public internet"):
            await Outbound(inside=False).check("https://both.example/")

    asyncio.run(check())
