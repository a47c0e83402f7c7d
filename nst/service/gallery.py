"""The gallery beyond its newest paintings: titles, likes, the order by likes, and search."""

from collections.abc import Callable, Collection

from nst.domain import Cursor, FeedOrder, Job, Page, SearchTerm, normalised_title, words_of
from nst.errors import NotAllowed, Refused, WrongState
from nst.service.access import find_job, owned_job, painting_key, unknown_job
from nst.service.feed_head import FeedHead
from nst.service.rate_limit import RateLimit
from nst.settings import Settings
from nst.store.ports import Backend
from nst.styles import Catalogue, description_of

_MINUTE, _DAY = 60.0, 86_400.0
_LIKES_A_MINUTE = 30  # of one visitor, likes that are taken back included
_TITLES_A_MINUTE = 10  # of one visitor
_MAX_PAGE = 100
_MAX_QUERY = 200  # characters
_MOST_STYLE_WORDS = 100
_STYLES_SECONDS = 0.0  # that a search waits for style pictures that were not read yet


class Gallery:
    """Titles, likes, and the pages of the gallery by order and search. Thread-safe, and shared by all visitors."""

    def __init__(self, backend: Backend, catalogue: Catalogue, settings: Settings, clock: Callable[[], float], head: FeedHead) -> None:
        self._head = head
        self._backend, self._catalogue, self._clock = backend, catalogue, clock
        most = settings.visitors_per_address
        self._likes = RateLimit("likes", _LIKES_A_MINUTE, _MINUTE, clock)
        self._titles = RateLimit("titles", _TITLES_A_MINUTE, _MINUTE, clock)
        self._likes_of_network = RateLimit("likes of networks", most * _LIKES_A_MINUTE, _MINUTE, clock)
        self._of_network = RateLimit("likes of a painting by a network", most, _DAY, clock, backend.rates)

    def page(
        self,
        limit: int,
        before: Cursor | None = None,
        style: str | None = None,
        order: FeedOrder = FeedOrder.NEWEST,
        query: str = "",
    ) -> Page:
        """Published paintings, those alone that match each word of the query by their title or by one of their styles.

        Args:
            style: only paintings in this style, by its id.
        """
        terms = self._terms(query)
        if query.strip() and not terms:  # without a letter or a digit
            return Page((), None)
        return self._backend.feed.page(max(1, min(limit, _MAX_PAGE)), before, style, order, terms)

    def head(self, limit: int, style: str | None = None, order: FeedOrder = FeedOrder.NEWEST) -> Page:
        """The first page, at most two seconds old: for pages that ask again and again."""
        return self._head.page(max(1, min(limit, _MAX_PAGE)), style, order)

    def like(self, job_id: str, owner: str, *, liked: bool, network: str | None = None, has_cookie: bool = True) -> int:
        """Like a published painting, once, or take that back. Returns the number of likes.

        Args:
            network: that the visitor comes from (`nst.client_network`): a painting gets few likes a day from one.
            has_cookie: whether the visitor can be recognised.

        Raises:
            UnknownJob: when it is not in the gallery.
            NotAllowed: when the visitor cannot be recognised.
            Refused: when the visitor, or the network, has liked many in a short time.
        """
        if not owner or not has_cookie:
            raise NotAllowed("Allow cookies for this page to like paintings: without one, the studio cannot count you once.")
        self._check_pace(job_id, owner, liked, network)
        with self._head.changes():
            number = self._backend.feed.like(job_id, owner, liked, self._clock()) if find_job(self._backend, job_id) else None
        if number is None:
            raise unknown_job()
        return number

    def liked(self, owner: str, job_ids: Collection[str]) -> set[str]:
        """Those of the paintings that this visitor likes."""
        return self._backend.feed.liked(owner, job_ids) if job_ids else set()

    def liked_by(self, owner: str, limit: int, before: Cursor | None = None) -> Page:
        """The published paintings that this visitor likes, those liked last in front."""
        return self._backend.feed.liked_by(owner, max(1, min(limit, _MAX_PAGE)), before) if owner else Page((), None)

    def set_title(self, job_id: str, owner: str, title: str) -> Job:
        """Give a finished painting a title; an empty one removes it.

        Raises:
            UnknownJob: when it is somebody else's.
            InvalidParams: as `nst.domain.normalised_title`.
            WrongState: when there is no painting yet.
            Refused: when the visitor has changed many in a short time.
        """
        job, wanted = owned_job(self._backend, job_id, owner), normalised_title(title)
        painting_key(job)
        if wanted == job.title:
            return job
        if not self._titles.take(owner):
            raise Refused("You have changed many titles in the last minute. Please wait a minute.")
        with self._head.changes():
            is_set = self._backend.jobs.set_title(job_id, wanted)
        if not is_set:
            raise WrongState("There is no finished painting to give a title to.")
        return owned_job(self._backend, job_id, owner)

    def _check_pace(self, job_id: str, owner: str, liked: bool, network: str | None) -> None:
        """Cookies are free, so those of one network are counted together, too; and few of them count for one painting."""
        if not self._likes.take(owner) or (network is not None and not self._likes_of_network.take(network)):
            raise Refused("You have liked many paintings in the last minute. Please wait a minute.")
        if network is None or not liked or self.liked(owner, [job_id]):
            return
        if not self._of_network.take(f"{network} {job_id}", owner):
            raise Refused("Many visitors from your network like this painting already. Please try again tomorrow.")

    def _terms(self, query: str) -> list[SearchTerm]:
        wanted = words_of(query[:_MAX_QUERY])
        entries = self._catalogue.entries(_STYLES_SECONDS) if wanted else ()
        words = {entry.id: words_of(description_of(entry), _MOST_STYLE_WORDS) for entry in entries}
        return [SearchTerm(word, {style for style, own in words.items() if any(each.startswith(word) for each in own)}) for word in wanted]
