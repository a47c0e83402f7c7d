"""Several photos in one style: an order for each, which are submitted one after the other as the visitor's limits allow.

The jobs of a batch are found by their tokens, so that its page outlives the session. What is not submitted yet is kept in the draft.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from nst.domain import Job
from nst.errors import PasticheError, Refused, StoreUnavailable
from nst.service import Order
from nst.ui.frame import Visit

MOST_PHOTOS = 20
_TOKEN = re.compile(r"([0-9a-f]{32})-\d{2}", re.ASCII)
_SECONDS = 2.0  # that a page sends photos before it shows what was sent
_MOST_JOBS = 100  # of the visitor's newest, among which those of a batch are looked for


@dataclass(frozen=True)
class Waiting:
    """A photo that is not submitted yet.

    Attributes:
        shown: its `src`.
        name: of its file.
        picture: as it was taken into the form: its memory is counted as long as something refers to it.
    """

    order: Order
    shown: str
    name: str
    picture: object = field(repr=False)


@dataclass
class Batch:
    """
    Attributes:
        waiting: photos that are not submitted yet, in their order.
        refused: names of photos that cannot be painted, and why.
        note: why the next one has to wait.
    """

    id: str
    waiting: list[Waiting]
    refused: list[tuple[str, str]] = field(default_factory=list)
    note: str | None = None
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Bytes of the pictures that are not submitted yet."""
        return sum(len(each.order.photo) + len(each.shown) for each in self.waiting)

    def send(self, visit: Visit) -> None:
        """Submit as many as the limits and a few seconds allow. The others stay. None is submitted twice, since each order has its token.

        Another page of the visitor may send the same batch: the one that comes second leaves it to the first.
        """
        end, self.note = time.monotonic() + _SECONDS, None
        while self.waiting and time.monotonic() < end and self._lock.acquire(blocking=False):
            try:
                if not self._send_first(visit):
                    return
            finally:
                self._lock.release()

    def cancel(self) -> None:
        """Remove what is not submitted yet. A photo that is being submitted is so afterwards."""
        with self._lock:
            self.waiting.clear()

    def _send_first(self, visit: Visit) -> bool:
        """False when it has to wait."""
        if not self.waiting:
            return False
        first = self.waiting[0]
        try:
            visit.service.submit(visit.viewer, first.order, network=visit.network, has_cookie=visit.owner.has_cookie)
        except (Refused, StoreUnavailable) as error:
            self.note = str(error)
            return False
        except PasticheError as error:
            self.refused.append((first.name, str(error)))
        self.waiting.pop(0)
        return True


def token_of(batch_id: str, number: int) -> str:
    """The idempotency key of one photo's order."""
    return f"{batch_id}-{number:02d}"


def batch_of(job: Job) -> str | None:
    """The batch that a job is part of."""
    found = _TOKEN.fullmatch(job.token)
    return found[1] if found else None


def jobs_of(visit: Visit, batch_id: str) -> list[Job]:
    """The jobs of a batch, in the order of its photos."""
    jobs = [job for job in visit.service.mine(visit.viewer, _MOST_JOBS) if batch_of(job) == batch_id]
    return sorted(jobs, key=lambda job: job.token)


def number_that_fits(visit: Visit, photos: int, jobs_at_a_time: int, a_minute: int) -> int:
    """How many photos can be submitted at once."""
    mine: Sequence[Job] = visit.service.mine(visit.viewer, _MOST_JOBS)
    active = sum(not job.state.is_terminal for job in mine)
    return max(0, min(photos, jobs_at_a_time - active, a_minute))
