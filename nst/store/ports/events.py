"""Notifications of changed jobs."""

from typing import Protocol


class Listener(Protocol):
    """A subscription to job events since it was opened. It holds nothing open between two waits."""

    def wait(self, seconds: float) -> list[str]:
        """The ids of changed jobs, in order, as soon as there are any; empty after `seconds`."""
        ...


class JobEvents(Protocol):
    """Job-changed events, sent at each change of state. They may be lost, so listeners also read the record."""

    def notify(self, job_id: str, now: float) -> None: ...

    def listen(self) -> Listener:
        """Every listener receives every event."""
        ...
