"""A job: one photo to be painted, from submission to end. Its record decides; events and messages only say that it may have changed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from nst.domain.keys import is_public, thumbnail_keys
from nst.domain.lanes import Lane, SharedLane
from nst.domain.params import PRESET_SIZES, Mode, Preset, StyleParams
from nst.domain.progress import JobProgress
from nst.domain.regions import RegionRef
from nst.domain.style_ref import StyleRef
from nst.errors import WrongState

_LARGEST_OF_ONE_LIMIT = 2048  # pixels of the long side
# What a painting takes at any size and for each draft's number of pixels, in drafts. Fitted to times of all presets on two cores.
_WORK = {Mode.OPTIMISED: (0.75, 0.25), Mode.QUICK: (0.5, 0.012), Mode.INSTANT: (0.08, 0.0075)}
_LARGER_WORK = (0.3, 0.028)


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


TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.QUEUED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}
"""The states that may follow each state. A running job is queued again when its worker gives it back or falls silent.

Only the fakes of the tests look transitions up here. The adapters encode the same rules: `store/sqlite` in the WHERE clauses of its
updates, `store/redis` in its Lua scripts. `tests/contract/test_agreement.py` applies the same random operations to all of them and compares
the records. A new state or transition has to be added in all three places.
"""


@dataclass(frozen=True)
class FencingToken:
    """Identifies one attempt of a job. Updates with an older attempt than the record's are rejected."""

    job_id: str
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """The end of an attempt.

    Attributes:
        state: a final one.
        error: the sentence for the user, when it failed.
        error_code: the public code of the error; None for an error without one.
        output_key, size_bytes, recipe: of the painting, when it succeeded.
        has_thumbnails: whether there are thumbnails of the photo and the painting.
    """

    state: JobState
    error: str | None = None
    output_key: str | None = None
    size_bytes: int = 0
    recipe: Mapping[str, Any] | None = None
    error_code: str | None = None
    has_thumbnails: bool = False

    @classmethod
    def succeeded(cls, output_key: str, size_bytes: int, recipe: Mapping[str, Any], *, has_thumbnails: bool = False) -> "Outcome":
        return cls(JobState.SUCCEEDED, output_key=output_key, size_bytes=size_bytes, recipe=recipe, has_thumbnails=has_thumbnails)

    @classmethod
    def failed(cls, error: str, code: str | None = None) -> "Outcome":
        return cls(JobState.FAILED, error=error, error_code=code)

    @classmethod
    def cancelled(cls) -> "Outcome":
        return cls(JobState.CANCELLED)


