"""The feed: one sorted set for all published jobs and one per style, so that a page is one range, however many jobs there are."""

import json

from nst.domain import Cursor, FeedEntry, Page
from nst.store.ports import Feed
from nst.store.redis.connection import UsesRedis
from nst.store.redis.records import after, job_of


class RedisFeed(UsesRedis, Feed):
    def page(self, limit: int, before: Cursor | None = None, style: str | None = None) -> Page:
        found = self._connection.run("newest", f"feed:{style}" if style else "feed", limit + 1, after(before))
        entries = tuple(FeedEntry.of(job_of(reply)) for reply in found[:limit])
        return Page(entries, entries[-1].cursor if len(found) > limit else None)

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        return int(self._connection.run("report", job_id, reporter, json.dumps({"reason": reason, "at": now})))

    def hide(self, job_id: str, hidden: bool) -> bool:
        return bool(self._connection.run("hide", job_id, hidden))
