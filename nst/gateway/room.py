"""Room for what programs have sent and what is not dealt with yet: so much for all, so much for an address, and so long to say it.

Who finds no room waits, and meanwhile is not read: what he sends stays in his own buffers. Whose message is the oldest one under way may
go on while the others wait, so that however many share the room, somebody gets done. Memory is bounded by this, whatever strangers send.

All of it belongs to one event loop.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from nst.errors import ServerBusy

COPIES = 3
"""A message that is dealt with is there so often: as it came, without the transport's own words, and parsed."""
SMALL = 65_536
"""Bytes that a sender has for nothing: most messages are smaller, and connections are counted. As much lies unread in the server anyway."""


@dataclass(frozen=True)
class Patience:
    """
    Attributes:
        silence: seconds that a message may fall behind; as Apache's mod_reqtimeout has it for the body of a request.
        slowest: bytes a second of a line that is too slow: a photo of the largest size would take seven minutes on it.
        room: seconds that a sender waits for room. Less than servers wait for an answer to a ping, which is not read meanwhile.
    """

    silence: float = 20.0
    slowest: float = 64_000.0
    room: float = 10.0


class Pace:
    """By when something must have come. Each piece earns its sender time, up to what there was at first."""

    def __init__(self, seconds: float, slowest: float, clock: Callable[[], float]) -> None:
        self._seconds, self._slowest, self._clock = seconds, slowest, clock
        self._due: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """None while nothing is expected."""
        return None if self._due is None else self._due - self._clock()

    @property
    def is_overdue(self) -> bool:
        return self._due is not None and self._clock() > self._due

    def begin(self) -> None:
        self._due = self._clock() + self._seconds

    def came(self, count: int) -> None:
        if self._due is None:
            self.begin()
        else:
            self._due = min(self._clock() + self._seconds, self._due + count / self._slowest)

    def rest(self) -> None:
        """Nothing is expected: the message is complete, or it is not read for want of room."""
        self._due = None


@dataclass
class _Account:
    """What is held by all, or by one address.

    Attributes:
        message: what a message of the largest size needs.
        coming: holds of messages that are not complete, the oldest first.
    """

    size: int
    message: int
    used: int = 0
    coming: "dict[Hold, None]" = field(default_factory=dict)

    def admits(self, hold: "Hold") -> bool:
        """The oldest may be completed; the others leave it a message's room, and half of one for what is on the way when they stop."""
        if hold is next(iter(self.coming), None):
            return self.used - hold.cost <= self.size - self.message
        return self.used <= self.size - self.message * 3 // 2


class Room:
    """
    Args:
        capacity: bytes, copies included. A message more may be there for a moment.
        limit: bytes of the largest message that is taken. What is beyond it costs no copies, for it is thrown away.
    """

    def __init__(self, capacity: int, limit: int, patience: Patience | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.patience, self._clock, self._limit = patience or Patience(), clock, limit
        self._message = COPIES * limit
        self._all = self._account(capacity)
        self._share = capacity // 4
        self._by_address: dict[str, _Account] = {}
        self._waiting: dict[Hold, Callable[[], None]] = {}

    @property
    def used(self) -> int:
        return self._all.used

    @property
    def is_overfull(self) -> bool:
        """Too many have stopped too late."""
        return self._all.used > self._all.size

    def hold(self, address: str) -> "Hold":
        return Hold(self, address)

    def pace(self) -> Pace:
        """Of a message that comes."""
        return Pace(self.patience.silence, self.patience.slowest, self._clock)

    def wait(self) -> Pace:
        """Of a sender that waits for room."""
        return Pace(self.patience.room, math.inf, self._clock)

    def admits(self, hold: "Hold") -> bool:
        """Whether more of its message may come."""
        return all(account.admits(hold) for account in self._accounts_of(hold)) if hold.cost else True

    def cost(self, size: int) -> int:
        return size + (COPIES - 1) * min(size, self._limit) if size > SMALL else 0

    def change(self, hold: "Hold", cost: int, is_coming: bool) -> None:
        before = hold.cost
        if not before and not cost:
            return
        for account in self._accounts_of(hold):
            account.used += cost - before
            if is_coming and cost:
                account.coming.setdefault(hold)
            else:
                account.coming.pop(hold, None)
        hold.cost = cost
        self._forget(hold.address)
        if cost < before or not is_coming:
            self._call_those_who_wait()

    def call_when_admitted(self, hold: "Hold", go_on: Callable[[], None]) -> None:
        self._waiting[hold] = go_on

    def wait_no_more(self, hold: "Hold") -> None:
        self._waiting.pop(hold, None)

    def _account(self, size: int) -> _Account:
        return _Account(max(size, 2 * self._message), self._message)

    def _accounts_of(self, hold: "Hold") -> tuple[_Account, _Account]:
        return self._all, self._by_address.setdefault(hold.address, self._account(self._share))

    def _forget(self, address: str) -> None:
        if not self._by_address[address].used:
            del self._by_address[address]

    def _call_those_who_wait(self) -> None:
        for hold in [hold for hold in self._waiting if self.admits(hold)]:
            if (go_on := self._waiting.pop(hold, None)) is not None:
                go_on()


class Hold:
    """What one sender has in the room."""

    def __init__(self, room: Room, address: str) -> None:
        self.room, self.address, self.cost = room, address, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    @property
    def may_go_on(self) -> bool:
        return self.room.admits(self)

    def resize(self, size: int, is_coming: bool) -> None:
        """So many bytes of it have come, whether there was room or not; and there is more to come, or not."""
        self.room.change(self, self.room.cost(size), is_coming)

    def release(self) -> None:
        self.room.wait_no_more(self)
        self.room.change(self, 0, False)

    async def until_admitted(self) -> None:
        """
        Raises:
            ServerBusy: when there is no room for too long.
        """
        if self.may_go_on:
            return
        if self.room.is_overfull:
            raise busy()
        admitted = asyncio.Event()
        self.room.call_when_admitted(self, admitted.set)
        try:
            await asyncio.wait_for(admitted.wait(), self.room.patience.room)
        except TimeoutError:
            raise busy() from None
        finally:
            self.room.wait_no_more(self)


def busy() -> ServerBusy:
    return ServerBusy("More is being sent than can be dealt with at a time. Try again in a moment.")
