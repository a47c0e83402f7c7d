"""Graceful Ctrl-C, SIGTERM and SIGHUP: the first signal stops and saves, the second ends the program."""

import os
import signal
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h"


class Interruption:
    """Context manager that records the first signal, so that the rendering can stop and be saved. The second one ends the program.

    The instance is callable and returns whether there was a signal, as `should_stop` requires.

    Attributes:
        signal: the number of the recorded signal.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def __call__(self) -> bool:
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code that shells use for the signal."""
        return 128 + (self.signal or 0)

    def __enter__(self) -> "Interruption":
        # SIGHUP stays ignored where it is, as under nohup.
        handled = [number for number in _SIGNALS if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN]
        self._previous: dict[int, Any] = {number: signal.signal(number, self._record) for number in handled}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _record(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        for handled in self._previous:
            signal.signal(handled, signal.SIG_DFL)  # the system then ends the program, even during a long computation
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)  # the progress bar hides it, and could not restore it after a second signal
