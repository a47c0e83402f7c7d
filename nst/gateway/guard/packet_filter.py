"""socket.io packets, checked for size, rate and number of parts before a library reads them.

A message above the limit is replaced by a short event that our handlers know, so that its sender receives an error and
stays connected. The library would close the connection without a word; clients then reconnect and send it again, for ever.
A connection that sends faster than any client needs is read more slowly: the rest waits in the sender's buffers.
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
from nst.gateway.guard.body_limit import error_response, read_body
from nst.gateway.guard.memory_budget import FREE_BYTES, InboundBudget, Reservation
from nst.gateway.guard.rate_limits import TokenBucket, client_address, decrement
from nst.gateway.requests import has_too_many_parts

OVERSIZED = "message too large"
"""The event that replaces a message above the limit. A client that sends it gets the same answer."""
OVERSIZED_ATTACHMENT = b"\x00" + OVERSIZED.encode()
"""What replaces a binary attachment above the limit."""
TOO_MANY_PARTS = "message has too many parts"
"""The event that replaces a message with more parts than the contract allows."""
MAX_ATTACHMENTS = 1
"""A photo as bytes. The library would wait for as many as a message announces, and keep them."""
FRAMES_PER_SECOND = 100.0

_NOOP = "6"  # a packet of engine.io
_EVENT = re.compile(r"4[25](?:(\d+)-)?(?:/[^,\[]{0,100},)?(\d{0,20})\[")
_BINARY = re.compile(r"45(\d+)-")
_SEPARATOR = b"\x1e"
_MAX_HEADER = 200  # characters before a packet's content


class PacketFilter:
    """An ASGI application around an engine.io server.

    Args:
        limit: characters or bytes of a message.
        is_full: asked with a client's address before each new connection.
        max_per_address: WebSockets of one address, before and after the handshake.
    """

    def __init__(self, app: ASGIApp, budget: InboundBudget, limit: int, is_full: Callable[[str], bool], max_per_address: int) -> None:
        self._app, self._budget, self._limit, self._is_full, self._max = app, budget, limit, is_full, max_per_address
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"sid=" not in scope.get("query_string", b"") and self._is_full(client_address(scope)):
            await self._refuse(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["method"] == "POST":
            await self._post(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = client_address(scope)
        if self._open[address] >= self._max:
            await self._refuse(scope, receive, send)
            return
        self._open[address] += 1
        try:
            await self._app(scope, self._filtered(receive), send)
        finally:
            decrement(self._open, address)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "too many connections"})
        else:
            body = {"error": "There are too many connections. Try again in a minute.", "code": "too_many_connections"}
            await JSONResponse(body, 503, {"Retry-After": "60"})(scope, receive, send)

    def _filtered(self, receive: Receive) -> Receive:
        rate, was_large = TokenBucket(FRAMES_PER_SECOND), False

        async def receive_filtered() -> Message:
            nonlocal was_large
            if was_large:  # the library keeps the last packet until the next one comes
                was_large = False
                return {"type": "websocket.receive", "text": _NOOP}
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            await asyncio.sleep(rate.reserve())
            text, data = message.get("text"), message.get("bytes") or b""
            was_large = len(text or data) > FREE_BYTES
            if text is not None:
                return {**message, "text": filter_packet(text, self._limit)}
            return {**message, "bytes": data if len(data) <= self._limit else OVERSIZED_ATTACHMENT}

        return receive_filtered

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Filter a POST of the polling transport, and pass its body in one piece, which is how engine.io reads it."""
        with self._budget.reserve(client_address(scope)) as reservation:
            try:
                body = await self._body(receive, reservation)
            except PasticheError as error:
                await error_response(error)(scope, receive, send)
                return
            headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
            headers.append((b"content-length", str(len(body)).encode()))
            await self._app({**scope, "headers": headers}, _receive(body), send)

    async def _body(self, receive: Receive, reservation: Reservation) -> bytes:
        """Of an oversized one, only as much as shows that it is."""
        body = await read_body(receive, reservation, self._limit + _MAX_HEADER)
        return b"" if body is None else filter_payload(bytes(body.kept), self._limit)


def filter_packet(packet: str, limit: int) -> str:
    """The packet, or in place of one that is too large or has too many parts, an event with the same acknowledgement number."""
    if packet.startswith("b"):  # an attachment, on the polling transport
        return packet if len(packet) <= limit else "b" + base64.b64encode(OVERSIZED_ATTACHMENT).decode()
    binary = _BINARY.match(packet)
    if len(packet) > limit or (binary is not None and int(binary[1][:9]) > MAX_ATTACHMENTS):
        return _replacement(packet, OVERSIZED)
    return _replacement(packet, TOO_MANY_PARTS) if has_too_many_parts(packet) else packet


def filter_payload(body: bytes, limit: int) -> bytes:
    """Filter each packet of a POST."""
    packets = body.split(_SEPARATOR)
    for number, packet in enumerate(packets):
        is_followed = packets[number + 1 : number + 2] and packets[number + 1].startswith(b"b")
        # The library would keep a large packet after this request until its attachment comes, so both must come together.
        largest = limit if is_followed or not packet.startswith(b"45") else FREE_BYTES
        packets[number] = filter_packet(packet.decode(errors="replace"), largest).encode()
    return _SEPARATOR.join(packets)


def _replacement(packet: str, event: str) -> str:
    found = _EVENT.match(packet[:_MAX_HEADER])
    return f"42{found[2] if found else ''}{json.dumps([event])}"


def _receive(body: bytes) -> Receive:
    async def receive_body() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body
