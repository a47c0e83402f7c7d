"""Secrets that all servers of a studio share."""

from typing import Protocol


class Secrets(Protocol):
    """Values by name, each written once."""

    def keep(self, name: str, proposed: str) -> str:
        """The value with this name. When there is none, `proposed` is stored: of several servers that propose at once, one prevails."""
        ...
