"""Pictures that may have to be moved or deleted."""

from typing import NamedTuple, Protocol


class Cleanup(NamedTuple):
    """An operation on a job's pictures that is not known to be complete.

    Attributes:
        key: one of the pictures, from which the job and the other keys follow.
        token: distinguishes two operations on one job.
    """

    key: str
    token: str


class Cleanups(Protocol):
    """Operations on pictures that are recorded before they begin, so that they are completed after a crash or a refusal of the store."""

    def put(self, cleanup: Cleanup, now: float) -> None:
        """Record an operation. Recording it again moves it to the end."""
        ...

    def pending(self, before: float, limit: int) -> list[Cleanup]:
        """Those recorded before then, the oldest first."""
        ...

    def settle(self, cleanup: Cleanup) -> None:
        """Delete an operation that is complete."""
        ...
