"""The memory budget for incoming messages, with a clock of its own; and request bodies that are read within it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from nst.errors import ServerBusy, TooSlow
from nst.gateway.guard.body_limit import read_body
from nst.gateway.guard.memory_budget import COPIES, FREE_BYTES, InboundBudget, Reservation, Timeouts
from nst.gateway.requests import MAX_PARTS, has_too_many_parts
from tests.support.gateway import Clock

LIMIT = 1_000_000
MESSAGE = COPIES * LIMIT


def a_budget(clock: Clock | None = None, capacity: int = 20 * LIMIT, **timeouts: float) -> InboundBudget:
    return InboundBudget(capacity, LIMIT, Timeouts(**timeouts), clock or Clock())


def reserved(budget: InboundBudget, size: int, address: str = "here", is_incomplete: bool = True) -> Reservation:
    reservation = budget.reserve(address)
    reservation.resize(size, is_incomplete)
    return reservation


def test_a_small_message_costs_nothing_and_a_large_one_its_copies() -> None:
    budget = a_budget()
    reserved(budget, FREE_BYTES)
    assert budget.used == 0
    reservation = reserved(budget, LIMIT)
    assert budget.used == MESSAGE
    reservation.resize(LIMIT + 500, True)
    assert budget.used == MESSAGE + 500, "bytes beyond the limit are not copied"
    reservation.release()
    reservation.release()
    assert budget.used == 0


def test_an_address_that_uses_up_its_share_does_not_block_others() -> None:
    budget = a_budget()
    oldest, younger = reserved(budget, LIMIT // 2), reserved(budget, LIMIT // 2)
    assert oldest.is_admitted
    assert not younger.is_admitted
    assert reserved(budget, LIMIT // 2, "elsewhere").is_admitted
    oldest.release()
    assert younger.is_admitted


def test_beyond_the_budget_only_the_oldest_message_continues() -> None:
    budget = a_budget()
    reservations = [reserved(budget, LIMIT // 2, f"address {number}") for number in range(12)]
    assert [reservation.is_admitted for reservation in reservations] == [True, *[False] * 11]
    reservations[0].resize(LIMIT, True)
    assert reservations[0].is_admitted
    assert budget.used <= 20 * LIMIT


def test_complete_messages_that_are_not_handled_block_new_ones() -> None:
    budget = a_budget()
    unhandled = [reserved(budget, LIMIT, is_incomplete=False) for _ in range(2)]
    incoming = reserved(budget, LIMIT // 2)
    assert not incoming.is_admitted
    unhandled[0].release()
    assert incoming.is_admitted


def test_a_budget_smaller_than_a_message_admits_one_message() -> None:
    budget = a_budget(capacity=1)
    assert reserved(budget, LIMIT).is_admitted


def test_a_waiting_sender_is_called_when_the_budget_has_room() -> None:
    budget, called = a_budget(), []
    first, second = reserved(budget, LIMIT // 2), reserved(budget, LIMIT // 2)
    budget.call_when_admitted(second, lambda: called.append("second"))
    assert not called
    first.resize(LIMIT // 2, False)
    assert called == ["second"]


def test_a_sender_has_twenty_seconds_and_received_bytes_extend_them() -> None:
    clock = Clock()
    deadline = a_budget(clock).read_deadline()
    assert not deadline.has_passed
    deadline.start()
    clock.now = 19.0
    deadline.extend(640_000)
    assert deadline.seconds_left == 11.0
    deadline.extend(64_000_000)
    assert deadline.seconds_left == 20.0, "it never exceeds the initial time"
    clock.now = 40.0
    assert deadline.has_passed
    deadline.stop()
    assert not deadline.has_passed


def receiving(*pieces: bytes, unfinished: bool = False) -> Callable[[], Awaitable[Message]]:
    left = list(pieces)

    async def receive() -> Message:
        if not left:
            await asyncio.sleep(60)
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": unfinished or bool(left)}

    return receive


def test_bytes_of_a_body_beyond_the_limit_are_counted_and_thrown_away() -> None:
    budget = a_budget()
    with budget.reserve("here") as reservation:
        body = asyncio.run(read_body(receiving(b"x" * LIMIT, b"y" * LIMIT), reservation, LIMIT))
        assert body is not None
        assert (bytes(body.kept), body.received) == (b"x" * LIMIT, 2 * LIMIT)
        assert budget.used == MESSAGE
    assert budget.used == 0


def test_a_body_that_is_never_completed_is_refused_as_too_slow() -> None:
    budget = a_budget(read=0.05)
    with budget.reserve("here") as reservation, pytest.raises(TooSlow):
        asyncio.run(read_body(receiving(b"x", unfinished=True), reservation, LIMIT))


def test_a_body_beyond_the_budget_is_read_to_its_end_and_refused() -> None:
    budget = a_budget(admission=0.05)
    reserved(budget, LIMIT // 2)
    with budget.reserve("here") as reservation:
        with pytest.raises(ServerBusy):
            asyncio.run(read_body(receiving(b"x" * (LIMIT // 2), b"y", b"z"), reservation, LIMIT))
        assert reservation.cost == 0


def test_only_a_message_with_many_json_parts_has_too_many() -> None:
    picture = "data:image/png;base64," + "aGVsbG8=" * 100_000
    assert not has_too_many_parts(picture)
    assert not has_too_many_parts(picture.encode())
    for nested in ("[]" * MAX_PARTS + "[", "{}," * MAX_PARTS):
        assert has_too_many_parts(nested)
        assert has_too_many_parts(nested.encode())


def test_uvicorn_still_has_the_private_fields_that_are_counted() -> None:
    """When this fails, an upgrade has moved what `websocket_backpressure` counts: memory is unbounded until it counts the new fields."""

    async def made() -> WebSocketsSansIOProtocol:
        return WebSocketsSansIOProtocol(Config(app=lambda: None, ws="websockets-sansio", log_config=None), ServerState(), {})

    protocol = asyncio.run(made())
    assert protocol.queue.qsize() == 0
    assert protocol.frames == []
    assert protocol.read_paused is False
    assert protocol.conn.reader.buffer == b""
    for name in ("data_received", "eof_received", "pause_writing", "resume_writing", "connection_lost", "receive"):
        assert callable(getattr(protocol, name))
