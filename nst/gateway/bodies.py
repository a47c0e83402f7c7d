"""Bodies of requests, read while there is room for them and while they come."""

import asyncio
from dataclasses import dataclass, field

from starlette.types import Message, Receive

from nst.errors import ServerBusy, TooSlow
from nst.gateway.room import Hold, Pace

_PATIENCE = 4  # times the limit


@dataclass
class Body:
    """
    Attributes:
        kept: its beginning.
        come: bytes, those that were forgotten included.
    """

    kept: bytearray = field(default_factory=bytearray)
    come: int = 0


async def read_body(receive: Receive, hold: Hold, limit: int) -> Body | None:
    """The body; of one that is larger than `limit`, no more than so much. None when its sender has left.

    What is beyond the limit, or finds no room, is read and forgotten, for most clients listen only when they have said everything; within
    reason.

    Raises:
        TooSlow: when it does not come.
        ServerBusy: when there was no room for it.
    """
    body, pace, refused = Body(), hold.room.pace(), None
    pace.begin()
    while True:
        message = await _next(receive, pace)
        if message["type"] != "http.request":
            return None
        _take(body, message.get("body", b""), 0 if refused else limit)
        pace.came(len(message.get("body", b"")))
        is_coming = bool(message.get("more_body")) and body.come <= _PATIENCE * limit
        refused = refused or await _settled(body, hold, pace, is_coming)
        if is_coming:
            continue
        if refused is not None:
            raise refused
        return body


async def _next(receive: Receive, pace: Pace) -> Message:
    try:
        async with asyncio.timeout(pace.seconds_left):
            return await receive()
    except TimeoutError:
        raise TooSlow("The message did not come to its end in time. Send it again, on a faster line or as a smaller picture.") from None


def _take(body: Body, piece: bytes, limit: int) -> None:
    body.come += len(piece)
    body.kept += piece[: max(0, limit - len(body.kept))]


async def _settled(body: Body, hold: Hold, pace: Pace, is_coming: bool) -> ServerBusy | None:
    """Waits for room, unless the body is complete or gets none: then there is nothing left of it."""
    hold.resize(len(body.kept), is_coming)
    if not is_coming or hold.may_go_on:
        return None
    try:
        await hold.until_admitted()
        return None
    except ServerBusy as error:
        body.kept.clear()
        hold.release()
        return error
    finally:
        pace.begin()
