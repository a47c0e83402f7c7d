"""The room for what programs send, with a clock of its own; and bodies that are read into it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from nst.errors import ServerBusy, TooSlow
from nst.gateway.bodies import read_body
from nst.gateway.contract import MOST_PARTS, is_tangled
from nst.gateway.room import COPIES, SMALL, Hold, Patience, Room
from tests.gateway.test_parts import Clock

LIMIT = 1_000_000
MESSAGE = COPIES * LIMIT


def a_room(clock: Clock | None = None, capacity: int = 20 * LIMIT, **patience: float) -> Room:
    return Room(capacity, LIMIT, Patience(**patience), clock or Clock())


def holding(room: Room, size: int, address: str = "here", is_coming: bool = True) -> Hold:
    hold = room.hold(address)
    hold.resize(size, is_coming)
    return hold


def test_what_is_small_costs_nothing_and_what_is_large_its_copies() -> None:
    room = a_room()
    holding(room, SMALL)
    assert room.used == 0
    hold = holding(room, LIMIT)
    assert room.used == MESSAGE
    hold.resize(LIMIT + 500, True)
    assert room.used == MESSAGE + 500, "what is thrown away is not copied"
    hold.release()
    hold.release()
    assert room.used == 0


def test_an_address_has_its_share_and_others_are_not_held_up() -> None:
    room = a_room()
    oldest, younger = holding(room, LIMIT // 2), holding(room, LIMIT // 2)
    assert oldest.may_go_on
    assert not younger.may_go_on
    assert holding(room, LIMIT // 2, "elsewhere").may_go_on
    oldest.release()
    assert younger.may_go_on


def test_when_the_room_is_full_the_oldest_message_of_all_goes_on() -> None:
    room = a_room()
    holds = [holding(room, LIMIT // 2, f"address {number}") for number in range(12)]
    assert [hold.may_go_on for hold in holds] == [True, *[False] * 11]
    holds[0].resize(LIMIT, True)
    assert holds[0].may_go_on
    assert room.used <= 20 * LIMIT


def test_what_waits_to_be_dealt_with_holds_up_what_comes() -> None:
    room = a_room()
    dealt_with = [holding(room, LIMIT, is_coming=False) for _ in range(2)]
    coming = holding(room, LIMIT // 2)
    assert not coming.may_go_on
    dealt_with[0].release()
    assert coming.may_go_on


def test_a_room_that_is_too_small_has_room_for_one_message_nevertheless() -> None:
    room = a_room(capacity=1)
    assert holding(room, LIMIT).may_go_on


def test_who_waits_is_called_when_there_is_room() -> None:
    room, called = a_room(), []
    first, second = holding(room, LIMIT // 2), holding(room, LIMIT // 2)
    room.call_when_admitted(second, lambda: called.append("second"))
    assert not called
    first.resize(LIMIT // 2, False)
    assert called == ["second"]


def test_a_sender_has_twenty_seconds_and_earns_more_by_sending() -> None:
    clock = Clock()
    pace = a_room(clock).pace()
    assert not pace.is_overdue
    pace.begin()
    clock.now = 19.0
    pace.came(640_000)
    assert pace.seconds_left == 11.0
    pace.came(64_000_000)
    assert pace.seconds_left == 20.0, "nobody saves up for a long silence"
    clock.now = 40.0
    assert pace.is_overdue
    pace.rest()
    assert not pace.is_overdue


def from_pieces(*pieces: bytes, silent: bool = False) -> Callable[[], Awaitable[Message]]:
    left = list(pieces)

    async def receive() -> Message:
        if not left:
            await asyncio.sleep(60)
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": silent or bool(left)}

    return receive


def test_a_body_is_read_and_what_is_beyond_the_limit_is_forgotten() -> None:
    room = a_room()
    with room.hold("here") as hold:
        body = asyncio.run(read_body(from_pieces(b"x" * LIMIT, b"y" * LIMIT), hold, LIMIT))
        assert body is not None
        assert (body.kept, body.come) == (b"x" * LIMIT, 2 * LIMIT)
        assert room.used == MESSAGE
    assert room.used == 0


def test_a_body_that_does_not_come_to_its_end_is_given_up() -> None:
    room = a_room(silence=0.05)
    with room.hold("here") as hold, pytest.raises(TooSlow):
        asyncio.run(read_body(from_pieces(b"x", silent=True), hold, LIMIT))


def test_a_body_that_finds_no_room_is_read_to_its_end_and_refused() -> None:
    room = a_room(room=0.05)
    holding(room, LIMIT // 2)
    with room.hold("here") as hold:
        with pytest.raises(ServerBusy):
            asyncio.run(read_body(from_pieces(b"x" * (LIMIT // 2), b"y", b"z"), hold, LIMIT))
        assert hold.cost == 0


def test_a_message_of_many_parts_is_told_from_a_picture() -> None:
    picture = "data:image/png;base64," + "aGVsbG8=" * 100_000
    assert not is_tangled(picture)
    assert not is_tangled(picture.encode())
    for tangled in ("[]" * MOST_PARTS + "[", "{}," * MOST_PARTS):
        assert is_tangled(tangled)
        assert is_tangled(tangled.encode())


def test_uvicorn_still_has_what_is_looked_at() -> None:
    """When this fails, an update has moved what nst/gateway/lines.py counts, and memory is not bounded until it counts the new thing."""

    async def made() -> WebSocketsSansIOProtocol:
        return WebSocketsSansIOProtocol(Config(app=lambda: None, ws="websockets-sansio", log_config=None), ServerState(), {})

    protocol = asyncio.run(made())
    assert protocol.queue.qsize() == 0
    assert protocol.frames == []
    assert protocol.read_paused is False
    assert protocol.conn.reader.buffer == b""
    for name in ("data_received", "eof_received", "pause_writing", "resume_writing", "connection_lost", "receive"):
        assert callable(getattr(protocol, name))
