"""What a backend owes the rest, in prose. tests/contract holds every adapter, the fakes in memory included, to these words.

Nobody here looks at a clock: the time (seconds since the epoch) is passed in, and is `Backend.clock`'s. Everything may be called from any
thread. An adapter raises `PasticheError`s only where that is said, but for `StoreUnavailable`, which may come from any call to another
machine; what else its own library raises passes through.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from nst.domain import Cursor, Job, JobProgress, JobState, Outcome, Page, Preset, Ticket


@dataclass(frozen=True)
class Quota:
    """How much one visitor may ask for, and all together.

    Attributes:
        uploads_per_minute: submissions of an owner, whatever has become of them.
        active: an owner's jobs that are queued or running.
        queued: everybody's jobs that are queued.
    """

    uploads_per_minute: int
    active: int
    queued: int


@dataclass(frozen=True)
class Lease:
    """A job lent to a worker until a moment; `job` is the record as it was then."""

    job: Job
    worker: str
    until: float


class Pulse(StrEnum):
    """What a heartbeat hears."""

    HELD = "held"
    CANCEL = "cancel"
    """Held, and the owner wants it to stop."""
    LOST = "lost"
    """Somebody else has the job, or nobody: stop, and write nothing."""


@dataclass(frozen=True)
class Ahead:
    """What stands before a queued job: how many jobs, and how much work (see `nst.domain.cost_of`), the rest of running ones included."""

    jobs: int
    cost: float


@dataclass(frozen=True)
class Line:
    """What waits in one lane: how many jobs, and when the oldest was submitted."""

    jobs: int
    oldest: float


@dataclass(frozen=True)
class WorkerInfo:
    """A worker as it last reported itself."""

    name: str
    started: float
    seen: float
    job_id: str | None = None


class JobStore(Protocol):
    """The records. An attempt's news are taken only with a ticket of the record's present attempt, and only while it is running."""

    def get(self, job_id: str) -> Job | None: ...

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        """Newest first, by (created, id); `before` is the last one seen."""
        ...

    def advance(self, ticket: Ticket, progress: JobProgress, preview_key: str | None) -> bool:
        """Notes progress. False, and nothing changed, when the ticket is out of date."""
        ...

    def finish(self, ticket: Ticket, outcome: Outcome, now: float) -> bool:
        """Makes the record final. False, and nothing changed, when the ticket is out of date.

        A public job that succeeded is in the feed in the same step: nobody sees it finished and unpublished, and no second finish
        can publish it again. The preview is forgotten; the caller removes its object.
        """
        ...

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float) -> bool:
        """Notes where the pictures of a job that succeeded lie now, and puts it into the feed or takes it out, in one step.

        A job that is published already keeps its place; a hidden one stays out. False when there is no such job, or it has not succeeded.
        """
        ...

    def delete(self, job_id: str) -> bool:
        """Forgets the record, its place in queue and feed, and its reports. The caller removes the objects. False when there is none."""
        ...

    def known(self, job_ids: Collection[str]) -> set[str]:
        """Those of the ids that have a record."""
        ...

    def stored_bytes(self) -> int:
        """The sum of `size_bytes` of all records."""
        ...

    def oldest_private(self, finished_before: float, limit: int) -> list[Job]:
        """Final jobs that are not published: private ones, and those that came to nothing. Those finished first are in front."""
        ...

    def dead(self, limit: int) -> list[Job]:
        """The dead letters: jobs that failed with no attempt left, those that ended last in front."""
        ...

    def counts(self) -> Mapping[JobState, int]:
        """How many jobs are in each state that has any."""
        ...

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        """(cost, seconds from start to end) of the jobs that succeeded last, newest first; None means any preset."""
        ...


class Queue(Protocol):
    """Who is next, and who holds what. Delivery is at least once: a job whose worker is not heard of is given to another.

    Fairness (self-clocked fair queueing, Golestani 1994): at its submission a job gets a turn, which is its cost behind the later of the
    clock and its owner's last waiting or running job. The least turn goes first, and the clock is the turn of the last job claimed. So
    the fifty jobs of one visitor are spread over as many rounds and hold up nobody; a draft goes before an ultra that came a little
    earlier; and the ultra is not put off for ever, since its turn stands still while the clock goes on. A job that is queued again
    keeps its turn.
    """

    def check(self, owner: str, quota: Quota, now: float) -> None:
        """Whether this owner may submit a job, looked at before the costly reading of a picture.

        Raises:
            TooManyUploads, TooManyJobs, QueueFull: when `submit` would.
        """
        ...

    def submit(self, job: Job, quota: Quota) -> Job:
        """Stores the record and puts it in line, in one step: from here on it is not lost. Its `created` is the time.

        Returns:
            The job as stored; or, when this owner has submitted something with this token before, that job, and nothing is changed.

        Raises:
            TooManyUploads, TooManyJobs, QueueFull: when the quota is used up; nothing is stored.
        """
        ...

    def claim(self, worker: str, now: float, lease_seconds: float, lanes: Collection[Preset] = ()) -> Lease | None:
        """Takes the next job, if there is one, in one step: it is running, its attempt is one higher, and the lease begins.

        Args:
            lanes: only jobs of these presets; all when empty.
        """
        ...

    def heartbeat(self, ticket: Ticket, now: float, lease_seconds: float) -> Pulse:
        """Extends the lease, for the holder of the present attempt alone: who comes back from the dead takes nothing back."""
        ...

    def give_back(self, ticket: Ticket, now: float) -> bool:
        """Puts a running job back in line; the attempt does not count. Cancelled instead if that was asked. False when out of date."""
        ...

    def acknowledge(self, ticket: Ticket) -> None:
        """Gives up the lease of a job that is final. Called last, behind the record and the notification; often enough is once."""
        ...

    def overdue(self, now: float) -> list[Job]:
        """Running jobs whose leases have lapsed, as `requeue_lapsed` would find them; nothing is changed."""
        ...

    def requeue_lapsed(self, now: float) -> list[Job]:
        """Puts jobs whose leases have lapsed back in line, or makes them failed when no attempt is left (cancelled, if that was asked).

        Returns:
            Those that changed, as they are now.
        """
        ...

    def cancel(self, job_id: str, now: float) -> Job | None:
        """Cancels a queued job at once, and asks the worker of a running one. A final job stays as it is. None when there is none."""
        ...

    def ahead(self, job_id: str) -> Ahead | None:
        """None when the job is not queued."""
        ...

    def wait(self, seconds: float, lanes: Collection[Preset] = ()) -> None:
        """Returns as soon as there is something to claim, or after so many seconds. It may return early for no reason."""
        ...

    def pause(self, paused: bool) -> None:
        """While it is paused, nothing is claimed; everything else goes on."""
        ...

    def line(self) -> Mapping[Preset, Line]:
        """What waits, in each lane that is not empty."""
        ...


class Feed(Protocol):
    """What is published, newest first. `JobStore.finish` and `JobStore.set_public` put jobs in and take them out."""

    def page(self, limit: int, before: Cursor | None = None, style: str | None = None) -> Page:
        """One page by (published, id), in no more time for the thousandth than for the first.

        Args:
            before: where it begins, as the page in front says.
            style: only paintings in this style, by its id.
        """
        ...

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        """Notes a report, one of a reporter for a job, and says how many there are. 0 when the job is not in the feed."""
        ...

    def hide(self, job_id: str, hidden: bool) -> bool:
        """Takes a job out of the feed and keeps it out, or lets it in again at its old place. False when there is no such job."""
        ...


@dataclass(frozen=True)
class StoredObject:
    """What a listing says of an object; `modified` in seconds since the epoch."""

    key: str
    size: int
    modified: float


class ObjectStore(Protocol):
    """Pictures by key (`nst.domain.keys`). Any other key is `ObjectMissing`, whatever is done with it."""

    def put(self, key: str, data: bytes) -> None:
        """Whole or not at all; replaces what was there. It is served as what the key's ending says."""
        ...

    def get(self, key: str) -> bytes:
        """
        Raises:
            ObjectMissing: when there is none.
        """
        ...

    def copy(self, source: str, target: str) -> None:
        """
        Raises:
            ObjectMissing: when there is no source.
        """
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Those that are not there are passed over."""
        ...

    def listing(self) -> Iterable[StoredObject]:
        """Everything there is, in no order."""
        ...


class Links(Protocol):
    """Addresses at which a browser gets pictures without us."""

    def link(self, key: str, name: str) -> str:
        """Of a public key a lasting one, of a private one an address that expires within minutes.

        Args:
            name: of the file, for who saves it; letters, digits, `-`, `_` and `.` alone.
        """
        ...


class Listener(Protocol):
    """Hears of jobs that changed since it was opened."""

    def wait(self, seconds: float) -> list[str]:
        """The ids of jobs that changed, in order, once there are any, or none after so many seconds."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Completions(Protocol):
    """Hints that a job has changed its state. They may be lost: who needs to be sure reads the record."""

    def notify(self, job_id: str, now: float) -> None: ...

    def listen(self) -> Listener:
        """Every listener hears everything."""
        ...


