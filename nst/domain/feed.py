"""The public feed: entries without anything private, and pages."""

from dataclasses import dataclass
from typing import NamedTuple

from nst.domain.jobs import Job
from nst.domain.keys import is_public
from nst.domain.params import StyleParams
from nst.domain.style_ref import StyleRef


class Cursor(NamedTuple):
    """The last entry of a page. The next page begins after it, however many entries were added in front."""

    at: float
    job_id: str


@dataclass(frozen=True)
class FeedEntry:
    """A published painting, without its owner.

    Attributes:
        input_key: of the photo; None if that is not published with it.
    """

    job_id: str
    output_key: str
    input_key: str | None
    styles: tuple[StyleRef, ...]
    params: StyleParams
    published: float

    @classmethod
    def of(cls, job: Job) -> "FeedEntry":
        """The entry of a published job."""
        if job.output_key is None or job.published is None:
            raise ValueError(f"job {job.id} has nothing to show")
        return cls(job.id, job.output_key, job.input_key if is_public(job.input_key) else None, job.styles, job.params, job.published)

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.published, self.job_id)


@dataclass(frozen=True)
class Page:
    """Entries, newest first, and where the next page begins (None after the last page)."""

    entries: tuple[FeedEntry, ...]
    following: Cursor | None
