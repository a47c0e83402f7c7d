"""What a backend owes the rest when its machines are somebody else's: someone to hand a painting to, and a box in which word comes back.

Who paints there sees no record. It gets what `nst.domain.Job` says as parameters, and writes letters (`nst.store.wire`), which the relay
(`worker.relay`) turns into records. Like every adapter, these may raise `StoreUnavailable` in any call.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nst.domain import Job
from nst.store.wire import Message


class Phase(StrEnum):
    """Where an assignment is. Its words are what a visitor reads."""

    WAITING = "waiting for a machine"
    STARTING = "starting"
    PAINTING = "painting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in (Phase.SUCCEEDED, Phase.FAILED)


@dataclass(frozen=True)
class Assignment:
    """One attempt of a job, as the machines' keeper knows it.

    Attributes:
        id: the keeper's own.
        attempt: of the record, which `Ticket` names.
        reason, exit_code: of its end, where they are known.
    """

    id: str
    job_id: str
    attempt: int
    phase: Phase
    reason: str = ""
    exit_code: int | None = None


class Machines(Protocol):
    """Machines that paint, one attempt each, in the order in which they are asked."""

    def submit(self, job: Job) -> None:
        """Hands over the present attempt. It may happen that it is handed over twice, and painted twice."""
        ...

    def find(self, job_id: str) -> list[Assignment]:
        """All attempts of a job that are still remembered."""
        ...

    def stop(self, assignment_id: str, reason: str) -> None:
        """Ends an assignment, begun or not. One that is over, or unknown, is passed over."""
        ...


@dataclass(frozen=True)
class Letter:
    """A message as it was received. `handle` is what it is deleted by; `deliveries` counts this one."""

    body: str
    handle: str
    deliveries: int = 1


class Mailbox(Protocol):
    """Letters, each delivered at least once and in no order, until somebody deletes it. One that nobody can read is put aside at last."""

    def send(self, message: Message) -> None: ...

    def receive(self, seconds: float) -> list[Letter]:
        """Up to ten, once there are any, or none after so many seconds. Nobody else gets them for a while."""
        ...

    def delete(self, letters: Iterable[Letter]) -> None:
        """Those that cannot be deleted come again."""
        ...
