"""The feed: a table of its own, so that a page is one range of one key, however many jobs there are."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nst.domain import Cursor, FeedEntry, FeedOrder, Job, Page, SearchTerm, title_words
from nst.store.ports import Feed
from nst.store.records import job_of
from nst.store.sqlite.database import UsesDatabase

_ALL = ""  # the style of rows for the whole feed
_PLACES = {
    FeedOrder.NEWEST: ("feed.published", "feed.job_id"),
    FeedOrder.LIKED: ("feed.likes", "feed.published", "feed.job_id"),
}
_LAST = chr(0x10FFFF)  # after every character of a word
_IN_GROUP = (
    "SELECT job_id FROM title_words WHERE ? <> '' AND word >= ? AND word < ?"
    " UNION ALL SELECT job_id FROM feed WHERE style IN (SELECT value FROM json_each(?))"
)
_MATCHES = (
    "(EXISTS (SELECT 1 FROM title_words AS own WHERE own.job_id = feed.job_id AND ? <> '' AND own.word >= ? AND own.word < ?)"
    " OR EXISTS (SELECT 1 FROM feed AS own WHERE own.job_id = feed.job_id AND own.style IN (SELECT value FROM json_each(?))))"
)
_FEW = 2000  # paintings that a term matches, all of which are looked at
_LOOKED_AT = 6000  # paintings, for one page of a search


@dataclass(frozen=True)
class _Part:
    """The part of the feed that follows a place."""

    condition: str
    values: tuple[object, ...]
    order: str

    @classmethod
    def of(cls, style: str | None, before: Cursor | None, order: FeedOrder) -> "_Part":
        at, job_id, likes = before or (float("inf"), "", float("inf"))
        names = _PLACES[order]
        condition = f"feed.style = ? AND ({', '.join(names)}) < ({', '.join('?' * len(names))})"
        return cls(condition, (style or _ALL, *(likes, at, job_id)[-len(names) :]), ", ".join(f"{name} DESC" for name in names))

    @property
    def query(self) -> str:
        return f"feed WHERE {self.condition} ORDER BY {self.order}"


class SqliteFeed(UsesDatabase, Feed):
    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        terms: Sequence[SearchTerm] = (),
    ) -> Page:
        part = _Part.of(style, before, order)
        with self._database.reading() as connection:
            few, last, source = _few(connection, terms), None, f"feed JOIN jobs ON jobs.id = feed.job_id WHERE {part.condition}"
            values = list(part.values)
            if few:
                source += f" AND feed.job_id IN ({_IN_GROUP})"
                values += _values(few)
            elif terms:
                last = connection.execute(
                    f"SELECT published, job_id, likes FROM {part.query} LIMIT 1 OFFSET {_LOOKED_AT - 1}", values
                ).fetchone()
                source = f"(SELECT * FROM {part.query} LIMIT {_LOOKED_AT}) AS feed JOIN jobs ON jobs.id = feed.job_id WHERE TRUE"
            for term in terms:
                source += f" AND {_MATCHES}"
                values += _values(term)
            rows = connection.execute(f"SELECT jobs.* FROM {source} ORDER BY {part.order} LIMIT ?", (*values, limit + 1)).fetchall()
        entries = tuple(FeedEntry.of(job_of(dict(row))) for row in rows[:limit])
        return Page(entries, entries[-1].cursor if len(rows) > limit else Cursor(*last) if last else None)

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

    def liked_by(self, owner: str, limit: int, before: Cursor | None = None) -> Page:
        at, job_id = before[:2] if before else (float("inf"), "")
        rows = self._database.rows(
            "SELECT likes.at AS liked_at, jobs.* FROM likes JOIN feed ON feed.style = ? AND feed.job_id = likes.job_id"
            " JOIN jobs ON jobs.id = likes.job_id WHERE likes.owner = ? AND (likes.at, likes.job_id) < (?, ?)"
            " ORDER BY likes.at DESC, likes.job_id DESC LIMIT ?",
            (_ALL, owner, at, job_id, limit + 1),
        )
        shown = rows[:limit]
        following = Cursor(shown[-1]["liked_at"], shown[-1]["id"]) if len(rows) > limit else None
        return Page(tuple(FeedEntry.of(job_of(dict(row))) for row in shown), following)

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


def _few(connection: sqlite3.Connection, terms: Sequence[SearchTerm]) -> SearchTerm | None:
    """A term that so few paintings match that all of them can be looked at."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM ({_IN_GROUP}) LIMIT {_FEW + 1})"
    numbers = [(connection.execute(query, _values(term)).fetchone()[0], position) for position, term in enumerate(terms)]
    number, position = min(numbers, default=(_FEW + 1, 0))
    return terms[position] if number <= _FEW else None


def _values(term: SearchTerm) -> list[object]:
    return [term.word, term.word, term.word + _LAST, json.dumps(sorted(term.styles))]


def put_in(connection: sqlite3.Connection, job: Job) -> None:
    """Insert a job as part of a transaction. One that is not to be shown is ignored, and so is one that is in the feed."""
    if job.is_in_feed:
        names = {_ALL, *(style.name for group in job.style_groups for style in group if not style.is_upload)}
        rows = [(name, job.published, job.id, job.likes) for name in names]
        connection.executemany("INSERT OR IGNORE INTO feed (style, published, job_id, likes) VALUES (?, ?, ?, ?)", rows)
        words = [(word, job.id) for word in title_words(job.title or "")]
        connection.executemany("INSERT OR IGNORE INTO title_words (word, job_id) VALUES (?, ?)", words)


def take_out(connection: sqlite3.Connection, job_id: str) -> None:
    """Remove a job as part of a transaction."""
    connection.execute("DELETE FROM feed WHERE job_id = ?", (job_id,))
    connection.execute("DELETE FROM title_words WHERE job_id = ?", (job_id,))


def rename_in_likes(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Give an owner's likes to the owner `new`, as part of a transaction. A painting that both like loses one."""
    statement = "DELETE FROM likes WHERE owner = ? AND job_id IN (SELECT job_id FROM likes WHERE owner = ?) RETURNING job_id"
    twice = [tuple(row) for row in connection.execute(statement, (old, new))]
    connection.executemany("UPDATE jobs SET likes = likes - 1 WHERE id = ?", twice)
    connection.executemany("UPDATE feed SET likes = likes - 1 WHERE job_id = ?", twice)
    connection.execute("UPDATE likes SET owner = ? WHERE owner = ?", (new, old))
