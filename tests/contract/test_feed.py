"""What `nst.store.ports.Feed` promises."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from nst.domain import Cursor, FeedOrder, Job, Outcome, RegionRef, SearchTerm, StyleRef, words_of
from nst.store.ports import Backend
from nst.store.redis import feed as redis_feed
from nst.store.sqlite import feed as sqlite_feed
from tests.support.jobs import record, submitted, succeeded


def ids(backend: Backend, limit: int = 99, style: str | None = None) -> list[str]:
    return [entry.job_id for entry in backend.feed.page(limit, style=style).entries]


def test_only_public_paintings_that_succeeded_are_shown(backend: Backend) -> None:
    shown = succeeded(backend, public=True)
    succeeded(backend, public=False)
    submitted(backend, public=True)
    assert ids(backend) == [shown.id]


def test_an_entry_has_what_to_show_and_nothing_about_the_owner(backend: Backend) -> None:
    job = succeeded(backend, "anna", public=True)
    (entry,) = backend.feed.page(9).entries
    assert entry.output_key == f"public/output/{job.id}.jpg"
    assert entry.input_key == f"public/input/{job.id}.jpg"
    assert (entry.styles, entry.params) == (job.styles, job.params)
    assert "anna" not in repr(entry)


def test_whether_there_are_thumbnails_is_stored_with_the_end(backend: Backend) -> None:
    for has_thumbnails in (True, False):
        job = submitted(backend, public=True)
        assert not job.has_thumbnails
        lease = backend.queue.claim("worker", 1.0, 30.0)
        assert lease is not None
        outcome = Outcome.succeeded(f"public/output/{job.id}.jpg", 10, {}, has_thumbnails=has_thumbnails)
        assert backend.jobs.finish(lease.job.fencing_token, outcome, 2.0)
        found = backend.jobs.get(job.id)
        assert found is not None
        assert found.has_thumbnails is has_thumbnails
        assert len(found.thumbnail_keys) == 2 * has_thumbnails
        assert next(entry for entry in backend.feed.page(9).entries if entry.job_id == job.id).has_thumbnails is has_thumbnails


def test_pages_follow_each_other_without_gaps_or_repeats_while_new_pictures_arrive(backend: Backend) -> None:
    jobs = [succeeded(backend, public=True, at=float(number // 3)) for number in range(10)]
    wanted = [job.id for job in sorted(jobs, key=lambda job: (job.published, job.id), reverse=True)]
    seen: list[str] = []
    before: Cursor | None = None
    for _ in range(4):
        page = backend.feed.page(3, before)
        seen += [entry.job_id for entry in page.entries]
        before = page.following
        succeeded(backend, public=True, at=100.0)
    assert seen == wanted
    assert before is None


def test_the_feed_is_filtered_by_style(backend: Backend) -> None:
    both = succeeded(backend, public=True, at=1.0, styles=(StyleRef("night-chalk"), StyleRef("tide-wash", 2.0)))
    one = succeeded(backend, public=True, at=2.0, styles=(StyleRef("tide-wash"),))
    own = succeeded(backend, public=True, at=3.0, styles=(StyleRef(f"style/{'0' * 32}-0.jpg"),))
    assert ids(backend) == [own.id, one.id, both.id]
    assert ids(backend, style="tide-wash") == [one.id, both.id]
    assert ids(backend, style="night-chalk") == [both.id]
    assert ids(backend, style=f"style/{'0' * 32}-0.jpg") == []


def test_a_painting_is_found_by_the_styles_of_its_parts(backend: Backend) -> None:
    regions = (RegionRef("sky", (StyleRef("night-chalk"), StyleRef(f"style/{'0' * 32}-0.jpg"))), RegionRef("faces"))
    job = succeeded(backend, public=True, at=1.0, styles=(StyleRef("tide-wash"),), regions=regions)
    (entry,) = backend.feed.page(9).entries
    assert entry.style_groups == (job.styles, regions[0].styles)
    backend.feed.like(job.id, "bert", True, 2.0)
    for style in ("tide-wash", "night-chalk"):
        assert ids(backend, style=style) == [job.id]
        assert [each.job_id for each in backend.feed.page(9, style=style, order=FeedOrder.LIKED).entries] == [job.id]
        assert [each.job_id for each in backend.feed.page(9, terms=[SearchTerm("", {style})]).entries] == [job.id]
        backend.feed.hide(job.id, True)
        assert ids(backend, style=style) == []
        backend.feed.hide(job.id, False)
    assert ids(backend, style=f"style/{'0' * 32}-0.jpg") == []
    backend.jobs.delete(job.id)
    assert ids(backend, style="night-chalk") == []


def test_a_hidden_painting_stays_out_until_it_is_shown_again_at_its_old_place(backend: Backend) -> None:
    first, second = (succeeded(backend, public=True, at=float(at)) for at in (1, 2))
    assert backend.feed.hide(first.id, True)
    assert ids(backend) == [second.id]
    job = record(backend, first.id)
    backend.jobs.set_public(first.id, False, job.input_key, job.output_key or "", 3.0)
    backend.jobs.set_public(first.id, True, job.input_key, job.output_key or "", 4.0)
    assert ids(backend) == [second.id]
    assert backend.feed.hide(first.id, False)
    assert ids(backend) == [first.id, second.id]
    assert not backend.feed.hide("0" * 32, True)


def test_each_visitor_reports_a_painting_once(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    assert backend.feed.report(job.id, "bert", "ugly", 2.0) == 1
    assert backend.feed.report(job.id, "bert", "still ugly", 3.0) == 1
    assert backend.feed.report(job.id, "carl", "", 4.0) == 2
    assert backend.feed.report("0" * 32, "carl", "", 4.0) == 0
    backend.feed.hide(job.id, True)
    assert backend.feed.report(job.id, "dora", "", 5.0) == 0
    backend.feed.hide(job.id, False)
    assert backend.feed.report(job.id, "dora", "", 6.0) == 1


def test_what_was_let_in_again_is_marked_until_it_is_hidden(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    seen = [record(backend, job.id).cleared]
    for is_hidden in (True, False, True):
        backend.feed.hide(job.id, is_hidden)
        seen.append(record(backend, job.id).cleared)
    assert seen == [False, False, True, False]


def liked_ids(backend: Backend, limit: int = 99, style: str | None = None) -> list[str]:
    return [entry.job_id for entry in backend.feed.page(limit, style=style, order=FeedOrder.LIKED).entries]


def liked_by_bert(backend: Backend) -> list[str]:
    return [entry.job_id for entry in backend.feed.liked_by("bert", 99).entries]


def found(backend: Backend, *terms: SearchTerm, style: str | None = None, order: FeedOrder = FeedOrder.NEWEST) -> list[str]:
    return [entry.job_id for entry in backend.feed.page(99, None, style, order, terms).entries]


def make_private(backend: Backend, job: Job) -> None:
    assert backend.jobs.set_public(job.id, False, job.input_key, job.output_key or "", 9.0)


def test_an_owner_likes_a_painting_once_and_takes_it_back(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    assert [entry.likes for entry in backend.feed.page(9).entries] == [0]
    assert [backend.feed.like(job.id, owner, True, 2.0) for owner in ("bert", "bert", "carl")] == [1, 1, 2]
    assert backend.feed.liked("bert", [job.id, "0" * 32]) == {job.id}
    assert [entry.likes for entry in backend.feed.page(9).entries] == [2]
    assert [backend.feed.like(job.id, "bert", False, 3.0) for _ in range(2)] == [1, 1]
    assert backend.feed.liked("bert", [job.id]) == set()
    assert record(backend, job.id).likes == 1


def test_only_what_is_in_the_feed_can_be_liked_and_likes_come_back_with_it(backend: Backend) -> None:
    private, shown = succeeded(backend), succeeded(backend, public=True)
    assert backend.feed.like(private.id, "bert", True, 2.0) is None
    assert backend.feed.like("0" * 32, "bert", True, 2.0) is None
    backend.feed.like(shown.id, "bert", True, 2.0)
    make_private(backend, shown)
    assert backend.feed.like(shown.id, "carl", True, 3.0) is None
    assert (ids(backend), liked_ids(backend)) == ([], [])
    backend.jobs.set_public(shown.id, True, shown.input_key, shown.output_key or "", 4.0)
    assert [entry.likes for entry in backend.feed.page(9).entries] == [1]
    backend.feed.hide(shown.id, True)
    assert backend.feed.like(shown.id, "carl", True, 5.0) is None
    assert (liked_ids(backend), liked_ids(backend, style="starlit-swirl")) == ([], [])


def test_the_paintings_that_an_owner_likes_are_listed_from_the_last_like_on(backend: Backend) -> None:
    jobs = [succeeded(backend, public=True, at=float(number)) for number in range(5)]
    for at, number in enumerate([3, 0, 4, 1, 3], start=10):  # the second like of one changes nothing
        backend.feed.like(jobs[number].id, "bert", True, float(at))
    backend.feed.like(jobs[2].id, "carl", True, 20.0)
    wanted = [jobs[number].id for number in (1, 4, 0, 3)]
    for size in (1, 2, 3, 4):
        seen: list[str] = []
        before: Cursor | None = None
        while page := backend.feed.liked_by("bert", size, before):
            assert len(page.entries) <= size
            seen += [entry.job_id for entry in page.entries]
            if (before := page.following) is None:
                break
        assert seen == wanted, size
    backend.feed.like(jobs[4].id, "bert", False, 30.0)
    make_private(backend, jobs[0])
    backend.feed.hide(jobs[1].id, True)
    assert liked_by_bert(backend) == [jobs[3].id]
    backend.feed.hide(jobs[1].id, False)
    assert liked_by_bert(backend) == [jobs[1].id, jobs[3].id]
    backend.jobs.delete(jobs[1].id)
    assert liked_by_bert(backend) == [jobs[3].id]
    assert backend.feed.liked_by("dora", 9).entries == ()


def test_a_deleted_painting_takes_its_likes_along(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    backend.feed.like(job.id, "bert", True, 2.0)
    backend.jobs.set_title(job.id, "Evening")
    assert backend.jobs.delete(job.id)
    assert (ids(backend), liked_ids(backend), found(backend, SearchTerm("evening"))) == ([], [], [])
    assert backend.feed.liked("bert", [job.id]) == set()
    assert backend.feed.like(job.id, "bert", True, 3.0) is None


def test_an_owner_is_renamed_with_their_likes(backend: Backend) -> None:
    first, both, other = (succeeded(backend, public=True, at=float(number)) for number in range(3))
    for at, (job, owner) in enumerate([(both, "bert"), (both, "a-hash"), (first, "bert"), (other, "carl"), (both, "carl")], start=10):
        backend.feed.like(job.id, owner, True, float(at))
    for _ in range(2):
        assert backend.jobs.rename_owner("bert", "a-hash") == 0
    assert liked_by_bert(backend) == []
    assert backend.feed.liked("bert", [first.id, both.id]) == set()
    assert [entry.job_id for entry in backend.feed.liked_by("a-hash", 9).entries] == [first.id, both.id]
    assert [(entry.job_id, entry.likes) for entry in backend.feed.page(9, order=FeedOrder.LIKED).entries] == [
        (both.id, 2),
        (other.id, 1),
        (first.id, 1),
    ]
    assert backend.feed.like(first.id, "a-hash", False, 20.0) == 0


def test_all_owners_of_likes_are_renamed(backend: Backend) -> None:
    job = succeeded(backend, "anna", public=True)
    backend.feed.like(job.id, "bert", True, 2.0)
    assert backend.jobs.rename_owners(lambda name: f"hash-of-{name.removeprefix('hash-of-')}") == 2
    assert backend.feed.liked("hash-of-bert", [job.id]) == {job.id}


def test_likes_at_the_same_time_are_all_counted(backend: Backend) -> None:
    job, other = succeeded(backend, public=True), succeeded(backend, public=True)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: backend.feed.like(job.id, f"visitor {number % 20}", True, 2.0), range(40)))
    assert record(backend, job.id).likes == max(answers, key=lambda answer: answer or 0) == 20
    assert liked_ids(backend) == [job.id, other.id]


def test_likes_and_a_deletion_at_the_same_time_leave_nothing(backend: Backend) -> None:
    jobs = [succeeded(backend, public=True, at=float(number)) for number in range(6)]

    def act(number: int) -> None:
        job = jobs[number % 6]
        if number // 6 == 2:
            backend.jobs.delete(job.id)
        else:
            backend.feed.like(job.id, f"visitor {number}", True, 9.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(30)))
    assert (ids(backend), liked_ids(backend), liked_ids(backend, style="starlit-swirl")) == ([], [], [])
    assert [backend.jobs.get(job.id) for job in jobs] == [None] * 6


def test_the_most_liked_come_first_and_pages_follow_without_gaps_or_repeats(backend: Backend) -> None:
    jobs = [succeeded(backend, public=True, at=float(number // 2)) for number in range(9)]
    for number, job in enumerate(jobs):
        for visitor in range(number % 4):
            backend.feed.like(job.id, f"visitor {visitor}", True, 20.0)
    wanted = sorted((record(backend, job.id) for job in jobs), key=lambda job: (job.likes, job.published, job.id), reverse=True)
    assert [job.likes for job in wanted] == [3, 3, 2, 2, 1, 1, 0, 0, 0]
    for size in (1, 2, 4, 9):
        seen: list[str] = []
        before: Cursor | None = None
        while page := backend.feed.page(size, before, order=FeedOrder.LIKED):
            seen += [entry.job_id for entry in page.entries]
            if (before := page.following) is None:
                break
        assert seen == [job.id for job in wanted], size


def test_the_most_liked_of_a_style(backend: Backend) -> None:
    tide, chalk = (succeeded(backend, public=True, styles=(StyleRef(style),)) for style in ("tide-wash", "night-chalk"))
    newer = succeeded(backend, public=True, at=5.0, styles=(StyleRef("tide-wash"), StyleRef("night-chalk")))
    backend.feed.like(tide.id, "bert", True, 6.0)
    assert liked_ids(backend, style="tide-wash") == [tide.id, newer.id]
    assert liked_ids(backend, style="night-chalk") == [newer.id, chalk.id]


def test_a_title_is_kept_changed_and_removed(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    assert (job.title, job.likes) == (None, 0)
    for title in ("Évening by the “sea”", "Mornîng 🌅", None):
        assert backend.jobs.set_title(job.id, title)
        assert record(backend, job.id).title == title
        assert [entry.title for entry in backend.feed.page(9).entries] == [title]
    assert not backend.jobs.set_title(submitted(backend).id, "Too early")
    assert not backend.jobs.set_title("0" * 32, "Nothing")


def test_a_new_title_is_not_what_the_administrator_has_let_in(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    backend.jobs.set_title(job.id, "Harmless")
    backend.feed.hide(job.id, False)
    assert backend.jobs.set_title(job.id, "Harmless")
    assert record(backend, job.id).cleared
    assert backend.jobs.set_title(job.id, "Harmful")
    assert not record(backend, job.id).cleared


def test_paintings_are_found_by_the_beginnings_of_words_and_by_style(backend: Backend) -> None:
    sunset = succeeded(backend, public=True, at=1.0, styles=(StyleRef("tide-wash"),))
    sea = succeeded(backend, public=True, at=2.0, styles=(StyleRef("night-chalk"),))
    untitled = succeeded(backend, public=True, at=3.0, styles=(StyleRef("tide-wash"),))
    backend.jobs.set_title(sunset.id, "Sunset on the Élbe")
    backend.jobs.set_title(sea.id, "The sea at sundown")
    sun, tide = SearchTerm("sun"), SearchTerm("water", {"tide-wash"})
    assert found(backend, sun) == [sea.id, sunset.id]
    assert found(backend, SearchTerm("elbe")) == [sunset.id]
    assert found(backend, SearchTerm("unset")) == []
    assert found(backend, tide) == [untitled.id, sunset.id]
    assert found(backend, sun, tide) == [sunset.id]
    assert found(backend, sun, style="night-chalk") == [sea.id]
    assert found(backend, SearchTerm("nothing"), sun) == []
    backend.feed.like(sunset.id, "bert", True, 4.0)
    assert found(backend, sun, order=FeedOrder.LIKED) == [sunset.id, sea.id]
    make_private(backend, sea)
    assert found(backend, sun) == [sunset.id]
    backend.jobs.set_title(sunset.id, None)
    assert found(backend, sun) == []


@pytest.mark.parametrize(
    ("title", "parts", "others"),
    [
        ("海辺の町の夕暮れ", ["海辺", "町", "夕暮れ"], ["町海"]),
        ("밤바다의 노을", ["바다", "노을"], ["바의"]),
        ("午后的海边", ["海边"], ["海午"]),
    ],
)
def test_titles_without_spaces_are_found_by_any_part(backend: Backend, title: str, parts: list[str], others: list[str]) -> None:
    job, other = (succeeded(backend, public=True, at=at) for at in (1.0, 2.0))
    backend.jobs.set_title(other.id, "Sunset")
    backend.jobs.set_title(job.id, title)
    assert [found(backend, *map(SearchTerm, words_of(part))) for part in (*parts, *others)] == [[job.id]] * len(parts) + [[]] * len(others)
    backend.jobs.set_title(job.id, "Dawn")
    assert found(backend, SearchTerm(words_of(parts[0])[0])) == []


def test_the_pages_of_a_search_follow_each_other(backend: Backend) -> None:
    jobs = [succeeded(backend, public=True, at=float(number // 2)) for number in range(7)]
    for number, job in enumerate(jobs):
        backend.jobs.set_title(job.id, f"Wave {number}")
        if number % 3 == 0:
            backend.feed.like(job.id, "bert", True, 9.0)
    for order in FeedOrder:
        seen: list[str] = []
        before: Cursor | None = None
        while page := backend.feed.page(3, before, None, order, [SearchTerm("wave")]):
            seen += [entry.job_id for entry in page.entries]
            if (before := page.following) is None:
                break
        assert seen == [entry.job_id for entry in backend.feed.page(99, order=order).entries]
        assert len(seen) == 7


def test_a_search_looks_at_few_paintings_at_a_time_and_is_continued(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, number in ((sqlite_feed, "_FEW", 2), (sqlite_feed, "_LOOKED_AT", 4), (redis_feed, "_LOOKED_AT", 2)):
        monkeypatch.setattr(module, name, number)
    jobs = [succeeded(backend, public=True, at=float(number // 2)) for number in range(14)]
    for number, job in enumerate(jobs):
        backend.jobs.set_title(job.id, "Wave" if number % 5 else "Wave at night")
        if number % 3 == 0:
            backend.feed.like(job.id, "bert", True, 9.0)
    both = [SearchTerm("wave", {"starlit-swirl"}), SearchTerm("nig")]
    for order in FeedOrder:
        wanted = [job_id for job_id in all_pages(backend, 99, None, order, []) if record(backend, job_id).title == "Wave at night"]
        assert len(wanted) == 3
        for style in (None, "starlit-swirl"):
            assert all_pages(backend, 2, style, order, both) == wanted
            assert all_pages(backend, 2, style, order, [*both, SearchTerm("no", {"starlit-swirl"})]) == wanted
            assert all_pages(backend, 2, style, order, [*both, SearchTerm("no")]) == []


def all_pages(backend: Backend, limit: int, style: str | None, order: FeedOrder, terms: Sequence[SearchTerm]) -> list[str]:
    seen: list[str] = []
    page = backend.feed.page(limit, None, style, order, terms)
    while page.following:
        seen += [entry.job_id for entry in page.entries]
        page = backend.feed.page(limit, page.following, style, order, terms)
    return [*seen, *(entry.job_id for entry in page.entries)]
