"""The feed: a table of its own, so that a page is one range of one key, however many jobs there are."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from nst.domain import Cursor, FeedEntry, FeedOrder, Job, Page, SearchTerm, words_of
from nst.store.ports import Feed
from nst.store.records import job_of
from nst.store.sqlite.database import UsesDatabase

_ALL = ""  # the style of rows for the whole feed
_PLACES = {
    FeedOrder.NEWEST: ("feed.published", "feed.job_id"),
    FeedOrder.LIKED: ("feed.likes", "feed.published", "feed.job_id"),
}
_LAST = chr(0x10FFFF)  # after every character of a word
_MATCHING = (
    "SELECT job_id FROM title_words WHERE ? <> '' AND word >= ? AND word < ?"
    " UNION ALL SELECT job_id FROM feed WHERE style IN (SELECT value FROM json_each(?))"
)


class SqliteFeed(UsesDatabase, Feed):
    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        terms: Sequence[SearchTerm] = (),
    ) -> Page:
        at, job_id, likes = before or (float("inf"), "", float("inf"))
        names = _PLACES[order]
        start = (likes, at, job_id)[-len(names) :]
        matches = "".join(f" AND feed.job_id IN ({_MATCHING})" for _ in terms)
        words = [value for term in terms for value in (term.word, term.word, term.word + _LAST, json.dumps(sorted(term.styles)))]
        rows = self._database.rows(
            "SELECT jobs.* FROM feed JOIN jobs ON jobs.id = feed.job_id"
            f" WHERE feed.style = ? AND ({', '.join(names)}) < ({', '.join('?' * len(names))}){matches}"
            f" ORDER BY {', '.join(f'{name} DESC' for name in names)} LIMIT ?",
            (style or _ALL, *start, *words, limit + 1),
        )
        entries = tuple(FeedEntry.of(job_of(dict(row))) for row in rows[:limit])
        return Page(entries, entries[-1].cursor if len(rows) > limit else None)

    def like(self, job_id: str, owner: str, liked: bool, now: float) -> int | None:
        with self._database.writing() as connection:
            shown = connection.execute("SELECT 1 FROM feed WHERE job_id = ? LIMIT 1", (job_id,)).fetchone()
            if shown is None:
                return None
            if liked:
                connection.execute("INSERT OR IGNORE INTO likes VALUES (?, ?, ?)", (job_id, owner, now))
            else:
                connection.execute("DELETE FROM likes WHERE job_id = ? AND owner = ?", (job_id, owner))
            (number,) = connection.execute("SELECT count(*) FROM likes WHERE job_id = ?", (job_id,)).fetchone()
            connection.execute("UPDATE jobs SET likes = ? WHERE id = ?", (number, job_id))
            connection.execute("UPDATE feed SET likes = ? WHERE job_id = ?", (number, job_id))
            return int(number)

    def liked(self, owner: str, job_ids: Collection[str]) -> set[str]:
        query = "SELECT job_id FROM likes WHERE owner = ? AND job_id IN (SELECT value FROM json_each(?))"
        return {job_id for (job_id,) in self._database.rows(query, (owner, json.dumps(list(job_ids))))}

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
        rows = [(name, job.published, job.id, job.likes) for name in names]
        connection.executemany("INSERT OR IGNORE INTO feed (style, published, job_id, likes) VALUES (?, ?, ?, ?)", rows)
        words = [(word, job.id) for word in words_of(job.title or "")]
        connection.executemany("INSERT OR IGNORE INTO title_words (word, job_id) VALUES (?, ?)", words)


def take_out(connection: sqlite3.Connection, job_id: str) -> None:
    """Remove a job as part of a transaction."""
    connection.execute("DELETE FROM feed WHERE job_id = ?", (job_id,))
    connection.execute("DELETE FROM title_words WHERE job_id = ?", (job_id,))
