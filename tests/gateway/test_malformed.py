"""Malformed input: it is answered with a sentence or the client is disconnected, and other clients are served as before."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import websocket

from tests.gateway import attacks
from tests.gateway.conftest import StartServer
from tests.gateway.node import Node
from tests.gateway.server import Server
from tests.support.gateway import a_submission, an_id, data_url
from tests.support.pictures import half_mask, picture_bytes


@pytest.fixture(autouse=True)
def _other_clients_are_served(server: Server) -> Iterator[None]:
    yield
    assert httpx.get(f"{server.url}/api/styles", timeout=60).status_code == 200
    assert "Traceback" not in server.log


BODIES: list[Any] = [None, 7, "text", [], {}, True, [None], {"image": None}, {"image": 5, "style": "starlit-swirl"}]


@pytest.mark.parametrize("event", ["TRANSFER_STYLE", "WATCH_JOB", "CANCEL_TRANSFER"])
def test_a_body_that_is_not_to_the_contract_is_refused_with_a_sentence(node: Node, event: str) -> None:
    anna = node.client()
    for body in BODIES:
        (error,) = anna.emit(event, body)
        assert error["code"] == "invalid_request"
        assert error["error"].startswith("The message does not match the contract: ")
        assert "pydantic" not in error["error"]
    assert anna.emit(event)[0]["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"image": "hello"}, "not_a_picture"),
        ({"image": "data:image/png;base64,"}, "not_a_picture"),
        ({"image": "data:image/png;base64,!!!"}, "not_a_picture"),
        ({"image": "data:image/png;base64,aGVsbG8="}, "not_a_picture"),
        ({"image": data_url()[:-200]}, "truncated_picture"),
        ({"image": "\ud800"}, "not_a_picture"),
        ({"style": "no-such-style"}, "unknown_style"),
        ({"style": "../../etc/passwd"}, "unknown_style"),
        ({"style": ""}, "unknown_style"),
        ({"style": []}, "invalid_request"),
        ({"style": [{"style": "starlit-swirl", "share": 0}]}, "invalid_params"),
        ({"style": [{"style": "starlit-swirl", "share": -1}]}, "invalid_request"),
        ({"regions": None}, "invalid_request"),
        ({"regions": {}}, "invalid_request"),
        ({"regions": ["sky"]}, "invalid_request"),
        ({"regions": [{"mask": "sky"}] * 9}, "invalid_request"),
        ({"regions": [{"styles": []}]}, "invalid_request"),
        ({"regions": [{"mask": b"bytes".hex()}]}, "invalid_params"),
        ({"regions": [{"mask": 5}]}, "invalid_request"),
        ({"regions": [{"mask": "sky", "strength": 2}]}, "invalid_request"),
        ({"regions": [{"mask": "sky", "strength": "0.5"}]}, "invalid_request"),
        ({"regions": [{"mask": "sky", "styles": "starlit-swirl"}]}, "invalid_request"),
        ({"regions": [{"mask": "sky", "styles": [{"style": "no-such-style"}]}]}, "unknown_style"),
        ({"regions": [{"mask": "sky", "styles": [{"style": "starlit-swirl"}] * 5}]}, "invalid_params"),
        ({"regions": [{"mask": "sky", "styles": [{"style": "starlit-swirl", "part": "sea"}]}]}, "invalid_params"),
        ({"regions": [{"mask": "sky", "styles": [{"style": "starlit-swirl", "part": 5}]}]}, "invalid_request"),
        ({"regions": [{"mask": "sky", "styles": [{"style": "starlit-swirl", "part": "data:image/png;base64,!!!"}]}]}, "not_a_picture"),
        ({"regions": [{"mask": "sky", "styles": [{"style": "starlit-swirl", "part": data_url()[:-200]}]}]}, "truncated_picture"),
        ({"style": [{"style": "starlit-swirl", "part": "sky"}]}, "invalid_request"),
        ({"regions": [{"mask": "sky", "colour": "red"}]}, "invalid_request"),
        ({"regions": [{"mask": "sea"}]}, "invalid_params"),
        ({"regions": [{"mask": "data:image/png;base64,"}]}, "not_a_picture"),
        ({"regions": [{"mask": "data:image/png;base64,!!!"}]}, "not_a_picture"),
        ({"regions": [{"mask": data_url()[:-200]}]}, "truncated_picture"),
        ({"regions": [{"mask": data_url(half_mask(64, 96))}]}, "invalid_params"),
        ({"regions": [{"mask": data_url(picture_bytes(mode="L", colour=0))}]}, "invalid_params"),
        ({"isPrivate": "no"}, "invalid_request"),
        ({"isPrivate": None}, "invalid_request"),
        ({"requestId": "short"}, "invalid_request"),
        ({"requestId": "../../../../../../etc/passwd"}, "invalid_request"),
        ({"requestId": "A" * 32}, "invalid_request"),
        ({"params": {"strength": 7}}, "invalid_params"),
        ({"params": {"strength": "0.5"}}, "invalid_params"),
        ({"params": {"iterations": 5000}}, "invalid_request"),
        ({"params": {"preset": ["draft"]}}, "invalid_params"),
        ({"params": []}, "invalid_request"),
        ({"owner": "somebody"}, "invalid_request"),
        ({"webhook": {"url": "ftp://example.org", "secret": "whsec_" + "a" * 32}}, "invalid_request"),
    ],
    ids=str,
)
def test_a_field_that_makes_no_sense_is_refused_before_anything_is_stored(node: Node, change: dict[str, Any], code: str) -> None:
    anna = node.client()
    job_id = an_id()
    (error,) = anna.emit("TRANSFER_STYLE", {"requestId": job_id, **a_submission(), **change})
    assert error["code"] == code, error
    assert anna.emit("WATCH_JOB", {"requestId": job_id})[0]["code"] == "unknown_job"


def test_events_without_a_callback_are_handled(node: Node) -> None:
    anna = node.client()
    job_id = an_id()
    anna.send("TRANSFER_STYLE", a_submission(requestId=job_id))
    anna.send("TRANSFER_STYLE", None)
    anna.send("NO_SUCH_EVENT")
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")


def test_an_unknown_event_is_answered_with_the_known_ones(node: Node) -> None:
    (error,) = node.client().emit("PAINT_ME", {})
    assert error["code"] == "invalid_request"
    assert "TRANSFER_STYLE" in error["error"]


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_a_message_of_80_mb_is_refused_with_a_sentence_and_the_client_stays(node: Node, transport: str) -> None:
    anna = node.client(transports=[transport])
    for _ in range(2):
        (error,) = anna.emit("TRANSFER_STYLE", a_submission(), fill=80_000_000)
        assert error["code"] == "picture_too_large"
        assert "40 MB" in error["error"]
    assert anna.received("disconnect") == []


def test_bytes_of_80_mb_are_refused_with_a_sentence_and_the_client_stays(node: Node) -> None:
    anna = node.client(transports=["websocket"])
    (error,) = anna.emit_bytes("TRANSFER_STYLE", a_submission(), bytes(80_000_000))
    assert error["code"] == "picture_too_large"
    assert anna.received("disconnect") == []


RAW = [
    "",
    "4",
    "9",
    "hello",
    "40",
    "40/elsewhere,",
    "41/elsewhere,",
    "42",
    "42{}",
    "42[]",
    "42[7]",
    "42[[]]",
    "42[null]",
    '42"text"',
    "42[" * 1000,
    '42["connect"]',
    '42["connect",{"asgi.scope":{"type":"http"}},{}]',
    '42["disconnect"]',
    '42["disconnect","transport close"]',
    '42["message too large"]',
    "43",
    "431[]",
    "439999999999[]",
    "44",
    '451-["TRANSFER_STYLE",{"image":{"_placeholder":true,"num":7}}]',
    '45999999999-["TRANSFER_STYLE"]',
    '42999999999999999999999999999999999["LIST_STYLES"]',
    '42["TRANSFER_STYLE",' + "[" * 100_000,
    '42["LIST_IMAGES",{"cursor":"1e999_a","limit":3}]',
    '42["LIST_IMAGES",{"limit":1e400}]',
    '42["WATCH_JOB",{"requestId":NaN}]',
]


@pytest.mark.parametrize("packet", RAW, ids=[packet[:20] or "empty" for packet in RAW])
def test_malformed_packets_do_not_affect_other_clients(node: Node, packet: str) -> None:
    eve, anna = node.client("eve", transports=["websocket"]), node.client("anna")
    eve.raw(packet)
    eve.raw(data=b"\x00\xff" * 50)
    assert anna.emit("LIST_STYLES")[0] is None


@pytest.mark.parametrize("name", ["connect", "disconnect"])
def test_an_event_named_like_one_of_the_librarys_is_unknown(server: Server, name: str) -> None:
    """Client libraries refuse to send it, so it is sent without one."""
    connection = websocket.create_connection(f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket", timeout=60)
    connection.recv()
    connection.send("40")
    connection.recv()
    connection.send(f'4217["{name}", {{"asgi.scope": {{}}}}]')
    assert json.loads(connection.recv().removeprefix("4317"))[0]["code"] == "invalid_request"
    connection.send('4218["LIST_STYLES"]')
    assert json.loads(connection.recv().removeprefix("4318"))[0] is None
    connection.close()


def test_a_flood_is_refused_and_then_disconnected(start: StartServer) -> None:
    server, node = start(events_per_second=20)
    eve, anna = node.client("eve", reconnection=False), node.client("anna")
    found = eve.flood("LIST_STYLES", 5000)
    assert found["refused"] >= 100
    assert found["answered"] < 5000
    assert anna.emit("LIST_STYLES")[0] is None
    assert "Traceback" not in server.log


def test_clients_that_never_read_hold_up_nobody(start: StartServer) -> None:
    server, node = start("instant", events_per_second=2000)
    connections = [attacks.web_socket(server.port) for _ in range(3)]
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        events = b"".join(attacks.frame(b'42%d["LIST_STYLES"]' % number) for number in range(5000))
        attacks.push(connection, attacks.frame(attacks.CONNECT) + events)
    anna = node.client("anna")
    for _ in range(3):
        job_id = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
        anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    assert len({event["result"] for event in anna.received("TRANSFER_STYLE_COMPLETED")}) >= 2
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    "request_line",
    ["GET /socket.io/ HTTP/1.1", "POST /socket.io/?EIO=4&transport=polling HTTP/1.1", "GET /socket.io/?EIO=3&transport=polling HTTP/1.1"],
)
def test_requests_that_are_not_socket_io_are_refused(server: Server, request_line: str) -> None:
    method, path, _ = request_line.split()
    assert httpx.request(method, server.url + path, content=b"junk").status_code == 400


def test_a_client_of_the_old_protocol_receives_an_explanation(server: Server) -> None:
    answer = httpx.get(f"{server.url}/socket.io/?EIO=3&transport=polling")
    assert "unsupported version" in answer.text
