"""However much programs send at a time, and whether they come to its end or not, a server's memory is bounded and others are served."""

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

from tests.gateway import attacks
from tests.gateway.conftest import StartServer, a_submission, an_id, data_url
from tests.gateway.server import ROOT, Server
from tests.unit.service.conftest import picture_bytes

SIZE, ATTACKERS = 3_500_000, 40
CAPACITY = 60_000_000
SMALL_ROOM = {"max_bytes": 3_000_000, "incoming_bytes": CAPACITY, "own_worker": "false"}
_IMPATIENT = """
import sys

from nst.bootstrap import build
from nst.gateway import Gateway
from nst.gateway.__main__ import serve
from nst.gateway.room import Patience
from nst.settings import Settings

settings = Settings()
serve(Gateway(build(settings), settings, Patience(silence=3.0, room=1.0)), settings, "127.0.0.1", int(sys.argv[1]))
"""


def a_photo() -> bytes:
    """As large as is taken, or nearly."""
    buffer = BytesIO()
    Image.frombytes("RGB", (1000, 950), os.urandom(1000 * 950 * 3)).save(buffer, "PNG")
    return buffer.getvalue()


class ImpatientServer(Server):
    def _command(self) -> list[str]:
        return [sys.executable, "-c", _IMPATIENT, str(self.port)]


class App(Server):
    """As people start the studio."""

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", str(self.port)]


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Server]:
    server = ImpatientServer(tmp_path, **SMALL_ROOM).start()
    submitted(server)
    yield server
    assert "Traceback" not in server.log
    server.close()


def submitted(server: Server, source: str = "127.0.0.1", **changes: object) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=60) as http:
        return http.post(f"{server.url}/api/jobs", json=a_submission(**changes))


def all_at_once(attack: Callable[[int, int], socket.socket], port: int, attackers: int = ATTACKERS) -> list[socket.socket]:
    with ThreadPoolExecutor(attackers) as pool:
        return list(pool.map(lambda _: attack(port, SIZE), range(attackers)))


def most_memory(server: Server, seconds: float = 4.0) -> int:
    """Of the next moments, in which it reads what lies in the sockets."""
    deadline, most = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        most = max(most, server.memory)
        time.sleep(0.05)
    return most


def last_words(line: socket.socket) -> bytes:
    said = b""
    try:
        while piece := line.recv(10_000):
            said += piece
    except ConnectionResetError:
        pass
    finally:
        line.close()
    return said


@pytest.mark.parametrize(
    "attack",
    [
        attacks.unfinished_body,
        attacks.unfinished_poll,
        attacks.unfinished_frame,
        attacks.unending_pieces,
        attacks.unending_crumbs,
        attacks.announcement,
    ],
    ids=lambda attack: attack.__name__,
)
def test_what_never_comes_to_its_end_fills_no_memory_and_is_given_up(
    impatient: Server, attack: Callable[[int, int], socket.socket]
) -> None:
    before = impatient.memory
    lines = all_at_once(attack, impatient.port)
    assert most_memory(impatient, 1.0) - before < CAPACITY
    assert submitted(impatient, "127.0.0.2", image=data_url(a_photo())).status_code == 202
    words = [last_words(line) for line in lines]
    assert impatient.memory - before < CAPACITY
    assert submitted(impatient, image=data_url(a_photo())).status_code == 202
    if attack in (attacks.unfinished_body, attacks.unfinished_poll):
        assert all(b'"code":"too_slow"' in said for said in words)


def test_who_is_refused_for_want_of_room_is_told_when_to_come_again(impatient: Server) -> None:
    lines = all_at_once(attacks.unfinished_body, impatient.port, 8)
    answer = submitted(impatient, image=data_url(a_photo()))
    assert (answer.status_code, answer.json()["code"]) == (503, "server_busy")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    for line in lines:
        line.close()


