"""Waiting for what a test expects."""

import time
from collections.abc import Callable

PATIENCE = 240.0  # seconds; a machine may be busy


def until(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return as soon as this is true; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
