"""The pace of pages' messages: nothing that a page does is slowed, floods wait, and what a closed connection left behind is dropped."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from starlette.types import Message

from nst.gateway.guard import page_messages
from nst.gateway.guard.page_messages import (
    MAX_BYTES,
    MAX_BYTES_WITH_MASKS,
    MAX_COMPUTING,
    MAX_UNREAD,
    MESSAGES_AT_ONCE,
    MESSAGES_PER_SECOND,
    PacedReceive,
)
from nst.gateway.guard.page_messages import PageMessages as Pages
from tests.support.virtual_time import run


class Wire:
    """A connection whose client has sent everything already."""

    def __init__(self, messages: int, message: Message | None = None) -> None:
        self.unread, self.has_left, self.closed = messages, False, 0
        self._message = message or {"type": "websocket.receive", "bytes": b""}

    def close(self, code: int, reason: str) -> None:
        assert reason
        self.closed, self.has_left = code, True

    async def receive(self) -> Message:
        if not self.unread:
            return {"type": "websocket.disconnect", "code": 1000}
        self.unread -= 1
        return self._message


def paced(wire: Wire, pages: Pages | None = None, address: str = "here") -> PacedReceive:
    return (pages or Pages(lambda: 0)).paced(wire.receive, address, wire)


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await work()
    return loop.time() - begin


async def take(receive: PacedReceive, messages: int) -> None:
    for _ in range(messages):
        assert (await receive())["type"] == "websocket.receive"
    receive.end_turn()


def test_as_many_as_a_page_sends_at_once_do_not_wait_and_more_do() -> None:
    async def main() -> None:
        receive = paced(Wire(100))
        assert await seconds(lambda: take(receive, MESSAGES_AT_ONCE)) == pytest.approx(0)
        assert await seconds(lambda: take(receive, 5)) == pytest.approx(5 / MESSAGES_PER_SECOND)

    run(main())


@pytest.mark.parametrize(("tabs", "rate"), [(1, 8.0), (10, 1.4), (30, 1.4)])
def test_real_use_is_not_slowed(tabs: int, rate: float) -> None:
    """Held arrow keys, ten tabs with sketches that grow, and thirty people behind one address, for ten minutes."""

    async def tab(pages: Pages) -> None:
        wire = Wire(0)
        receive = paced(wire, pages)
        for _ in range(round(600 * rate)):
            await asyncio.sleep(1 / rate)
            wire.unread += 1
            assert await seconds(partial(take, receive, 1)) < 0.001

    async def main() -> None:
        pages = Pages(lambda: 0)
        await asyncio.gather(*(tab(pages) for _ in range(tabs)))

    run(main())


def test_the_connections_of_an_address_share_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_messages, "ADDRESS_MESSAGES_AT_ONCE", 10)
    monkeypatch.setattr(page_messages, "ADDRESS_MESSAGES_PER_SECOND", 10.0)

    async def main() -> None:
        pages = Pages(lambda: 0)
        one, two, other = (paced(Wire(100), pages, address) for address in ("here", "here", "elsewhere"))
        await asyncio.gather(take(one, 5), take(two, 5))
        assert await seconds(lambda: asyncio.gather(take(one, 3), take(two, 3))) == pytest.approx(0.6)
        assert await seconds(lambda: take(other, 5)) == pytest.approx(0)

    run(main())


def test_addresses_take_turns() -> None:
    async def main() -> None:
        pages, order = Pages(lambda: 0), []

        async def client(address: str) -> None:
            receive = paced(Wire(3), pages, address)
            for _ in range(3):
                await receive()
                order.append(address)
                await asyncio.sleep(0.01)  # Streamlit handles it; meanwhile it is nobody else's turn
            receive.end_turn()

        await asyncio.gather(*(client("flooder") for _ in range(5)), client("visitor"))
        assert order.index("visitor") <= 2
        assert order[:6].count("visitor") >= 2

    run(main())


def test_the_event_loop_has_a_pause_after_each_message() -> None:
    async def main() -> None:
        pages = Pages(lambda: 0)
        slow, other = paced(Wire(9), pages), paced(Wire(9), pages)
        await slow()
        await asyncio.sleep(0.1)
        slow.end_turn()
        assert await seconds(other) == pytest.approx(0.3)

    run(main())


def test_a_message_waits_while_many_scripts_compute_but_not_for_ever() -> None:
    async def main() -> None:
        crowded = paced(Wire(9), Pages(lambda: MAX_COMPUTING))
        assert await seconds(crowded) == pytest.approx(0.5, abs=0.05)

    run(main())


def test_an_application_that_never_asks_for_the_next_message_holds_up_no_other_page() -> None:
    async def main() -> None:
        pages = Pages(lambda: 0)
        await paced(Wire(9), pages)()
        assert await seconds(paced(Wire(9), pages)) == pytest.approx(2)  # its second, and the longest pause

    run(main())


def test_what_a_closed_connection_left_behind_is_dropped_at_once() -> None:
    async def main() -> None:
        wire = Wire(100)
        receive = paced(wire)
        await take(receive, MESSAGES_AT_ONCE)
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0.01)
        wire.has_left = True
        assert (await waiting)["type"] == "websocket.disconnect"
        assert wire.unread == 100 - MESSAGES_AT_ONCE - 1

    run(main())


@pytest.mark.parametrize(
    ("messages", "message", "code"),
    [
        (MAX_UNREAD + 2, {"type": "websocket.receive", "bytes": b""}, 1008),
        (1, {"type": "websocket.receive", "bytes": bytes(MAX_BYTES + 1)}, 1009),
        (1, {"type": "websocket.receive", "bytes": b"a.png\0" * 5000}, 1009),
        (1, {"type": "websocket.receive", "bytes": b"a" * (MAX_BYTES_WITH_MASKS + 1)}, 1009),
        (1, {"type": "websocket.receive", "text": "hello"}, 1003),
    ],
)
def test_a_connection_that_sends_what_no_page_sends_is_closed(messages: int, message: Message, code: int) -> None:
    async def main() -> None:
        wire = Wire(messages, message)
        assert (await paced(wire)())["type"] == "websocket.disconnect"
        assert wire.closed == code

    run(main())


def test_masks_may_have_more_bytes_than_other_messages() -> None:
    async def main() -> None:
        masks = b'{"masks":[' + b",".join(b'{"png":"%s"}' % (b"iVBORw0KGgo" * 9000) for _ in range(6)) + b"]}"
        wire = Wire(1, {"type": "websocket.receive", "bytes": masks})
        assert (await paced(wire)())["bytes"] == masks
        assert not wire.closed

    run(main())


def test_a_page_that_is_cancelled_while_it_waits_leaves_its_turn_to_the_next() -> None:
    async def main() -> None:
        pages = Pages(lambda: 0)
        first, second, third = (paced(Wire(9), pages) for _ in range(3))
        await first()  # and is handling its message
        waiting, next_one = asyncio.create_task(second()), asyncio.create_task(third())
        await asyncio.sleep(0.01)
        waiting.cancel()
        first.end_turn()
        assert (await next_one)["type"] == "websocket.receive"

    run(main())