def test_of_what_is_dealt_with_nothing_is_left_while_its_sender_stays(impatient: Server) -> None:
    before = impatient.memory
    lines = [attacks.dealt_with(impatient.port, SIZE) for _ in range(ATTACKERS)]
    time.sleep(1)
    assert impatient.memory - before < CAPACITY
    for line in lines:
        assert b'"sid"' in line.recv(2000)
        line.close()


def test_many_photos_at_once_are_taken_one_after_the_other_or_refused_with_a_sentence(impatient: Server) -> None:
    before, photo = impatient.memory, data_url(a_photo())

    def sender(_: int) -> list[object]:
        line = websocket.create_connection(f"ws://127.0.0.1:{impatient.port}/socket.io/?EIO=4&transport=websocket", timeout=60)
        line.recv()
        line.send("40")
        line.recv()
        for number in range(4):
            line.send(f"42{number}" + json.dumps(["TRANSFER_STYLE", a_submission(image=photo, requestId=an_id())]))
        answers: list[object] = []
        while len(answers) < 4:
            if (said := str(line.recv())).startswith("43"):
                answers.append(json.loads(said[3:])[0])
        line.close()
        return answers

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for answers in pool.map(sender, range(8)) for answer in answers]
    assert len(answers) == 32
    assert all(answer is None or (isinstance(answer, dict) and answer["code"] == "server_busy") for answer in answers)
    assert None in answers
    assert impatient.memory - before < 2 * CAPACITY  # pixels are here as well


def test_a_photo_on_a_slow_line_arrives(server: Server) -> None:
    packet = b'421["WATCH_JOB",{"requestId":"' + b"x" * 20_000_000 + b'"}]'
    line = attacks.web_socket(server.port)
    line.recv(2000)
    line.sendall(attacks.frame(attacks.HELLO))
    line.recv(2000)
    message = attacks.frame(packet)
    for start in range(0, len(message), 400_000):
        line.sendall(message[start : start + 400_000])
        time.sleep(0.1)
    assert b'431[{"error":"The message is not to the contract' in line.recv(2000)
    line.close()


def test_events_of_a_connection_are_dealt_with_in_order(start: StartServer) -> None:
    """So a job that has just been sent can be cancelled, before its answer has come."""
    _, node = start("hangs")
    anna, job_id = node.client(), an_id()
    anna.send("TRANSFER_STYLE", a_submission(requestId=job_id, image=data_url(picture_bytes(1200, 900))))
    error, job = anna.emit("CANCEL_TRANSFER", {"requestId": job_id})
    assert (error, job["requestId"]) == (None, job_id)


def test_connections_that_never_say_what_they_are_for_are_counted_by_address(start: StartServer) -> None:
    server, node = start("instant", connections_per_address=2)
    silent = [attacks.web_socket(server.port) for _ in range(22)]
    address = f"{server.url}/socket.io/?EIO=4&transport=polling"
    assert httpx.get(address).json()["code"] == "too_many_connections"
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as elsewhere:
        assert elsewhere.get(address).status_code == 200
    for line in silent:
        line.close()
    node.client("anna")


@pytest.mark.parametrize("path", ["/_stcore/stream", "/socket.io/?EIO=4&transport=websocket"])
def test_the_studio_itself_is_bounded_as_well(tmp_path: Path, path: str) -> None:
    pytest.importorskip("streamlit.starlette", reason="the app's requirements are not installed")
    app = App(tmp_path, **SMALL_ROOM, previews="false").start()
    for _ in range(3):
        attacks.web_socket(app.port, path).close()
    before = app.memory

    def attack(port: int, size: int) -> socket.socket:
        line = attacks.web_socket(port, path)
        attacks.push(line, attacks.frame_head(size + 1, 2) + b"x" * size)
        return line

    lines = all_at_once(attack, app.port)
    assert most_memory(app) - before < CAPACITY
    assert submitted(app, "127.0.0.2").status_code == 202
    for line in lines:
        line.close()
    app.close()