@dataclass(frozen=True)
class Job:
    """The record of a job.

    Attributes:
        id: unguessable, with room for 128 random bits.
        owner: the visitor's browser, or a program: a hash of its secret. Shown to nobody else.
        token: the idempotency key of the submission, made by the form: the same owner and token are the same job.
        public: whether its painting is stored under `public/` and shown in the feed once it has succeeded, unless it is hidden.
        input_key: of the photo; under `public/` if that is shown with the painting.
        attempt: the number of times that it was given to a worker; also the fencing token, so it never falls.
        returns: the number of attempts that were given back unfinished; those do not count against `max_attempts`.
        virtual_finish: its place in the queue, set by the queue. See `nst.store.ports.Queue`.
        size_bytes: of all its pictures in the object store.
        created, started, finished, published: seconds since the epoch.
        hidden: removed from the feed by reports or by an administrator, and its pictures from `public/`.
        cleared: let in again by an administrator: reports do not hide it.
        width, height: of the photo as stored, in pixels; None in records of earlier versions.
        lease_until: when the lease of a running job lapses; seconds since the epoch.
        regions: at most `MAX_REGIONS`.
        title: that its owner has given the painting, as `nst.domain.titles.normalised_title` returns it.
        likes: the number of visitors who like it.
        has_thumbnails: whether there are thumbnails of the photo and the painting; not of paintings of earlier versions.
        kept_until: when a painting expires whose owner keeps it longer, in seconds since the epoch; None for the usual time.
        parent: the id of the job whose painting is enlarged; it may have been deleted. None for a painting that begins with the photo.
        earlier_key: of this job's copy of that painting.
        in_folder: whether it waits in the lane of photos that were submitted together, whatever its preset.
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
    virtual_finish: float = 0.0
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
    error_code: str | None = None
    width: int | None = None
    height: int | None = None
    lease_until: float | None = None
    cleared: bool = False
    regions: tuple[RegionRef, ...] = ()
    title: str | None = None
    likes: int = 0
    has_thumbnails: bool = False
    kept_until: float | None = None
    parent: str | None = None
    earlier_key: str | None = None
    in_folder: bool = False

    @property
    def lane(self) -> Lane:
        return SharedLane.FOLDER if self.in_folder else self.params.preset

    @property
    def cost(self) -> float:
        return cost_of(self.params, is_larger=self.parent is not None)

    @property
    def fencing_token(self) -> FencingToken:
        return FencingToken(self.id, self.attempt)

    @property
    def is_exhausted(self) -> bool:
        """Whether no attempt is left."""
        return self.attempt - self.returns >= self.max_attempts

    @property
    def ratio(self) -> float | None:
        """Width over height; None in records of earlier versions."""
        return self.width / self.height if self.width and self.height else None

    @property
    def is_in_feed(self) -> bool:
        return self.published is not None and not self.hidden

    @property
    def style_groups(self) -> tuple[tuple[StyleRef, ...], ...]:
        """The painting's styles, and those of each part that has others. Styles of a group are mixed."""
        return tuple(dict.fromkeys(styles for styles in (self.styles, *(region.styles for region in self.regions)) if styles))

    @property
    def shows_photo(self) -> bool:
        """Whether those who may read this record may see the photo: its owner, and everyone if the painting was published with it."""
        return bool(self.owner) or is_public(self.input_key)

    @property
    def object_keys(self) -> tuple[str, ...]:
        """The keys of all its pictures in the object store."""
        own = (self.input_key, self.preview_key, self.output_key, self.earlier_key)
        uploads = (style.name for style in self.styles if style.is_upload)
        masks = (key for region in self.regions for key in region.object_keys)
        return (*(key for key in own if key), *self.thumbnail_keys, *uploads, *masks)

    @property
    def thumbnail_keys(self) -> tuple[str, ...]:
        """The keys of the thumbnails of the photo and the painting, in this order; empty when there are none."""
        return thumbnail_keys(self.input_key, self.output_key) if self.has_thumbnails and self.output_key else ()

    def transition(self, state: JobState, **changes: Any) -> "Job":
        """The record in its next state.

        Raises:
            WrongState: when `TRANSITIONS` does not allow it.
        """
        if not self.state.may_become(state):
            raise WrongState(f"This painting is {self.state} and cannot become {state}.")
        return replace(self, state=state, **changes)


def cost_of(params: StyleParams, is_larger: bool = False) -> float:
    """The work that a painting takes, in drafts: of its mode at any size, and of its pixels.

    Args:
        is_larger: whether it is a larger version of a finished painting.
    """
    at_any_size, of_pixels = _LARGER_WORK if is_larger else _WORK[params.mode]
    return at_any_size + of_pixels * _size_in_drafts(params)


def longest_seconds(params: StyleParams, seconds: float) -> float:
    """A limit of time for a painting, or for one of its steps: above 2048 pixels on the long side, more in proportion to its pixels.

    Args:
        seconds: for a painting of that size or a smaller one.
    """
    return seconds * max(1.0, _size_in_drafts(params) / _size_in_drafts(StyleParams(size=_LARGEST_OF_ONE_LIMIT)))


def _size_in_drafts(params: StyleParams) -> float:
    """The ratio of a painting's number of pixels to a draft's."""
    return ((params.size or PRESET_SIZES[params.preset]) / PRESET_SIZES[Preset.DRAFT]) ** 2


def new_id() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)
