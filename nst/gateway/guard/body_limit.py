"""HTTP request bodies: size, time and the memory budget, checked while they arrive."""

import asyncio
from dataclasses import dataclass, field

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.errors import PasticheError, ServerBusy, TooSlow
from nst.gateway.error_codes import error_body, http_status
from nst.gateway.guard.memory_budget import Deadline, InboundBudget, Reservation
from nst.gateway.guard.rate_limits import client_address
from nst.gateway.requests import has_too_many_parts, too_large, too_many_parts

RETRY_SECONDS = 10
_MAX_DRAINED = 4
"""Times the limit: bytes that are read of a body that is refused, because most clients read the answer only when they have sent it all."""


class BodyLimit:
    """Middleware: answers a body that is too large, too slow or beyond the memory budget. Releases the budget after the answer.

    Args:
        limit: bytes of a body.
        max_bytes: bytes of the picture in it, for the error sentence.
    """

    def __init__(self, app: ASGIApp, budget: InboundBudget, limit: int, max_bytes: int) -> None:
        self._app, self._budget, self._limit, self._max_bytes = app, budget, limit, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._budget.reserve(client_address(scope)) as reservation:
            try:
                body = await self._body(receive, reservation)
            except PasticheError as error:
                await error_response(error)(scope, receive, send)
                return
            if body is not None:
                await self._app(scope, replayed(body, receive), send)

    async def _body(self, receive: Receive, reservation: Reservation) -> list[Message] | None:
        body = await read_body(receive, reservation, self._limit)
        if body is None:
            return None
        if body.received > self._limit:
            raise too_large(self._max_bytes)
        if has_too_many_parts(body.kept):
            raise too_many_parts()
        return [{"type": "http.request", "body": bytes(body.kept), "more_body": False}]


def error_response(error: PasticheError) -> JSONResponse:
    """The answer to a request whose body was not read, or not all of it."""
    status = http_status(error)
    retry = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return JSONResponse(error_body(error), status, {"Connection": "close", **retry})


def replayed(messages: list[Message], receive: Receive) -> Receive:
    """A `receive` that gives these messages, the last one first, and then what `receive` gives."""

    async def receive_body() -> Message:
        return messages.pop() if messages else await receive()

    return receive_body


@dataclass
class Body:
    """
    Attributes:
        kept: its beginning.
        received: bytes, including those that were thrown away.
    """

    kept: bytearray = field(default_factory=bytearray)
    received: int = 0


async def read_body(receive: Receive, reservation: Reservation, limit: int) -> Body | None:
    """Read a request's body, and keep at most `limit` bytes of it. None when the client has disconnected.

    Raises:
        TooSlow: when it falls behind `Timeouts.bytes_per_second`.
        ServerBusy: when the memory budget has no room for it.
    """
    body, deadline, refused = Body(), reservation.budget.read_deadline(), None
    deadline.start()
    while True:
        message = await _next(receive, deadline)
        if message["type"] != "http.request":
            return None
        _append(body, message.get("body", b""), 0 if refused else limit)
        deadline.extend(len(message.get("body", b"")))
        is_incomplete = bool(message.get("more_body")) and body.received <= _MAX_DRAINED * limit
        refused = refused or await _admission(body, reservation, deadline, is_incomplete)
        if is_incomplete:
            continue
        if refused is not None:
            raise refused
        return body


async def _next(receive: Receive, deadline: Deadline) -> Message:
    try:
        async with asyncio.timeout(deadline.seconds_left):
            return await receive()
    except TimeoutError:
        raise TooSlow("The message took too long to arrive. Send it on a faster connection, or send a smaller picture.") from None


def _append(body: Body, piece: bytes, limit: int) -> None:
    body.received += len(piece)
    body.kept += piece[: max(0, limit - len(body.kept))]


async def _admission(body: Body, reservation: Reservation, deadline: Deadline, is_incomplete: bool) -> ServerBusy | None:
    """Wait for the memory budget, unless the body is complete. If it is refused, throw away what has arrived."""
    reservation.resize(len(body.kept), is_incomplete)
    if not is_incomplete or reservation.is_admitted:
        return None
    try:
        await reservation.wait_until_admitted()
        return None
    except ServerBusy as error:
        body.kept.clear()
        reservation.release()
        return error
    finally:
        deadline.start()
