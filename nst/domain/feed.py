"""The public feed: entries without anything private, and pages."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from nst.domain.jobs import Job
from nst.domain.keys import is_public
from nst.domain.params import StyleParams
from nst.domain.style_ref import StyleRef


class FeedOrder(StrEnum):
    """The order of the feed's entries: by time, or by the number of likes and then by time."""

    NEWEST = "newest"
    LIKED = "liked"

    def place(self, cursor: "Cursor") -> tuple[float, float, str]:
        """Of an entry in this order: the greatest is the first."""
        return cursor.likes if self is FeedOrder.LIKED else 0, cursor.at, cursor.job_id


class SearchTerm(NamedTuple):
    """One word of a search.

    Attributes:
        word: that a word of the title begins with, as `nst.domain.titles.title_words` gives it; empty for no title.
        styles: ids of styles that match the word.
    """

    word: str
    styles: AbstractSet[str] = frozenset()


class Cursor(NamedTuple):
    """The last entry of a page. The next page begins after it, however many entries were added in front.

    Attributes:
        likes: its number of likes; only the order by likes needs it.
    """

    at: float
    job_id: str
    likes: int = 0


@dataclass(frozen=True)
class FeedEntry:
    """A published painting, without its owner.

    Attributes:
        input_key: of the photo; None if that is not published with it.
        title: that its owner has given it.
        likes: the number of visitors who like it.
        has_thumbnails: whether there are thumbnails of the painting, and of the photo if that is published.
        style_groups: as a job has them.
        ratio: width over height of the photo and the painting; None where that is not known.
    """

    job_id: str
    output_key: str
    input_key: str | None
    styles: tuple[StyleRef, ...]
    params: StyleParams
    published: float
    title: str | None = None
    likes: int = 0
    has_thumbnails: bool = False
    style_groups: tuple[tuple[StyleRef, ...], ...] = ()
    ratio: float | None = None

    @classmethod
    def of(cls, job: Job) -> "FeedEntry":
        """The entry of a published job."""
        if job.output_key is None or job.published is None:
            raise ValueError(f"job {job.id} has nothing to show")
        photo = job.input_key if is_public(job.input_key) else None
        return cls(
            job.id,
            job.output_key,
            photo,
            job.styles,
            job.params,
            job.published,
            job.title,
            job.likes,
            has_thumbnails=job.has_thumbnails,
            style_groups=job.style_groups,
            ratio=job.ratio,
        )

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.published, self.job_id, self.likes)


@dataclass(frozen=True)
class Page:
    """Entries in their order, and where the next page begins (None after the last page)."""

    entries: tuple[FeedEntry, ...]
    following: Cursor | None
