"""The feed: a table of its own, so that a page is one range of one key, however many jobs there are."""

import sqlite3

from nst.domain import Cursor, FeedEntry, Job, Page
from nst.store.ports import Feed
from nst.store.records import job_of
from nst.store.sqlite.database import UsesDatabase

_ALL = ""  # the style of rows for the whole feed


class SqliteFeed(UsesDatabase, Feed):
    def page(self, limit: int, before: Cursor | None = None, style: str | None = None) -> Page:
        at, job_id = before or (float("inf"), "")
        rows = self._database.rows(
            "SELECT jobs.* FROM feed JOIN jobs ON jobs.id = feed.job_id WHERE feed.style = ? AND (feed.published, feed.job_id) < (?, ?)"
            " ORDER BY feed.published DESC, feed.job_id DESC LIMIT ?",
            (style or _ALL, at, job_id, limit + 1),
        )
        entries = tuple(FeedEntry.of(job_of(dict(row))) for row in rows[:limit])
        return Page(entries, entries[-1].cursor if len(rows) > limit else None)

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        with self._database.writing() as connection:
            shown = connection.execute("SELECT 1 FROM feed WHERE job_id = ? LIMIT 1", (job_id,)).fetchone()
            if shown is None:
                return 0
            connection.execute("INSERT OR IGNORE INTO reports VALUES (?, ?, ?, ?)", (job_id, reporter, reason, now))
            (number,) = connection.execute("SELECT count(*) FROM reports WHERE job_id = ?", (job_id,)).fetchone()
            return int(number)

    def hide(self, job_id: str, hidden: bool) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(
                "UPDATE jobs SET hidden = ?, cleared = ? WHERE id = ? RETURNING *", (hidden, not hidden, job_id)
            ).fetchone()
            if row is None:
                return False
            take_out(connection, job_id)
            if not hidden:
                connection.execute("DELETE FROM reports WHERE job_id = ?", (job_id,))
            put_in(connection, job_of(dict(row)))
            return True


def put_in(connection: sqlite3.Connection, job: Job) -> None:
    """Insert a job as part of a transaction. One that is not to be shown is ignored, and so is one that is in the feed."""
    if job.is_in_feed:
        names = {_ALL, *(style.name for style in job.styles if not style.is_upload)}
        connection.executemany("INSERT OR IGNORE INTO feed VALUES (?, ?, ?)", [(name, job.published, job.id) for name in names])


def take_out(connection: sqlite3.Connection, job_id: str) -> None:
    """Remove a job as part of a transaction."""
    connection.execute("DELETE FROM feed WHERE job_id = ?", (job_id,))
