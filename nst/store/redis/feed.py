"""The feed: one sorted set for all published jobs and one per style, so that a page is one range, however many jobs there are."""

import json
from collections.abc import Collection, Sequence

from nst.domain import Cursor, FeedEntry, FeedOrder, Page, SearchTerm
from nst.store.ports import Feed
from nst.store.redis.connection import UsesRedis
from nst.store.redis.records import after, job_of


class RedisFeed(UsesRedis, Feed):
    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        terms: Sequence[SearchTerm] = (),
    ) -> Page:
        likes = before.likes if before else ""
        if terms:
            groups = [*terms, SearchTerm("", {style})] if style else terms
            wanted = json.dumps([[term.word, sorted(term.styles)] for term in groups])
            found = self._connection.run("search", order.value, limit + 1, likes, after(before), wanted)
        elif order is FeedOrder.LIKED:
            found = self._connection.run("most_liked", style or "", limit + 1, likes, after(before))
        else:
            found = self._connection.run("newest", f"feed:{style}" if style else "feed", limit + 1, after(before))
        entries = tuple(FeedEntry.of(job_of(reply)) for reply in found[:limit])
        return Page(entries, entries[-1].cursor if len(found) > limit else None)

    def like(self, job_id: str, owner: str, liked: bool, now: float) -> int | None:
        number = self._connection.run("like", job_id, owner, liked, now)
        return None if number is None else int(number)

    def liked(self, owner: str, job_ids: Collection[str]) -> set[str]:
        return set(self._connection.run("liked", owner, *job_ids))

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        return int(self._connection.run("report", job_id, reporter, json.dumps({"reason": reason, "at": now})))

    def hide(self, job_id: str, hidden: bool) -> bool:
        return bool(self._connection.run("hide", job_id, hidden))
