"""The public feed."""

from typing import Protocol

from nst.domain import Cursor, Page


class Feed(Protocol):
    """Published jobs, newest first. `JobStore.finish` and `JobStore.set_public` add and remove them."""

    def page(self, limit: int, before: Cursor | None = None, style: str | None = None) -> Page:
        """One page by (published, id). The thousandth takes no longer than the first.

        Args:
            before: where it begins, as given by the previous page.
            style: only paintings in this style, by its id.
        """
        ...

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        """Store a report, one per reporter and job, and return their number. 0 when the job is not in the feed."""
        ...

    def hide(self, job_id: str, hidden: bool) -> bool:
        """Remove a job from the feed and keep it out; or let it in again at its old place, as `cleared`. False if there is no such job."""
        ...
