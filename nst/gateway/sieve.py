"""What comes in over a socket, before any library reads it: how much, how fast, and how large.

A message above the limit is cut down to its first characters and an error that our handlers know, so that its sender is answered with a
sentence and stays connected. A library would drop the connection without a word; clients then connect again and send it again, for ever.
Who sends faster than a person or a program needs is read more slowly: the flood waits in the flooder's own buffers.
"""

import asyncio
import base64
import json
import re
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.gateway.limits import Bucket

OVERSIZED = "message too large"
"""The event that stands for a message that was cut down. Who sends it himself gets the same answer."""
TOO_LARGE = b"\x00" + OVERSIZED.encode()
"""What stands for a binary attachment that was cut down."""
MAX_ATTACHMENTS = 1
"""A photo as bytes. The library would wait for as many as a message says, and keep them."""
FRAMES_A_SECOND = 100.0

_EVENT = re.compile(r"4[25](?:(\d+)-)?(?:/[^,\[]{0,100},)?(\d{0,20})\[")
_BINARY = re.compile(r"45(\d+)-")
_SEPARATOR = b"\x1e"
_LONGEST_HEAD = 200


class Sieve:
    """ASGI around an engine.io server.

    Args:
        limit: of a message, in characters or bytes.
        is_full: asked before a new connection is made.
    """

    def __init__(self, app: ASGIApp, limit: int, is_full: Callable[[], bool]) -> None:
        self._app, self._limit, self._is_full = app, limit, is_full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"sid=" not in scope.get("query_string", b"") and self._is_full():
            await self._refuse(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, self._frames(receive), send)
        elif scope["method"] == "POST":
            await self._app(*await self._posted(scope, receive), send)
        else:
            await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "too many connections"})
        else:
            body = {"error": "There are too many connections. Try again in a minute.", "code": "too_many_connections"}
            await JSONResponse(body, 503, {"Retry-After": "60"})(scope, receive, send)

    def _frames(self, receive: Receive) -> Receive:
        pace = Bucket(FRAMES_A_SECOND)

        async def receive_sifted() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            while not pace.take():
                await asyncio.sleep(pace.seconds_to_next())
            if (text := message.get("text")) is not None:
                return {**message, "text": sifted(text, self._limit)}
            return {**message, "bytes": attachment(message.get("bytes") or b"", self._limit)}

        return receive_sifted

    async def _posted(self, scope: Scope, receive: Receive) -> tuple[dict[str, Any], Receive]:
        """A POST of the polling transport with its packets sifted, in one piece, which is how engine.io reads it."""
        body = sifted_payload(await _read(receive, self._limit), self._limit)
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]

        async def receive_body() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        return {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}, receive_body


def sifted(packet: str, limit: int) -> str:
    """A packet as it is, or one that says that it was too large, under the number that its sender waits for."""
    if packet.startswith("b"):  # an attachment, on the polling transport
        return packet if len(packet) <= limit else "b" + base64.b64encode(TOO_LARGE).decode()
    binary = _BINARY.match(packet)
    if len(packet) <= limit and (binary is None or int(binary[1][:9]) <= MAX_ATTACHMENTS):
        return packet
    event = _EVENT.match(packet[:_LONGEST_HEAD])
    return f"42{event[2] if event else ''}{json.dumps([OVERSIZED])}"


def attachment(data: bytes, limit: int) -> bytes:
    return data if len(data) <= limit else TOO_LARGE


def sifted_payload(body: bytes, limit: int) -> bytes:
    return _SEPARATOR.join(sifted(packet.decode(errors="replace"), limit).encode() for packet in body.split(_SEPARATOR))


async def _read(receive: Receive, limit: int) -> bytes:
    """The body; of one that is larger than a message may be, no more than tells so. The rest is read and forgotten."""
    kept = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(kept)
        kept += message.get("body", b"")[: max(0, limit + _LONGEST_HEAD - len(kept))]
        if not message.get("more_body"):
            return bytes(kept)
