"""A memory budget for messages that are incomplete or not handled yet: for all clients together, and for one address.

A sender that exceeds the budget is not read until there is room: its data waits in its own buffers. The oldest
incomplete message may always continue, so that one message gets done however many senders share the budget.

Not thread-safe: all of it belongs to one event loop.
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
"""Copies of a message in memory while it is handled: raw, unframed, parsed."""
FREE_BYTES = 65_536
"""Messages up to this size cost nothing: most are smaller, connections are limited, and as much is buffered in the server anyway."""


@dataclass(frozen=True)
class Timeouts:
    """
    Attributes:
        read: seconds that a message may fall behind `bytes_per_second`, as in Apache's mod_reqtimeout.
        bytes_per_second: of the slowest connection that is served; the largest photo takes a quarter of an hour on it.
        admission: seconds that a sender waits for the budget: less than servers wait for an answer to a ping, which
            is not read meanwhile.
        unread: seconds that the reader of a response may fall behind `unread_bytes_per_second`.
    """

    read: float = 20.0
    bytes_per_second: float = 64_000.0
    admission: float = 10.0
    unread: float = 60.0
    unread_bytes_per_second: float = 4_000.0


class Deadline:
    """The time by which more must arrive. Received bytes extend it, up to the initial `seconds` from now."""

    def __init__(self, seconds: float, bytes_per_second: float, clock: Callable[[], float]) -> None:
        self._seconds, self._bytes_per_second, self._clock = seconds, bytes_per_second, clock
        self._due: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """None while nothing is expected."""
        return None if self._due is None else self._due - self._clock()

    @property
    def has_passed(self) -> bool:
        return self._due is not None and self._clock() > self._due

    def start(self) -> None:
        self._due = self._clock() + self._seconds

    def extend(self, received: int) -> None:
        if self._due is None:
            self.start()
        else:
            self._due = min(self._clock() + self._seconds, self._due + received / self._bytes_per_second)

    def stop(self) -> None:
        """Expect nothing: the message is complete, or the budget does not let it be read."""
        self._due = None


@dataclass
class _Account:
    """What all clients, or one address, have reserved.

    Attributes:
        message: bytes that a message of the largest size needs.
        incomplete: reservations of incomplete messages, the oldest first.
    """

    size: int
    message: int
    used: int = 0
    incomplete: "dict[Reservation, None]" = field(default_factory=dict)

    def admits(self, reservation: "Reservation") -> bool:
        """The oldest may be completed. The others leave room for it, and half a message for what arrives while they stop."""
        if reservation is next(iter(self.incomplete), None):
            return self.used - reservation.cost <= self.size - self.message
        return self.used <= self.size - self.message * 3 // 2


class InboundBudget:
    """
    Args:
        capacity: bytes, copies included. For a moment, one message more may be in memory.
        limit: bytes of the largest message that is accepted. Bytes beyond it are thrown away, so they cost no copies.
    """

    def __init__(self, capacity: int, limit: int, timeouts: Timeouts | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeouts, self._clock, self._limit = timeouts or Timeouts(), clock, limit
        self._message = COPIES * limit
        self._total = self._account(capacity)
        self._share = capacity // 4
        self._by_address: dict[str, _Account] = {}
        self._waiting: dict[Reservation, Callable[[], None]] = {}

    @property
    def used(self) -> int:
        return self._total.used

    @property
    def is_exceeded(self) -> bool:
        """Too many senders have stopped too late."""
        return self._total.used > self._total.size

    def reserve(self, address: str) -> "Reservation":
        return Reservation(self, address)

    def read_deadline(self) -> Deadline:
        """For an incomplete message."""
        return Deadline(self.timeouts.read, self.timeouts.bytes_per_second, self._clock)

    def admission_deadline(self) -> Deadline:
        """For a sender that waits for the budget."""
        return Deadline(self.timeouts.admission, math.inf, self._clock)

    def admits(self, reservation: "Reservation") -> bool:
        """Whether more of its message may be read."""
        return not reservation.cost or all(account.admits(reservation) for account in self._accounts_of(reservation))

    def cost(self, size: int) -> int:
        """Bytes of memory for so many bytes of a message."""
        return size + (COPIES - 1) * min(size, self._limit) if size > FREE_BYTES else 0

    def update(self, reservation: "Reservation", cost: int, is_incomplete: bool) -> None:
        before = reservation.cost
        if not before and not cost:
            return
        for account in self._accounts_of(reservation):
            account.used += cost - before
            if is_incomplete and cost:
                account.incomplete.setdefault(reservation)
            else:
                account.incomplete.pop(reservation, None)
        reservation.cost = cost
        if not self._by_address[reservation.address].used:
            del self._by_address[reservation.address]
        if cost < before or not is_incomplete:
            self._admit_waiting()

    def call_when_admitted(self, reservation: "Reservation", resume: Callable[[], None]) -> None:
        self._waiting[reservation] = resume

    def stop_waiting(self, reservation: "Reservation") -> None:
        self._waiting.pop(reservation, None)

    def _account(self, size: int) -> _Account:
        return _Account(max(size, 2 * self._message), self._message)

    def _accounts_of(self, reservation: "Reservation") -> tuple[_Account, _Account]:
        return self._total, self._by_address.setdefault(reservation.address, self._account(self._share))

    def _admit_waiting(self) -> None:
        for reservation in [reservation for reservation in self._waiting if self.admits(reservation)]:
            if (resume := self._waiting.pop(reservation, None)) is not None:
                resume()


class Reservation:
    """What one sender has reserved of the budget. A context manager that releases it."""

    def __init__(self, budget: InboundBudget, address: str) -> None:
        self.budget, self.address, self.cost = budget, address, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    @property
    def is_admitted(self) -> bool:
        return self.budget.admits(self)

    def resize(self, size: int, is_incomplete: bool) -> None:
        """Count what has arrived, within the budget or beyond it.

        Args:
            size: bytes so far.
            is_incomplete: more is expected.
        """
        self.budget.update(self, self.budget.cost(size), is_incomplete)

    def release(self) -> None:
        self.budget.stop_waiting(self)
        self.budget.update(self, 0, False)

    async def wait_until_admitted(self) -> None:
        """
        Raises:
            ServerBusy: when the budget has no room within `Timeouts.admission`.
        """
        if self.is_admitted:
            return
        if self.budget.is_exceeded:
            raise server_busy()
        admitted = asyncio.Event()
        self.budget.call_when_admitted(self, admitted.set)
        try:
            await asyncio.wait_for(admitted.wait(), self.budget.timeouts.admission)
        except TimeoutError:
            raise server_busy() from None
        finally:
            self.budget.stop_waiting(self)


def server_busy() -> ServerBusy:
    return ServerBusy("The server is receiving more than it can handle. Try again in a moment.")
