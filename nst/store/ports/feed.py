"""The public feed."""

from collections.abc import Collection, Sequence
from typing import Protocol

from nst.domain import Cursor, FeedOrder, Page, SearchTerm


class Feed(Protocol):
    """Published jobs. `JobStore.finish` and `JobStore.set_public` add and remove them."""

    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        terms: Sequence[SearchTerm] = (),
    ) -> Page:
        """One page by (published, id), or by (likes, published, id), the greatest first. The thousandth takes no longer than the first.

        Of many paintings, a search looks at a few thousand for one page: it may have fewer entries than the limit, and yet a following one.

        Args:
            before: where it begins, as given by the previous page of the same order.
            style: only paintings in this style, by its id.
            terms: only paintings that match each of them, by their title or one of their styles.
        """
        ...

    def like(self, job_id: str, owner: str, liked: bool, now: float) -> int | None:
        """Store or remove an owner's like, one per owner and job, and return the number of likes. None when the job is not in the feed.

        Likes of a job that leaves the feed are kept until it is deleted.
        """
        ...

    def liked(self, owner: str, job_ids: Collection[str]) -> set[str]:
        """Those of the jobs that this owner likes."""
        ...

    def liked_by(self, owner: str, limit: int, before: Cursor | None = None) -> Page:
        """One page of the published jobs that this owner likes, those liked last in front.

        Of many likes of jobs that are not in the feed any more, a page may have fewer entries than the limit, and yet a following one.

        Args:
            before: where it begins, as given by the previous page.
        """
        ...

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        """Store a report, one per reporter and job, and return their number. 0 when the job is not in the feed."""
        ...

    def hide(self, job_id: str, hidden: bool) -> bool:
        """Remove a job from the feed and keep it out; or let it in again at its old place, as `cleared`. False if there is no such job."""
        ...
