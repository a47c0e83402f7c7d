"""A memory budget shared by threads: a request that exceeds what is free waits for its turn."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """A number of bytes that threads reserve parts of. Small requests have a queue and a share of their own, and never wait for large ones.

    Each queue is strictly first in, first out, so that a large request does not starve while smaller ones pass. A request of more than
    the whole share is granted when nothing else of that share is reserved. A thread must not reserve twice at a time: this rules out
    deadlocks.

    Args:
        total_bytes: both shares together.
        small_bytes: the share of small requests.
        small_request: bytes up to which a request is small.
    """

    def __init__(self, total_bytes: int, small_bytes: int, small_request: int) -> None:
        self._small_request = small_request
        self._small = _Share(small_bytes)
        self._large = _Share(total_bytes - small_bytes)

    @contextmanager
    def reserve(self, requested: int) -> Iterator[None]:
        """Wait until that many bytes are free, and reserve them until the end of the block."""
        share = self._small if requested <= self._small_request else self._large
        share.acquire(requested)
        try:
            yield
        finally:
            share.release(requested)


class _Share:
    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    def acquire(self, requested: int) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is ticket and self._fits(requested))
                self._used += requested
            finally:  # also when the wait was interrupted
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def release(self, requested: int) -> None:
        with self._changed:
            self._used -= requested
            self._changed.notify_all()

    def _fits(self, requested: int) -> bool:
        return not self._used or self._used + requested <= self._size
