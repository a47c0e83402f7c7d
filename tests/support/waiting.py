"""Waiting for what a test expects."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE = 240.0  # seconds; a machine may be busy


def until(what: Callable[[], Found], seconds: float = PATIENCE, pause: float = 0.005) -> Found:
    """What this returns, as soon as it is true; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)
    return found
