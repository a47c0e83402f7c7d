"""Memory of a running server is bounded, whatever programs send, and other clients are still served."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
import pytest
import websocket
from PIL import Image

from nst import allocator
from nst.gateway import __main__ as gateway
from tests.gateway import attacks
from tests.gateway.conftest import StartServer
from tests.gateway.server import Server, StudioServer
from tests.support.gateway import a_submission, an_id, data_url
from tests.support.pictures import picture_bytes

SIZE, ATTACKERS = 3_500_000, 40
CAPACITY = 60_000_000
SMALL_BUDGET = {"max_bytes": 3_000_000, "incoming_bytes": CAPACITY, "own_worker": "false"}
_WITH_TIMEOUTS = """
import sys

from nst.bootstrap import build
from nst.gateway import Gateway
from nst.gateway.__main__ import serve
from nst.gateway.guard.memory_budget import Timeouts
from nst.settings import Settings

settings = Settings()
timeouts = Timeouts(read=float(sys.argv[2]), admission=float(sys.argv[3]), unread=float(sys.argv[4]))
serve(Gateway(build(settings), settings, timeouts), settings, "127.0.0.1", int(sys.argv[1]))
"""


def large_photo(width: int = 1000, height: int = 950) -> bytes:
    """By default nearly as large as is accepted with `SMALL_BUDGET`."""
    buffer = BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)).save(buffer, "PNG")
    return buffer.getvalue()


class ServerWithShortTimeouts(Server):
    read, admission, unread = 3.0, 1.0, 2.0

    def _command(self) -> list[str]:
        return [sys.executable, "-c", _WITH_TIMEOUTS, *map(str, (self.port, self.read, self.admission, self.unread))]


class ServerWithLongTimeouts(ServerWithShortTimeouts):
    """One whose clients wait for a turn however busy the machine is."""

    read, admission, unread = 60.0, 60.0, 60.0


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Server]:
    yield from serving(ServerWithShortTimeouts(tmp_path, **SMALL_BUDGET))


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Server]:
    yield from serving(ServerWithLongTimeouts(tmp_path, **SMALL_BUDGET))


def serving(server: Server) -> Iterator[Server]:
    server.start()
    submit(server)
    yield server
    assert "Traceback" not in server.log
    server.close()


def submit(server: Server, source: str = "127.0.0.1", **changes: object) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=60) as http:
        return http.post(f"{server.url}/api/jobs", json=a_submission(**changes))


def in_parallel(attack: Callable[[int, int], socket.socket], port: int, attackers: int = ATTACKERS) -> list[socket.socket]:
    with ThreadPoolExecutor(attackers) as pool:
        return list(pool.map(lambda _: attack(port, SIZE), range(attackers)))


def peak_memory(server: Server, seconds: float = 4.0) -> int:
    """The most memory within the next seconds, in which the server reads what was sent."""
    deadline, peak = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        peak = max(peak, server.memory)
        time.sleep(0.05)
    return peak


def read_to_end(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while piece := connection.recv(10_000):
            answer += piece
    except ConnectionResetError:
        pass
    finally:
        connection.close()
    return answer


@pytest.mark.parametrize(
    "attack",
    [
        attacks.unfinished_body,
        attacks.unfinished_poll,
        attacks.unfinished_frame,
        attacks.unfinished_fragments,
        attacks.unfinished_tiny_fragments,
        attacks.missing_attachment,
    ],
    ids=lambda attack: attack.__name__,
)
def test_unfinished_messages_stay_within_the_memory_budget_and_are_refused(
    strict: Server, attack: Callable[[int, int], socket.socket]
) -> None:
    before = strict.memory
    connections = in_parallel(attack, strict.port)
    assert peak_memory(strict, 1.0) - before < CAPACITY
    assert submit(strict, "127.0.0.2", image=data_url(large_photo())).status_code == 202
    answers = [read_to_end(connection) for connection in connections]
    assert strict.memory - before < CAPACITY
    assert submit(strict, image=data_url(large_photo())).status_code == 202
    if attack in (attacks.unfinished_body, attacks.unfinished_poll):
        assert all(b'"code":"too_slow"' in answer for answer in answers)


def test_a_refusal_for_want_of_memory_says_when_to_retry(strict: Server) -> None:
    connections = in_parallel(attacks.unfinished_body, strict.port, 8)
    answer = submit(strict, image=data_url(large_photo()))
    assert (answer.status_code, answer.json()["code"]) == (503, "server_busy")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    for connection in connections:
        connection.close()


def test_handled_messages_are_freed_while_their_connections_stay_open(strict: Server) -> None:
    before = strict.memory
    connections = [attacks.refused_message(strict.port, SIZE) for _ in range(ATTACKERS)]
    time.sleep(1)
    assert strict.memory - before < CAPACITY
    for connection in connections:
        assert b'"sid"' in connection.recv(2000)
        connection.close()


def test_many_photos_at_once_are_accepted_in_turn_or_refused_with_a_sentence(patient: Server) -> None:
    before, photo = patient.memory, data_url(large_photo())

    def sender(_: int) -> list[object]:
        connection = websocket.create_connection(f"ws://127.0.0.1:{patient.port}/socket.io/?EIO=4&transport=websocket", timeout=60)
        connection.recv()
        connection.send("40")
        connection.recv()
        for number in range(4):
            connection.send(f"42{number}" + json.dumps(["TRANSFER_STYLE", a_submission(image=photo, requestId=an_id())]))
        answers: list[object] = []
        while len(answers) < 4:
            if (packet := str(connection.recv())).startswith("43"):
                answers.append(json.loads(packet[3:])[0])
        connection.close()
        return answers

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for answers in pool.map(sender, range(8)) for answer in answers]
    assert len(answers) == 32
    assert all(answer is None or (isinstance(answer, dict) and answer["code"] == "server_busy") for answer in answers)
    assert None in answers
    assert patient.memory - before < 2 * CAPACITY  # decoded pixels included


def test_a_large_message_on_a_slow_connection_arrives(server: Server) -> None:
    packet = b'421["WATCH_JOB",{"requestId":"' + b"x" * 20_000_000 + b'"}]'
    connection = attacks.web_socket(server.port)
    connection.recv(2000)
    connection.sendall(attacks.frame(attacks.CONNECT))
    connection.recv(2000)
    message = attacks.frame(packet)
    for start in range(0, len(message), 400_000):
        connection.sendall(message[start : start + 400_000])
        time.sleep(0.1)
    assert b'431[{"error":"The message does not match the contract' in connection.recv(2000)
    connection.close()


def test_events_of_a_connection_are_handled_in_order(start: StartServer) -> None:
    """So a job that has just been sent can be cancelled, before its answer has come."""
    _, node = start("hangs")
    anna, job_id = node.client(), an_id()
    anna.send("TRANSFER_STYLE", a_submission(requestId=job_id, image=data_url(picture_bytes(1200, 900))))
    error, job = anna.emit("CANCEL_TRANSFER", {"requestId": job_id})
    assert (error, job["requestId"]) == (None, job_id)


def test_connections_without_a_handshake_are_limited_by_address(start: StartServer) -> None:
    server, node = start("instant", connections_per_address=2)
    silent = [attacks.web_socket(server.port) for _ in range(22)]
    address = f"{server.url}/socket.io/?EIO=4&transport=polling"
    assert httpx.get(address).json()["code"] == "too_many_connections"
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as elsewhere:
        assert elsewhere.get(address).status_code == 200
    for connection in silent:
        connection.close()
    node.client("anna")


@pytest.mark.parametrize("path", ["/_stcore/stream", "/socket.io/?EIO=4&transport=websocket"])
def test_the_studios_own_websockets_stay_within_the_memory_budget(tmp_path: Path, path: str) -> None:
    pytest.importorskip("streamlit.starlette", reason="the app's requirements are not installed")
    app = StudioServer(tmp_path, **SMALL_BUDGET, previews="false").start()
    for _ in range(3):
        attacks.web_socket(app.port, path).close()
    before = app.memory

    def attack(port: int, size: int) -> socket.socket:
        connection = attacks.web_socket(port, path)
        attacks.push(connection, attacks.frame_header(size + 1, 2) + b"x" * size)
        return connection

    connections = in_parallel(attack, app.port)
    assert peak_memory(app) - before < CAPACITY
    assert submit(app, "127.0.0.2").status_code == 202
    for connection in connections:
        connection.close()
    app.close()


def test_a_gateway_gives_back_what_large_messages_took(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = list[str]()
    monkeypatch.setattr(sys, "argv", ["gateway"])
    monkeypatch.setattr(allocator, "give_back_large_blocks", lambda: steps.append("allocator"))
    monkeypatch.setattr(gateway, "run", lambda *_: steps.append("run"))
    gateway.main()
    assert steps == ["allocator", "run"]
