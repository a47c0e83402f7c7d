"""Recent events, for limits on what one client may do."""

from typing import Protocol


class Rates(Protocol):
    """Events by key, each with a name. Those of a key are forgotten when the last one is older than the limit's time.

    All processes of a fleet count together. The local backend, which has one app process, counts in each process.
    """

    def take(self, key: str, event: str, most: int, seconds: float, now: float) -> bool:
        """Record an event, unless there are `most` others of this key in the last `seconds`. One that is there already stays as it is.

        Returns:
            Whether it is recorded. Two callers at once never both have the last place.
        """
        ...

    def recent(self, key: str, seconds: float, now: float) -> list[str]:
        """The names of the events of the last `seconds`, the oldest first."""
        ...

    def give_back(self, key: str, event: str) -> None:
        """Forget an event."""
        ...
