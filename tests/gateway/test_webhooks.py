"""Webhooks: signed, retried, and never sent to a private address."""

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
from nst.gateway.webhooks import safe_http
from nst.gateway.webhooks.safe_http import PublicHttpClient, Unreachable, is_public
from tests.gateway.conftest import StartServer
from tests.gateway.server import Server
from tests.support.gateway import a_submission, an_id

SECRET = "whsec_" + b64encode(token_bytes(32)).decode()


class Receiver:
    """An HTTP server that receives webhooks. `answers` are its statuses in order; the last one is repeated."""

    def __init__(self, *answers: int) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self._condition = threading.Condition()
        outer, statuses = self, list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                with outer._condition:
                    outer.received.append((dict(self.headers.items()) | {"path": self.path}, body))
                    outer._condition.notify_all()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def wait_for(self, times: int) -> tuple[dict[str, str], dict[str, Any]]:
        """Wait for as many messages, and return the last one's headers and body, its signature checked."""
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.received) >= times, 180), f"received {len(self.received)} times"
        headers, body = self.received[times - 1]
        standardwebhooks.Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        return headers, json.loads(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def start_receiver() -> Iterator[Callable[..., Receiver]]:
    receivers: list[Receiver] = []

    def make(*answers: int) -> Receiver:
        receivers.append(Receiver(*answers))
        return receivers[-1]

    yield make
    for receiver in receivers:
        receiver.close()


def submit(server: Server, url: str, **changes: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/api/jobs", json=a_submission(webhook={"url": url, "secret": SECRET}, **changes), timeout=60)


def test_the_end_of_a_job_is_sent_with_a_signature(start: StartServer, start_receiver: Callable[..., Receiver]) -> None:
    server, _ = start("instant", webhooks_inside="true")
    receiver = start_receiver(204)
    job_id = submit(server, receiver.url).json()["requestId"]
    headers, message = receiver.wait_for(1)
    assert headers["Webhook-Id"] == job_id
    assert message["type"] == "transfer_style.completed"
    assert httpx.get(message["data"]["result"]).status_code == 200


def test_a_failure_is_sent_as_well(start: StartServer, start_receiver: Callable[..., Receiver]) -> None:
    server, _ = start("raises", webhooks_inside="true")
    receiver = start_receiver(204)
    submit(server, receiver.url, params={"strength": 0.0})
    _, message = receiver.wait_for(1)
    assert message["type"] == "transfer_style.failed"
    assert message["data"]["error"] == "Nothing finite was found. Lower the strength."


@pytest.mark.parametrize("answer", [500, 302])
def test_a_webhook_is_retried_until_it_is_accepted_and_redirects_are_not_followed(
    start: StartServer, start_receiver: Callable[..., Receiver], answer: int
) -> None:
    server, _ = start("instant", webhooks_inside="true")
    receiver = start_receiver(answer, answer, 204)
    submit(server, receiver.url)
    ids = {receiver.wait_for(times)[0]["Webhook-Id"] for times in (1, 2, 3)}
    assert len(ids) == 1
    assert all(headers["path"] == "/hook" for headers, _ in receiver.received)


def test_a_webhook_of_a_gateway_that_was_killed_is_sent_by_the_next(start: StartServer, start_receiver: Callable[..., Receiver]) -> None:
    server, _ = start("slow", webhooks_inside="true", lease_seconds=5)
    receiver = start_receiver(204)
    submit(server, receiver.url)
    server.kill()
    server.start()
    assert receiver.wait_for(1)[1]["type"] == "transfer_style.completed"


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
def test_private_addresses_are_refused_before_anything_is_stored(server: Server, url: str) -> None:
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
        ("fec0::1", False),
        ("64:ff9b:1::7f00:1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:7f00:1", False),
        ("::ffff:93.184.215.14", True),
        ("192.88.99.1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("2001::1", False),
        ("2001:db8::1", False),
        ("ff0e::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_host_name_that_changes_between_check_and_request_reaches_no_private_address(
    start_receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name resolves to a public address first, then to this machine."""
    receiver = start_receiver(204)
    port = int(receiver.url.split(":")[2].partition("/")[0])
    answers = iter(["93.184.215.14", "127.0.0.1"])

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async def send() -> None:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        http_client = PublicHttpClient(allow_private=False)
        await http_client.check(f"https://rebinding.example:{port}/hook")
        with pytest.raises(Unreachable):
            await http_client.post(f"http://rebinding.example:{port}/hook", {"Content-Length": "2"}, b"{}")

    asyncio.run(send())
    assert receiver.received == []


def test_a_host_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.1")]

    async def check() -> None:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with pytest.raises(InvalidRequest, match="not on the public internet"):
            await PublicHttpClient(allow_private=False).check("https://both.example/")

    asyncio.run(check())


@pytest.mark.parametrize("port", [22, 25, 80, 1023])
def test_a_port_of_another_service_is_refused_before_its_name_is_resolved(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was resolved"))
    with pytest.raises(InvalidRequest, match="443"):
        asyncio.run(PublicHttpClient(allow_private=False).check(f"https://receiver.example:{port}/"))


def test_names_whose_server_never_answers_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    async def check_many() -> None:
        client = PublicHttpClient(allow_private=False)
        checks = asyncio.gather(*(client.check(f"https://{number}.example/") for number in range(20)), return_exceptions=True)
        assert await asyncio.to_thread(lambda: "others work") == "others work"
        assert all(isinstance(error, InvalidRequest) for error in await checks)
        answered.set()

    monkeypatch.setattr(safe_http, "LOOKUP_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(60) and [])
    asyncio.run(check_many())


def test_proxies_of_the_environment_are_not_used(start_receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name again, and connect to an address that was not checked."""
    receiver, proxy = start_receiver(204), start_receiver(200)
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.lower(), proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert asyncio.run(PublicHttpClient(allow_private=True).post(receiver.url, {"Content-Length": "2"}, b"{}")) == 204
    assert proxy.received == []
