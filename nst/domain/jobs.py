"""A job: one photo to be painted, from its submission to its end. The record is the truth; everything else is a hint."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from nst.domain.params import PRESET_SIZES, Preset, StyleParams
from nst.errors import WrongState


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return not TRANSITIONS[self]

    def may_become(self, state: "JobState") -> bool:
        return state in TRANSITIONS[self]


# A running job is queued again when its worker gives it back or is not heard of any more.
TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.QUEUED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}
FINAL_STATES = frozenset(state for state in JobState if state.is_terminal)


@dataclass(frozen=True)
class StyleRef:
    """A style of a job: a bundled one's id, or the object key of a picture that the visitor brought. Shares count relative to their sum."""

    name: str
    share: float = 1.0

    @property
    def is_upload(self) -> bool:
        return "/" in self.name


@dataclass(frozen=True)
class JobProgress:
    """How far a job is: from 0 to 1, in words ("scale 3 of 5"), and an estimate of the seconds left once there is one."""

    fraction: float = 0.0
    stage: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True)
class Ticket:
    """The right to speak about a job: who holds an older attempt than the record's is not listened to any more."""

    job_id: str
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        state: a final one.
        error: the sentence for the user, when it failed.
        output_key, size_bytes, recipe: of the painting, when it succeeded.
    """

    state: JobState
    error: str | None = None
    output_key: str | None = None
    size_bytes: int = 0
    recipe: Mapping[str, Any] | None = None

    @classmethod
    def succeeded(cls, output_key: str, size_bytes: int, recipe: Mapping[str, Any]) -> "Outcome":
        return cls(JobState.SUCCEEDED, output_key=output_key, size_bytes=size_bytes, recipe=recipe)

    @classmethod
    def failed(cls, error: str) -> "Outcome":
        return cls(JobState.FAILED, error=error)

    @classmethod
    def cancelled(cls) -> "Outcome":
        return cls(JobState.CANCELLED)


@dataclass(frozen=True)
class Job:
    """The record of a job.

    Attributes:
        id: unguessable, 128 random bits.
        owner: the unguessable token of the visitor's browser. Shown to nobody else.
        token: of the submission, made by the form: the same owner and token are the same job, however often they arrive.
        public: whether its pictures lie under `public/` and are shown in the feed once it has succeeded, unless it is hidden.
        attempt: how often it was given to a worker; also the fencing token, so it never falls.
        returns: how many of the attempts were given back unfinished; those do not count against `max_attempts`.
        turn: its place in line, given by the queue. See `nst.store.ports.Queue`.
        size_bytes: of all its pictures in the object store.
        created, started, finished, published: seconds since the epoch.
        hidden: taken out of the feed by reports or by an administrator, and its pictures from `public/`.
    """

    id: str
    owner: str
    token: str
    params: StyleParams
    styles: tuple[StyleRef, ...]
    public: bool
    input_key: str
    created: float
    size_bytes: int = 0
    max_attempts: int = 3
    state: JobState = JobState.QUEUED
    attempt: int = 0
    returns: int = 0
    turn: float = 0.0
    started: float | None = None
    finished: float | None = None
    progress: JobProgress = field(default_factory=JobProgress)
    preview_key: str | None = None
    output_key: str | None = None
    recipe: Mapping[str, Any] | None = None
    error: str | None = None
    cancel_requested: bool = False
    published: float | None = None
    hidden: bool = False

    @property
    def lane(self) -> Preset:
        return self.params.preset

    @property
    def cost(self) -> float:
        return cost_of(self.params)

    @property
    def ticket(self) -> Ticket:
        return Ticket(self.id, self.attempt)

    @property
    def is_exhausted(self) -> bool:
        """Whether no further attempt is left."""
        return self.attempt - self.returns >= self.max_attempts

    @property
    def is_in_feed(self) -> bool:
        return self.published is not None and not self.hidden

    @property
    def object_keys(self) -> tuple[str, ...]:
        """Everything that lies in the object store because of this job."""
        own = (self.input_key, self.preview_key, self.output_key)
        return (*(key for key in own if key), *(style.name for style in self.styles if style.is_upload))

    def moved(self, state: JobState, **changes: Any) -> "Job":
        """This job in its next state.

        Raises:
            WrongState: when there is no way from here to there.
        """
        if not self.state.may_become(state):
            raise WrongState(f"This painting is {self.state} and cannot become {state}.")
        return replace(self, state=state, **changes)


def cost_of(params: StyleParams) -> float:
    """How much work a painting is, relative to a draft: its pixels."""
    long_side = params.size or PRESET_SIZES[params.preset]
    return (long_side / PRESET_SIZES[Preset.DRAFT]) ** 2


def new_id() -> str:
    """128 random bits as 32 characters."""
    return secrets.token_hex(16)
