"""Ports: what the rest of the project expects of a backend. tests/contract holds every adapter to it, and fakes in memory.

No adapter looks at a clock: times (seconds since the epoch) are passed in, and come from `Backend.clock`. Everything may be called from any
thread. `PasticheError`s are raised only where a docstring says so, except `StoreUnavailable`, which any call may raise: adapters turn every
error of a driver or of the system into it or one of its subclasses.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from nst.store.ports.cleanups import Cleanup, Cleanups
from nst.store.ports.events import JobEvents, Listener
from nst.store.ports.feed import Feed
from nst.store.ports.jobs import JobStore
from nst.store.ports.objects import Links, ObjectStore, StoredObject
from nst.store.ports.queue import LaneStats, Lease, LeaseStatus, Queue, QueuePosition, Quota
from nst.store.ports.rates import Rates
from nst.store.ports.secrets import Secrets
from nst.store.ports.webhooks import Webhook, Webhooks
from nst.store.ports.workers import WorkerInfo, WorkerRegistry

__all__ = [
    "Backend",
    "Cleanup",
    "Cleanups",
    "Feed",
    "JobEvents",
    "JobStore",
    "LaneStats",
    "Lease",
    "LeaseStatus",
    "Links",
    "Listener",
    "ObjectStore",
    "Queue",
    "QueuePosition",
    "Quota",
    "Rates",
    "Secrets",
    "StoredObject",
    "Webhook",
    "Webhooks",
    "WorkerInfo",
    "WorkerRegistry",
]


@dataclass(frozen=True)
class Backend:
    """One adapter of each port.

    Attributes:
        clock: the time shared by all processes on this backend, in seconds since the epoch.
        links: None where pictures are served by the app alone.
        reports_heartbeats: whether silence of a running job's worker means an outage. Batch machines are silent until they paint.
    """

    jobs: JobStore
    queue: Queue
    feed: Feed
    objects: ObjectStore
    job_events: JobEvents
    workers: WorkerRegistry
    webhooks: Webhooks
    cleanups: Cleanups
    secrets: Secrets
    rates: Rates
    clock: Callable[[], float] = time.time
    links: Links | None = None
    reports_heartbeats: bool = True
