"""The public feed: what strangers see of a job, and how pages of it follow each other."""

from dataclasses import dataclass
from typing import NamedTuple

from nst.domain.jobs import Job, StyleRef
from nst.domain.keys import before_of
from nst.domain.params import StyleParams


class Cursor(NamedTuple):
    """The last thing seen on a page: the next page begins behind it, whatever has come in front meanwhile."""

    at: float
    job_id: str


@dataclass(frozen=True)
class FeedEntry:
    """A published painting. It says nothing of its owner."""

    job_id: str
    output_key: str
    styles: tuple[StyleRef, ...]
    params: StyleParams
    published: float

    @classmethod
    def of(cls, job: Job) -> "FeedEntry":
        """Of a job that succeeded and is published."""
        if job.output_key is None or job.published is None:
            raise ValueError(f"job {job.id} has nothing to show")
        return cls(job.id, job.output_key, job.styles, job.params, job.published)

    @property
    def input_key(self) -> str:
        return before_of(self.output_key)

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.published, self.job_id)


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and where the next page begins; None when this is the last."""

    entries: tuple[FeedEntry, ...]
    following: Cursor | None
