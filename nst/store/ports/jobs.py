"""Job records."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from nst.domain import Cursor, FencingToken, Job, JobProgress, JobState, Outcome, Preset


class JobStore(Protocol):
    """Job records. Updates are accepted only with the current attempt's fencing token, and only while the job is running."""

    def get(self, job_id: str) -> Job | None: ...

    def of_owner(self, owner: str, limit: int, before: Cursor | None = None) -> list[Job]:
        """An owner's jobs, newest first by (created, id), starting after `before`."""
        ...

    def rename_owner(self, old: str, new: str) -> int:
        """Give an owner's jobs and likes to the owner `new`, and return the number of jobs."""
        ...

    def rename_owners(self, new_name: Callable[[str], str]) -> int:
        """Replace all names of owners of jobs and likes, and of reporters, by what the function returns. Returns the number of new ones."""
        ...

    def advance(self, token: FencingToken, progress: JobProgress, preview_key: str | None) -> bool:
        """Store progress. Returns False, and changes nothing, when the token is out of date."""
        ...

    def finish(self, token: FencingToken, outcome: Outcome, now: float) -> bool:
        """Make the record final. Returns False, and changes nothing, when the token is out of date.

        A public job that succeeded enters the feed in the same transaction: nobody sees it finished and unpublished, and a second
        finish cannot publish it again. The preview key is cleared; the caller removes its object.
        """
        ...

    def set_public(self, job_id: str, public: bool, input_key: str, output_key: str, now: float, expected: str | None = None) -> bool:
        """Store where the pictures of a job that succeeded are now, and add it to the feed or remove it, in one transaction.

        A job that is already published keeps its place; a hidden one stays out.

        Args:
            expected: the output key that the caller has read. When the record has another one by now, nothing is changed.

        Returns:
            False when there is no such job, it has not succeeded, or its output key is not the expected one.
        """
        ...

    def set_title(self, job_id: str, title: str | None) -> bool:
        """Give a job a title, or remove it. False when there is no such job, or it has not succeeded.

        What an administrator has let in again had another title: with a new one, it is not `cleared` any more.
        """
        ...

    def keep(self, job_id: str, until: float) -> bool:
        """Set `kept_until`. False when there is no such job, or it has not succeeded."""
        ...

    def restore(self, job: Job) -> bool:
        """Store the record of a job that has succeeded, and add it to the feed if it is published: for records that were lost.

        It has no `started`: how long it took is not known.

        Returns:
            False, and changes nothing, when there is a record with this id, or it was deleted.
        """
        ...

    def delete(self, job_id: str, *, only_private: bool = False) -> bool:
        """Delete the record, its place in queue and feed, its reports and its likes. The caller removes the objects. The id stays taken.

        Returns False when nothing was deleted: there is no such job; or, with `only_private`, it is published or not final.
        """
        ...

    def was_deleted(self, job_id: str) -> bool:
        """Whether a job with this id was deleted. The last 100,000 are remembered at least."""
        ...

    def known(self, job_ids: Collection[str]) -> set[str]:
        """Those of the ids that have a record."""
        ...

    def stored_bytes(self) -> int:
        """The sum of `size_bytes` of all records."""
        ...

    def oldest_private(self, finished_before: float, limit: int, *, only_unpainted: bool = False) -> list[Job]:
        """Final jobs that are not published (private, failed or cancelled) nor kept longer, those that finished first in front.

        Args:
            only_unpainted: those that failed or were cancelled.
        """
        ...

    def kept_longer(self, until_before: float, limit: int) -> list[Job]:
        """Jobs that are not published and have a `kept_until` before this time, the earliest first."""
        ...

    def dead(self, limit: int) -> list[Job]:
        """The dead letters: jobs that failed with no attempt left, those that ended last in front."""
        ...

    def counts(self) -> Mapping[JobState, int]:
        """The number of jobs in each state that has any."""
        ...

    def durations(self, preset: Preset | None, limit: int) -> list[tuple[float, float]]:
        """(cost, seconds from start to end) of the jobs that succeeded last, newest first; None means any preset."""
        ...
