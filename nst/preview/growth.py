"""A sketch that grows into a painting while its visitor looks at it."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from nst.domain import Mode
from nst.preview.sketch_process import SketchRequest

LEVELS = (Mode.QUICK, Mode.OPTIMISED)
"""How the sketch is painted again after the first time, one after the other."""
UNSEEN_SECONDS = 5.0
"""A sketch stops growing when no page has asked for it for that long."""


class Growth:
    """One visitor's growing sketch: its latest picture, and what to paint next. For several threads."""

    def __init__(self, first: SketchRequest, clock: Callable[[], float] = time.monotonic) -> None:
        """`first` is the request of the first sketch."""
        self._first, self._clock = first, clock
        self._lock = threading.Lock()
        self._picture: bytes | None = None
        self._level, self._is_over, self._looked = 0, False, clock()

    def look(self) -> tuple[bytes | None, bool]:
        """The latest picture, encoded, or None before the first; and whether there will be others. Looking keeps the sketch growing."""
        with self._lock:
            self._looked = self._clock()
            return self._picture, not self._is_over

    @property
    def is_wanted(self) -> bool:
        """Whether there is more to paint, and a page has looked lately."""
        with self._lock:
            return not self._is_over and self._clock() - self._looked < UNSEEN_SECONDS

    @property
    def request(self) -> SketchRequest:
        """What to paint next."""
        return replace(self._first, params=replace(self._first.params, mode=LEVELS[self._level]))

    def show(self, picture: bytes) -> None:
        """Takes a better picture."""
        with self._lock:
            if not self._is_over:
                self._picture = picture

    def advance(self) -> None:
        """Goes on to the next level; after the last one, the sketch is finished."""
        with self._lock:
            self._level += 1
            if self._level == len(LEVELS):
                self._level, self._is_over = 0, True

    def end(self) -> None:
        """Keeps the picture as it is."""
        with self._lock:
            self._is_over = True
