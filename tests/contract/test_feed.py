"""What `nst.store.ports.Feed` promises."""

from nst.domain import Cursor, StyleRef
from nst.store.ports import Backend
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
