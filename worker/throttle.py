"""Progress comes with every step, which may be a hundred times a second; what is passed on is what a person can follow."""

from collections.abc import Callable

from worker.messages import Advanced, Final, FromChild


class Throttle:
    """Sends progress at most every `seconds`, and final messages always."""

    def __init__(self, send: Callable[[FromChild], None], seconds: float, clock: Callable[[], float]) -> None:
        self._send, self._seconds, self._clock = send, seconds, clock
        self._last = float("-inf")

    def advance(self, message: Callable[[], Advanced]) -> None:
        """Progress, made only when it is sent: a preview costs time."""
        if self._clock() - self._last >= self._seconds:
            self._send(message())
            self._last = self._clock()

    def finish(self, message: Final) -> None:
        self._send(message)
