"""The feed: one sorted set for all published jobs and one per style, so that a page is one range, however many jobs there are."""

import json
from collections.abc import Collection, Sequence

from nst.domain import Cursor, FeedEntry, FeedOrder, Page, SearchTerm
from nst.store.ports import Feed
from nst.store.redis.connection import UsesRedis
from nst.store.redis.records import after, job_of, time_of

_LOOKED_AT = 2000  # paintings, in one call of a script
_CALLS = 3  # for one page of a search


class RedisFeed(UsesRedis, Feed):
    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        terms: Sequence[SearchTerm] = (),
    ) -> Page:
        if terms or order is FeedOrder.LIKED:
            return self._search(limit, before, style, order, terms)
        found = self._connection.run("newest", f"feed:{style}" if style else "feed", limit + 1, after(before))
        return _page(found, limit, None)

    def _search(self, limit: int, before: Cursor | None, style: str | None, order: FeedOrder, terms: Sequence[SearchTerm]) -> Page:
        wanted = json.dumps([[term.word, sorted(term.styles)] for term in terms])
        found: list[Sequence[str]] = []
        for _ in range(_CALLS):
            place = before.likes if before else "", after(before)
            more, last = self._connection.run("search", order.value, style or "", limit + 1 - len(found), *place, wanted, _LOOKED_AT)
            found += more
            before = Cursor(time_of(last[16:]), last[32:], int(time_of(last))) if last else None
            if before is None or len(found) > limit:
                break
        return _page(found, limit, before)

    def like(self, job_id: str, owner: str, liked: bool, now: float) -> int | None:
        number = self._connection.run("like", job_id, owner, liked, now)
        return None if number is None else int(number)

    def liked(self, owner: str, job_ids: Collection[str]) -> set[str]:
        return set(self._connection.run("liked", owner, *job_ids))

    def liked_by(self, owner: str, limit: int, before: Cursor | None = None) -> Page:
        found, last = self._connection.run("liked_by", owner, limit, after(before), _LOOKED_AT)
        return Page(tuple(FeedEntry.of(job_of(reply)) for reply in found), Cursor(time_of(last), last[16:]) if last else None)

    def report(self, job_id: str, reporter: str, reason: str, now: float) -> int:
        return int(self._connection.run("report", job_id, reporter, json.dumps({"reason": reason, "at": now})))

    def hide(self, job_id: str, hidden: bool) -> bool:
        return bool(self._connection.run("hide", job_id, hidden))


def _page(found: Sequence[Sequence[str]], limit: int, following: Cursor | None) -> Page:
    """
    Args:
        found: one record more than the page has, if there are so many.
        following: where a page that has fewer is continued.
    """
    entries = tuple(FeedEntry.of(job_of(reply)) for reply in found[:limit])
    return Page(entries, entries[-1].cursor if len(found) > limit else following)
