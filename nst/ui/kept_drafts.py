"""Drafts in memory, by owner, so that a reload, a picture of the gallery or a lost connection does not lose the chosen photo."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from nst.ui.draft import Draft

SECONDS = 3600.0  # that a draft is kept after its owner last saw it
_BYTES = 50_000_000  # of all pictures; the drafts seen longest ago are dropped first


class KeptDrafts:
    """The newest draft of each owner. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, capacity: int = _BYTES) -> None:
        self._clock, self._capacity = clock, capacity
        self._kept: OrderedDict[str, tuple[float, Draft]] = OrderedDict()
        self._lock = Lock()

    def put(self, owner: str, draft: Draft) -> None:
        with self._lock:
            self._kept.pop(owner, None)
            if _size_of(draft) <= self._capacity:  # one that is larger would displace all others
                self._kept[owner] = self._clock(), draft
            while self._kept and (self._oldest() < self._clock() - SECONDS or self._size() > self._capacity):
                self._kept.popitem(last=False)

    def copy_of(self, owner: str) -> Draft | None:
        """The owner's draft as one of its own, since each page changes its draft."""
        with self._lock:
            seen, draft = self._kept.get(owner, (0.0, None))
            if draft is None or seen < self._clock() - SECONDS:
                return None
            copies: dict[str, Any] = {
                "chosen": [*draft.chosen],
                "values": {**draft.values},
                "seen": {**draft.seen},
                "own_styles": {**draft.own_styles},
                "more": [*draft.more],
                "batches": [*draft.batches],  # the same ones: what one page has submitted, the others need not
            }
            copy = replace(draft, **copies, parts=draft.parts.copy())
            copy.begin_anew()
            return copy

    def mark_seen(self, owner: str, job_id: str) -> None:
        """As `Draft.mark_seen`."""
        with self._lock:
            if owner in self._kept:
                self._kept[owner][1].mark_seen(job_id)

    def _oldest(self) -> float:
        return next(iter(self._kept.values()))[0]

    def _size(self) -> int:
        return sum(_size_of(draft) for _, draft in self._kept.values())


def _size_of(draft: Draft) -> int:
    pictures = [picture for picture in (draft.photo, *draft.own_styles.values(), *draft.more) if picture]
    return sum(picture.size for picture in pictures) + draft.parts.size + sum(batch.size for batch in draft.batches)


kept = KeptDrafts()  # of all visitors of this process
