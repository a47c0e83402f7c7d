"""Ctrl-C as a wish instead of a blow."""

import signal
from types import FrameType, TracebackType


class Interruption:
    """While it is entered, the first Ctrl-C is noted, so that the rendering can stop and be saved; the second ends the program.

    Attributes:
        happened: whether there was one. The instance is callable and says the same, as `should_stop` wants it.
    """

    EXIT_CODE = 128 + signal.SIGINT

    def __init__(self) -> None:
        self.happened = False

    def __call__(self) -> bool:
        return self.happened

    def __enter__(self) -> "Interruption":
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.happened = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
