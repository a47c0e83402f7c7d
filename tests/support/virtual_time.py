"""An event loop in which waiting takes no time, for tests of timing that hold on any machine."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Instead of waiting for the next timer, go on to its time."""
        self.now += max(timeout or 0.0, 0.0)
        return super().select(None if timeout is None else 0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, on a clock that stands still while anything is done."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
