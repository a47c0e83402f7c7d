"""How much a request may bring, counted while it comes."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nst.errors import PasticheError
from nst.gateway.codes import refusal, status_of

_PATIENCE = 4  # times the limit


class BodyLimit:
    """Middleware: a request whose body is larger than `limit` is answered with `error`.

    What is beyond the limit is read and forgotten, for most clients listen only when they have said everything; within reason.
    """

    def __init__(self, app: ASGIApp, limit: int, error: PasticheError) -> None:
        self._app, self._limit, self._error = app, limit, error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, come = bytearray(), 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            piece = message.get("body", b"")
            come += len(piece)
            body += piece if come <= self._limit else b""
            if not message.get("more_body") or come > _PATIENCE * self._limit:
                break
        if come > self._limit:
            await JSONResponse(refusal(self._error), status_of(self._error), {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _once(bytes(body), receive), send)


def _once(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, and behind it whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_body() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_body
