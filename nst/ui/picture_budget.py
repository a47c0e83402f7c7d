"""Limits on pictures in drafts: the memory for those that pages keep, and how many one network has decoded at a time."""

import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from nst.errors import ServerBusy

DECODED_AT_A_TIME = 2
"""Of one network. Large pictures wait for each other's memory: the others' would wait for all pages that one network can open."""


class PictureBudget:
    """Counts the memory of pictures in drafts, and limits decoding to a few pictures of a network at a time. Thread-safe.

    Args:
        capacity: bytes of all pictures; one network may have half of them.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._numbers = count()
        self._kept: dict[int, tuple[str, int]] = {}
        self._decoding: Counter[str] = Counter()
        self._threads: set[int] = set()
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, size: int, network: str) -> Iterator[Callable[[object, int], None]]:
        """Wait for the network's turn to decode a picture of `size` bytes, and count them until the end of the block.

        The block is given a function that takes a picture and its size, and counts it from then on until nothing refers to it any more.

        Raises:
            ServerBusy: when the picture goes beyond the budget.
        """
        number = self._admit(size, network)
        try:
            with self._turn(network):
                yield lambda picture, kept: self._keep(picture, network, kept)
        finally:
            del self._kept[number]

    def decodes(self, thread: int) -> bool:
        """Whether a thread, by its identifier, has its turn. Decoders do not hold up Python's other threads."""
        return thread in self._threads

    def _admit(self, size: int, network: str) -> int:
        with self._changed:
            used: Counter[str] = Counter()
            for owner, kept in list(self._kept.values()):
                used[owner] += kept
            if used.total() + size > self._capacity or used[network] + size > self._capacity // 2:
                raise ServerBusy(
                    "Too many pictures are open at the moment. Close pages that you do not need, or try again in a few minutes."
                )
            number = next(self._numbers)
            self._kept[number] = (network, size)
            return number

    def _keep(self, picture: object, network: str, size: int) -> None:
        number = next(self._numbers)
        self._kept[number] = (network, size)
        weakref.finalize(picture, self._kept.pop, number)

    @contextmanager
    def _turn(self, network: str) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._decoding[network] < DECODED_AT_A_TIME)
            self._decoding[network] += 1
        self._threads.add(threading.get_ident())
        try:
            yield
        finally:
            self._threads.discard(threading.get_ident())
            with self._changed:
                self._decoding[network] -= 1
                self._decoding += Counter()  # drops networks at zero
                self._changed.notify_all()
