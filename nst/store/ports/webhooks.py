"""Webhooks to be sent."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Webhook:
    """A URL to call when a job ends.

    Attributes:
        viewer: the owner token with which the job is read.
        secret: what the message is signed with; chosen by the receiver.
        base: the prefix of URLs in the message.
    """

    job_id: str
    viewer: str
    url: str
    secret: str
    base: str


class Webhooks(Protocol):
    """Pending webhooks. Each is kept until it is settled, and is leased to one sender at a time."""

    def put(self, webhook: Webhook, now: float) -> None:
        """Store a webhook. There is one per job: a later one replaces the earlier."""
        ...

    def pending(self, now: float, limit: int) -> list[Webhook]:
        """Those that no sender holds, the oldest first."""
        ...

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        """Lease a webhook. None when there is none, or another sender has it."""
        ...

    def settle(self, job_id: str) -> None:
        """Delete a webhook that was delivered or given up."""
        ...
