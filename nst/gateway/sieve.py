"""What comes in over a socket, before any library reads it: how much, how fast, and how large.

A message above the limit is cut down to its first characters and an error that our handlers know, so that its sender is answered with a
sentence and stays connected. A library would drop the connection without a word; clients then connect again and send it again, for ever.
Who sends faster than a person or a program needs is read more slowly: the flood waits in the flooder's own buffers.
"""

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.errors import PasticheError
from nst.gateway.bodies import read_body
from nst.gateway.body_limit import refused
from nst.gateway.contract import is_tangled
from nst.gateway.limits import Bucket, address_of
from nst.gateway.room import SMALL, Hold, Room

OVERSIZED = "message too large"
"""The event that stands for a message that was cut down. Who sends it himself gets the same answer."""
TOO_LARGE = b"\x00" + OVERSIZED.encode()
"""What stands for a binary attachment that was cut down."""
TANGLED = "message too tangled"
"""The event that stands for a message with more parts than any of ours has."""
MAX_ATTACHMENTS = 1
"""A photo as bytes. The library would wait for as many as a message says, and keep them."""
FRAMES_A_SECOND = 100.0
_NOTHING = "6"
"""A packet of the transport that means nothing."""

_EVENT = re.compile(r"4[25](?:(\d+)-)?(?:/[^,\[]{0,100},)?(\d{0,20})\[")
_BINARY = re.compile(r"45(\d+)-")
_SEPARATOR = b"\x1e"
_LONGEST_HEAD = 200


class Sieve:
    """ASGI around an engine.io server.

    Args:
        limit: of a message, in characters or bytes.
        is_full: asked before a new connection is made, with its address.
        most_at_an_address: WebSockets, whatever they are for.
    """

    def __init__(self, app: ASGIApp, room: Room, limit: int, is_full: Callable[[str], bool], most_at_an_address: int) -> None:
        self._app, self._room, self._limit, self._is_full, self._most = app, room, limit, is_full, most_at_an_address
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"sid=" not in scope.get("query_string", b"") and self._is_full(address_of(scope)):
            await self._refuse(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connected(scope, receive, send)
        elif scope["method"] == "POST":
            await self._posted(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _connected(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        if self._open[address] >= self._most:
            await self._refuse(scope, receive, send)
            return
        self._open[address] += 1
        try:
            await self._app(scope, self._frames(receive), send)
        finally:
            count_down(self._open, address)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "too many connections"})
        else:
            body = {"error": "There are too many connections. Try again in a minute.", "code": "too_many_connections"}
            await JSONResponse(body, 503, {"Retry-After": "60"})(scope, receive, send)

    def _frames(self, receive: Receive) -> Receive:
        pace, was_large = Bucket(FRAMES_A_SECOND), False

        async def receive_sifted() -> Message:
            nonlocal was_large
            if was_large:  # the library keeps the last packet until the next one comes
                was_large = False
                return {"type": "websocket.receive", "text": _NOTHING}
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            while not pace.take():
                await asyncio.sleep(pace.seconds_to_next())
            text, data = message.get("text"), message.get("bytes") or b""
            was_large = len(text or data) > SMALL
            if text is not None:
                return {**message, "text": sifted(text, self._limit)}
            return {**message, "bytes": attachment(data, self._limit)}

        return receive_sifted

    async def _posted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A POST of the polling transport with its packets sifted, in one piece, which is how engine.io reads it."""
        with self._room.hold(address_of(scope)) as hold:
            try:
                body = await self._body(receive, hold)
            except PasticheError as error:
                await refused(error)(scope, receive, send)
                return
            headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
            headers.append((b"content-length", str(len(body["body"])).encode()))
            await self._app({**scope, "headers": headers}, _given(body), send)

    async def _body(self, receive: Receive, hold: Hold) -> Message:
        """Of one that is larger than a message may be, no more than tells so."""
        body = await read_body(receive, hold, self._limit + _LONGEST_HEAD)
        payload = b"" if body is None else sifted_payload(bytes(body.kept), self._limit)
        return {"type": "http.request", "body": payload, "more_body": False}


def sifted(packet: str, limit: int) -> str:
    """A packet as it is, or one that says that it was too large, under the number that its sender waits for."""
    if packet.startswith("b"):  # an attachment, on the polling transport
        return packet if len(packet) <= limit else "b" + base64.b64encode(TOO_LARGE).decode()
    binary = _BINARY.match(packet)
    if len(packet) > limit or (binary is not None and int(binary[1][:9]) > MAX_ATTACHMENTS):
        return _instead(packet, OVERSIZED)
    return _instead(packet, TANGLED) if is_tangled(packet) else packet


def attachment(data: bytes, limit: int) -> bytes:
    return data if len(data) <= limit else TOO_LARGE


def sifted_payload(body: bytes, limit: int) -> bytes:
    packets = body.split(_SEPARATOR)
    for number, packet in enumerate(packets):
        is_followed = packets[number + 1 : number + 2] and packets[number + 1].startswith(b"b")
        # A large packet would be kept beyond this request until its attachment comes, so it has to come with it.
        most = limit if is_followed or not packet.startswith(b"45") else SMALL
        packets[number] = sifted(packet.decode(errors="replace"), most).encode()
    return _SEPARATOR.join(packets)


def count_down(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if counter[name] <= 0:
        del counter[name]


def _instead(packet: str, name: str) -> str:
    """An event under the number that the packet's sender waits for."""
    event = _EVENT.match(packet[:_LONGEST_HEAD])
    return f"42{event[2] if event else ''}{json.dumps([name])}"


def _given(body: Message) -> Receive:
    async def receive_body() -> Message:
        return body

    return receive_body
