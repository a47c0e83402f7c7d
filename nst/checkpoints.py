"""Which checkpoints of a painting in progress are kept: those that save more work than they cost."""

import time
from collections.abc import Callable

from nst.domain import Progress

MAX_BYTES = 2**28  # more than that of 4096 x 4096 pixels, from which a painting of 8192 pixels goes on


class CheckpointKeeper:
    """Keeps a checkpoint at the end of a scale, once there has been enough work since the start or the last one.

    Args:
        keep: is given a checkpoint of at most `MAX_BYTES`.
        seconds: of work.
        clock: seconds on any clock.
    """

    def __init__(self, keep: Callable[[bytes], None], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep, self._seconds, self._clock = keep, seconds, clock
        self._since = clock()

    def add(self, progress: Progress) -> None:
        take: Callable[[], bytes] | None = getattr(progress, "checkpoint", None)  # engines of others have none
        if take is None or self._clock() - self._since < self._seconds:
            return
        checkpoint = take()
        if len(checkpoint) <= MAX_BYTES:
            self._keep(checkpoint)
        self._since = self._clock()
