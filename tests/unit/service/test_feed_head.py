"""The first page of the gallery, which all visitors of a process share."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from nst.domain import Cursor, FeedOrder, Page, SearchTerm
from nst.errors import StoreUnavailable
from nst.service.feed_head import HEAD_SECONDS, FeedHead
from nst.store.ports import Feed
from tests.support.studio import Studio


class CountedFeed(Feed):
    """Counts reads; one waits until it may go on."""

    def __init__(self) -> None:
        self.reads: list[str | None] = []
        self.may_go_on, self.is_away = threading.Event(), False
        self.may_go_on.set()

    def page(
        self,
        limit: int,  # noqa: ARG002
        before: Cursor | None = None,  # noqa: ARG002
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,  # noqa: ARG002
        terms: Sequence[SearchTerm] = (),  # noqa: ARG002
    ) -> Page:
        self.reads.append(style)
        assert self.may_go_on.wait(30)
        if self.is_away:
            raise StoreUnavailable("away")
        return Page((), None)

    def like(self, *_: object) -> int | None:
        return None

    def liked(self, *_: object) -> set[str]:
        return set()

    def liked_by(self, *_: object) -> Page:
        return Page((), None)

    def report(self, *_: object) -> int:
        return 0

    def hide(self, *_: object) -> bool:
        return False


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_thousand_visitors_are_one_read_in_two_seconds() -> None:
    feed, clock = CountedFeed(), Clock()
    head = FeedHead(feed, clock)
    for number in range(1000):
        clock.now = 0.9 * HEAD_SECONDS * number / 1000
        head.page(24, None)
    assert len(feed.reads) == 1
    clock.now = HEAD_SECONDS
    head.page(24, None)
    assert len(feed.reads) == 2


def test_visitors_who_come_during_a_read_share_it() -> None:
    feed = CountedFeed()
    head = FeedHead(feed)
    feed.may_go_on.clear()
    with ThreadPoolExecutor(20) as pool:
        pages = [pool.submit(head.page, 24, None) for _ in range(20)]
        feed.may_go_on.set()
        assert len({id(page.result()) for page in pages}) == 1
    assert len(feed.reads) == 1


def test_styles_and_lengths_have_pages_of_their_own() -> None:
    feed = CountedFeed()
    head = FeedHead(feed)
    for _ in range(2):
        for style in (None, "tide-wash", "starlit-swirl"):
            head.page(24, style)
    head.page(6, None)
    head.page(24, None, FeedOrder.LIKED)
    assert len(feed.reads) == 5


def test_the_number_of_pages_in_memory_is_bounded() -> None:
    head = FeedHead(CountedFeed())
    for number in range(1000):
        head.page(24, f"style-{number}")
    assert len(head._reads) <= 64


def test_an_error_is_not_kept() -> None:
    feed = CountedFeed()
    head = FeedHead(feed)
    feed.is_away = True
    with pytest.raises(StoreUnavailable):
        head.page(24, None)
    feed.is_away = False
    assert head.page(24, None) == Page((), None)


@pytest.mark.parametrize("studio", [{"admin_token": "sesame-of-16-characters"}], indirect=True)
def test_what_this_process_changes_is_seen_at_once(studio: Studio) -> None:
    job = studio.painted()

    def shown() -> bool:
        return bool(studio.service.gallery.head(24).entries)

    assert not shown()
    studio.service.publish(job.id, "anna")
    assert shown()
    studio.service.hide(job.id, "sesame-of-16-characters")
    assert not shown()
    studio.service.hide(job.id, "sesame-of-16-characters", hidden=False)
    assert shown()
    studio.service.make_private(job.id, "anna")
    assert not shown()
    studio.service.publish(job.id, "anna")
    assert shown()
    studio.service.delete(job.id, "anna")
    assert not shown()
