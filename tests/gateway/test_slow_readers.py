"""Clients that read their responses slowly, or not at all: what they keep in memory is bounded, and others are served."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from nst.bootstrap import open_backend
from nst.gateway.guard.memory_budget import Timeouts
from nst.gateway.guard.slow_readers import PIECE, SlowReaders
from nst.settings import Settings
from tests.gateway.server import Server
from tests.gateway.test_memory import ServerWithShortTimeouts
from tests.support.jobs import succeeded
from tests.support.servers import free_port
from tests.support.waiting import until

BODY = bytes(range(256)) * 80_000  # 20 MB, of which the kernel takes some three
CAPACITY = 45_000_000


class Studio:
    """A server that answers every request with `BODY`, in a thread of its own."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.readers, self.port, self.open = SlowReaders(CAPACITY, timeouts), free_port(), 0
        self._server = uvicorn.Server(uvicorn.Config(self.readers.wrap(self._answer), port=self.port, log_level="warning", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        until(lambda: self._server.started)

    async def _answer(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.open += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(BODY)).encode())]})
            await send({"type": "http.response.body", "body": BODY})
        finally:
            self.open -= 1

    def close(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()


@pytest.fixture
def patient() -> Iterator[Studio]:
    studio = Studio(Timeouts(unread=3600.0))
    yield studio
    studio.close()


@pytest.fixture
def usual() -> Iterator[Studio]:
    studio = Studio(Timeouts())
    yield studio
    studio.close()


@pytest.fixture
def strict() -> Iterator[Studio]:
    studio = Studio(Timeouts(unread=1.0))
    yield studio
    studio.close()


def asked(port: int, source: str = "127.0.0.1", path: str = "/") -> socket.socket:
    """A client that has sent a request, and reads nothing yet."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((source, 0))
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: studio\r\nConnection: close\r\n\r\n".encode())
    return client


def rest_of(client: socket.socket) -> int:
    """The bytes that still arrive, until the server ends the connection."""
    client.settimeout(60.0)
    received = 0
    try:
        while piece := client.recv(1_000_000):
            received += len(piece)
    except ConnectionResetError:
        pass
    client.close()
    return received


def test_a_body_arrives_whole(patient: Studio) -> None:
    assert httpx.get(f"http://127.0.0.1:{patient.port}/").content == BODY


def test_who_reads_slowly_and_steadily_is_served(usual: Studio) -> None:
    client, received = asked(usual.port), 0
    while piece := client.recv(200_000):
        received += len(piece)
    client.close()
    assert received > len(BODY)


def test_a_response_that_nobody_reads_is_broken_off(strict: Studio) -> None:
    client = asked(strict.port)
    until(lambda: strict.open == 1)
    until(lambda: strict.open == 0)
    assert rest_of(client) < len(BODY)


def test_a_flood_of_unread_responses_ends_itself_and_others_are_served(patient: Studio) -> None:
    flood = [asked(patient.port) for _ in range(10)]
    until(lambda: patient.open == CAPACITY // len(BODY))  # the others are broken off, without a timeout
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), timeout=60) as other:
        assert other.get(f"http://127.0.0.1:{patient.port}/").content == BODY
    assert patient.open <= CAPACITY // len(BODY)
    for client in flood:
        client.close()
    until(lambda: patient.open == 0)


class Transport:
    """A server's transport whose client does not read."""

    def __init__(self, size: int) -> None:
        self.size, self.is_aborted = size, False

    def get_write_buffer_size(self) -> int:
        return self.size

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.size, self.is_aborted = 0, True


class Cycle:
    """As far as it is looked at: uvicorn's side of one request."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request"}


def answered(readers: SlowReaders, transport: Transport, body: bytes) -> list[dict[str, Any]]:
    """What the server is given."""
    sent: list[dict[str, Any]] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.body", "body": body})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "client": ("192.0.2.1", 1)}
    asyncio.run(readers.wrap(readers.wrap(app))(scope, cast(Receive, Cycle(transport).receive), send))
    return sent


def test_a_large_body_is_sent_in_pieces_and_a_small_one_as_it_is() -> None:
    readers = SlowReaders(CAPACITY, Timeouts())
    sent = answered(readers, Transport(0), BODY[: 2 * PIECE + 1])
    assert [(len(message["body"]), message["more_body"]) for message in sent] == [(PIECE, True), (PIECE, True), (1, False)]
    assert b"".join(message["body"] for message in sent) == BODY[: 2 * PIECE + 1]
    assert answered(readers, Transport(0), b"small") == [{"type": "http.response.body", "body": b"small"}]


def test_the_end_of_a_response_does_not_stay_in_the_servers_buffer() -> None:
    readers = SlowReaders(CAPACITY, Timeouts(unread=0.0))
    unread, reading = Transport(50_000), Transport(50_000)
    for transport in (unread, reading):
        answered(readers, transport, b"x" * 50_000)
    reading.size = 0
    readers.close_overdue()
    assert (unread.is_aborted, reading.is_aborted) == (True, False)
    patient = SlowReaders(CAPACITY, Timeouts())
    waiting = Transport(50_000)
    answered(patient, waiting, b"x" * 50_000)
    patient.close_overdue()
    assert not waiting.is_aborted


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Server]:
    server = ServerWithShortTimeouts(tmp_path).start()
    yield server
    assert "Traceback" not in server.log
    server.close()


def test_a_picture_that_a_program_does_not_read_is_given_up(gateway: Server, tmp_path: Path) -> None:
    backend = open_backend(Settings(data_dir=tmp_path))
    path = f"/api/media/{succeeded(backend, public=True).output_key}"
    backend.objects.put(path.removeprefix("/api/media/"), BODY)
    assert httpx.get(gateway.url + path).content == BODY

    def is_given_up() -> bool:
        client = asked(gateway.port, path=path)
        time.sleep(2 * ServerWithShortTimeouts.unread)
        return rest_of(client) < len(BODY)

    until(is_given_up)
