"""Batch computing: a service that runs the agent for one attempt of a job, and the message queue over which agents report.

An agent sees no job record. It gets the job as parameters, and sends messages (`nst.store.wire`), which the relay (`nst.worker.cloud`)
turns into updates of records. Like every adapter, these may raise `StoreUnavailable` in any call.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nst.domain import Job
from nst.store.wire import Message


class BatchPhase(StrEnum):
    """The phase of a batch job. Visitors read these words."""

    WAITING = "waiting for a machine"
    STARTING = "starting"
    PAINTING = "painting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in (BatchPhase.SUCCEEDED, BatchPhase.FAILED)


@dataclass(frozen=True)
class BatchJob:
    """One attempt of a job, as the batch service knows it.

    Attributes:
        id: the batch service's own id.
        attempt: the record's, as in `FencingToken`.
        reason, exit_code: of its end, where they are known.
        since: when it last began to wait for a machine; None when the service does not say.
    """

    id: str
    job_id: str
    attempt: int
    phase: BatchPhase
    reason: str = ""
    exit_code: int | None = None
    since: float | None = None


class BatchCompute(Protocol):
    """A service that runs batch jobs, one attempt each, in the order of their submission."""

    def submit(self, job: Job) -> None:
        """Submit the current attempt. It may be submitted twice, and run twice."""
        ...

    def find(self, job_id: str) -> list[BatchJob]:
        """All attempts of a job that the service still remembers."""
        ...

    def stop(self, batch_job_id: str, reason: str) -> None:
        """End a batch job, started or not. One that is over, or unknown, is ignored."""
        ...


@dataclass(frozen=True)
class ReceivedMessage:
    """A message as it was received. `handle` is what it is deleted by; `deliveries` counts this one."""

    body: str
    handle: str
    deliveries: int = 1


class MessageQueue(Protocol):
    """Messages, delivered at least once and in no order, until they are deleted. Unreadable ones end in a dead-letter queue."""

    def send(self, message: Message) -> None: ...

    def receive(self, seconds: float) -> list[ReceivedMessage]:
        """Up to ten, as soon as there are any; empty after `seconds`. They are invisible to other receivers for a while."""
        ...

    def delete(self, messages: Iterable[ReceivedMessage]) -> None:
        """Delete messages. Those that cannot be deleted are delivered again."""
        ...
