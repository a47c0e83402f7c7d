"""Pauses after failures. It knows the standard library alone: the supervisor imports it before anything else."""


class Backoff:
    """A pause that doubles with every failure in a row, from `first` to `longest` seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def pause(self) -> float:
        """The seconds to wait after another failure."""
        pause, self._next = self._next, min(2 * self._next, self._longest)
        return pause

    def reset(self) -> None:
        """After a success."""
        self._next = self._first
