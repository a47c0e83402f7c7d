"""How much a request may bring, and how long it may take: counted while it comes."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.errors import PasticheError
from nst.gateway.bodies import read_body
from nst.gateway.codes import refusal, status_of
from nst.gateway.contract import is_tangled, too_large, too_tangled
from nst.gateway.limits import address_of
from nst.gateway.room import Hold, Room

RETRY_SECONDS = 10


class BodyLimit:
    """Middleware: a body that is too large, too slow, or finds no room is answered with a sentence. Its room is free after the answer.

    Args:
        limit: of a body, in bytes.
        max_bytes: of the picture in it, for the sentence.
    """

    def __init__(self, app: ASGIApp, room: Room, limit: int, max_bytes: int) -> None:
        self._app, self._room, self._limit, self._max_bytes = app, room, limit, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._room.hold(address_of(scope)) as hold:
            try:
                body = await self._body(receive, hold)
            except PasticheError as error:
                await refused(error)(scope, receive, send)
                return
            if body is not None:
                await self._app(scope, _once(body, receive), send)

    async def _body(self, receive: Receive, hold: Hold) -> list[Message] | None:
        body = await read_body(receive, hold, self._limit)
        if body is None:
            return None
        if body.come > self._limit:
            raise too_large(self._max_bytes)
        if is_tangled(body.kept):
            raise too_tangled()
        return [{"type": "http.request", "body": bytes(body.kept), "more_body": False}]


def refused(error: PasticheError) -> JSONResponse:
    """The answer to a request whose body was not taken, or not all of it."""
    status = status_of(error)
    retry = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return JSONResponse(refusal(error), status, {"Connection": "close", **retry})


def _once(waiting: list[Message], receive: Receive) -> Receive:
    """The body in one piece, and behind it whatever comes."""

    async def receive_body() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_body
