"""Conversion between jobs and hashes, whose values are texts."""

import struct
from collections.abc import Callable, Sequence
from typing import Any

from nst.domain import Cursor, Job
from nst.store import records

_WHOLE = ("size_bytes", "max_attempts", "attempt", "returns", "width", "height", "likes")
_NUMBERS = ("created", "turn", "started", "finished", "fraction", "seconds_left", "published", "lease_until", "kept_until")
_FLAGS = ("public", "cancel_requested", "hidden", "cleared", "has_thumbnails")
_PARSERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_WHOLE, int),
    **dict.fromkeys(_NUMBERS, float),
    **dict.fromkeys(_FLAGS, "1".__eq__),
}


def fields_of(job: Job) -> list[str | float]:
    """Alternating fields and values, as they are stored when a job is submitted; the queue adds `turn`, the virtual finish time."""
    return _flat(records.fields_of(job))


def restored_fields(job: Job) -> list[str | float]:
    """The same of a job that has succeeded, with all fields."""
    return _flat(records.restored_fields(job))


def _flat(fields: dict[str, Any]) -> list[str | float]:
    return [part for field in fields.items() if field[1] is not None for part in field]


def job_of(reply: Sequence[str]) -> Job:
    """The job of alternating fields and values."""
    return records.job_of({name: _PARSERS.get(name, str)(text) for name, text in zip(reply[::2], reply[1::2], strict=True)})


def place(at: float, job_id: str = "") -> str:
    """A text that sorts as (at, job_id): non-negative doubles sort as their bytes do."""
    return struct.pack(">d", at).hex() + job_id


def after(cursor: Cursor | None) -> str:
    return place(cursor.at, cursor.job_id) if cursor else ""


def time_of(text: str) -> float:
    """The time at the beginning of a `place`."""
    (at,) = struct.unpack(">d", bytes.fromhex(text[:16]))
    return float(at)