class Roster(Protocol):
    """Which workers there are, for an operator to see."""

    def report(self, worker: WorkerInfo) -> None: ...

    def leave(self, name: str) -> None: ...

    def present(self, seen_since: float) -> list[WorkerInfo]:
        """Those that have reported since then, by name."""
        ...


@dataclass(frozen=True)
class Webhook:
    """Somebody to be told of a job's end.

    Attributes:
        viewer: in whose name the job is read.
        secret: what the message is signed with; chosen by whoever listens at the address.
        base: what addresses in the message begin with.
    """

    job_id: str
    viewer: str
    url: str
    secret: str
    base: str


class Webhooks(Protocol):
    """Messages that are owed. Each is kept until it is settled, and is given to one sender at a time."""

    def put(self, webhook: Webhook, now: float) -> None:
        """One for each job: a later one takes the earlier one's place."""
        ...

    def owed(self, now: float, limit: int) -> list[Webhook]:
        """Those that no sender holds, the oldest first."""
        ...

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        """Takes one, for so long. None when there is none, or another sender has it."""
        ...

    def settle(self, job_id: str) -> None:
        """Forgets it: it has been told, or is given up."""
        ...


@dataclass(frozen=True)
class Backend:
    """One of each.

    Attributes:
        clock: the time that all processes on this backend go by.
        links: None where pictures can be had from us alone.
    """

    jobs: JobStore
    queue: Queue
    feed: Feed
    objects: ObjectStore
    completions: Completions
    roster: Roster
    webhooks: Webhooks
    clock: Callable[[], float] = time.time
    links: Links | None = None
