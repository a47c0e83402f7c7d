"""The first page of the gallery, read for all visitors of this process together: it does not matter to the store how many there are."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from nst.domain import FeedOrder, Page
from nst.store.ports import Feed

HEAD_SECONDS = 2.0  # the greatest age of a page that is shown
_MOST = 64  # pages that are kept: one for each style and order that somebody looks at
_Key = tuple[int, str | None, FeedOrder]


@dataclass(frozen=True)
class _Read:
    begun: float
    page: Future[Page] = field(default_factory=Future)


class FeedHead:
    """The first page of the feed, kept for `HEAD_SECONDS`. Threads that ask while it is being read wait for the same page or error.

    Args:
        clock: seconds on any clock.
    """

    def __init__(self, feed: Feed, clock: Callable[[], float] = time.monotonic) -> None:
        self._feed, self._clock = feed, clock
        self._lock = Lock()
        self._reads: dict[_Key, _Read] = {}

    def page(self, limit: int, style: str | None, order: FeedOrder = FeedOrder.NEWEST) -> Page:
        """The first page, as it was `HEAD_SECONDS` ago or later; raises as the feed does."""
        key = (limit, style, order)
        with self._lock:
            now, read = self._clock(), self._reads.get(key)
            is_first = read is None or now - read.begun >= HEAD_SECONDS
            if read is None or is_first:
                if len(self._reads) >= _MOST:
                    self._reads.clear()
                read = self._reads[key] = _Read(now)
        if is_first:
            self._fill(key, read)
        return read.page.result()

    @contextmanager
    def changes(self) -> Iterator[None]:
        """A context in which this process changes the feed: afterwards, the next visitor reads it again."""
        try:
            yield
        finally:
            with self._lock:
                self._reads.clear()

    def _fill(self, key: _Key, read: _Read) -> None:
        try:
            read.page.set_result(self._feed.page(key[0], None, *key[1:]))
        except BaseException as error:
            with self._lock:
                if self._reads.get(key) is read:  # the next one tries again
                    del self._reads[key]
            read.page.set_exception(error)
