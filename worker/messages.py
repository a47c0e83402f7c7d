"""What the worker and its child say to each other. Every message names its attempt, so that a late one is known as such."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nst.domain import JobProgress, StyleParams, Ticket


@dataclass(frozen=True)
class Run:
    """Paint this. Pictures are files' bytes: what is in them is decoded where a crash hurts nobody.

    Attributes:
        suffix: of the painting's file.
    """

    ticket: Ticket
    photo: bytes
    styles: tuple[tuple[bytes, float], ...]
    params: StyleParams
    suffix: str


@dataclass(frozen=True)
class Cancel:
    ticket: Ticket


@dataclass(frozen=True)
class Shutdown:
    """Leave, once the painting at hand is done."""


@dataclass(frozen=True)
class Started:
    ticket: Ticket


@dataclass(frozen=True)
class Advanced:
    """`preview` is a JPEG of at most 512 pixels."""

    ticket: Ticket
    progress: JobProgress
    preview: bytes


@dataclass(frozen=True)
class Done:
    """`picture` is the painting's file."""

    ticket: Ticket
    picture: bytes
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class Stopped:
    """Cancelled, as was asked."""

    ticket: Ticket


@dataclass(frozen=True)
class Failed:
    """`error` is a sentence for the user."""

    ticket: Ticket
    error: str


ToChild = Run | Cancel | Shutdown
Final = Done | Stopped | Failed
FromChild = Started | Advanced | Final
