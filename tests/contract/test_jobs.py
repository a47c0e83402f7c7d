"""What `nst.store.ports.JobStore` promises."""

from dataclasses import replace

import pytest

from nst.domain import Cursor, JobProgress, JobState, Outcome, Preset, StyleRef
from nst.errors import JobIdTaken, TooManyJobs, TooManyUploads
from nst.store.ports import Backend, Quota
from tests.support.jobs import PLENTY, painted, record, submitted, succeeded


def test_progress_is_noted_and_forgotten_at_the_end(backend: Backend) -> None:
    job = submitted(backend)
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    progress = JobProgress(0.4, "scale 2 of 5", 12.5)
    assert backend.jobs.advance(lease.job.fencing_token, progress, f"private/preview/{job.id}.jpg")
    assert backend.jobs.advance(lease.job.fencing_token, progress, None)
    assert record(backend, job.id).progress == progress
    assert record(backend, job.id).preview_key == f"private/preview/{job.id}.jpg"
    assert backend.jobs.finish(lease.job.fencing_token, painted(job), 2.0)
    assert record(backend, job.id).progress == JobProgress(1.0, "scale 2 of 5")
    assert record(backend, job.id).preview_key is None


def test_the_size_of_the_photo_is_kept_if_it_is_known(backend: Backend) -> None:
    known, unknown = submitted(backend, width=640, height=480), submitted(backend)
    assert [(job.width, job.height) for job in (record(backend, known.id), record(backend, unknown.id))] == [(640, 480), (None, None)]


def test_a_failure_keeps_its_sentence(backend: Backend) -> None:
    job = submitted(backend, public=True)
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    assert backend.jobs.finish(lease.job.fencing_token, Outcome.failed("It rained."), 2.0)
    failed = record(backend, job.id)
    assert (failed.state, failed.error, failed.finished, failed.published) == (JobState.FAILED, "It rained.", 2.0, None)
    assert backend.jobs.dead(9) == []


def test_a_failure_keeps_its_code_if_it_has_one(backend: Backend) -> None:
    for code in ("style_changed", None):
        job = submitted(backend)
        lease = backend.queue.claim("worker", 1.0, 30.0)
        assert lease is not None
        assert backend.jobs.finish(lease.job.fencing_token, Outcome.failed("It rained.", code), 2.0)
        assert record(backend, job.id).error_code == code


def test_a_record_says_which_picture_each_style_was(backend: Backend) -> None:
    styles = (StyleRef("own-style", 1.0, "ab" * 32), StyleRef("tide-wash", 2.0, "cd" * 32), StyleRef(f"style/{'0' * 32}-0.jpg"))
    job = submitted(backend, styles=styles)
    assert record(backend, job.id).styles == styles
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    assert lease.job.styles == styles


def test_a_job_is_finished_once(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    assert not backend.jobs.finish(job.fencing_token, painted(job), 9.0)
    assert not backend.jobs.finish(job.fencing_token, Outcome.failed("no"), 9.0)
    assert record(backend, job.id) == job


def test_a_visitors_jobs_are_listed_newest_first_in_pages(backend: Backend) -> None:
    jobs = [submitted(backend, "anna", created=float(number // 2)) for number in range(7)]
    submitted(backend, "bert")
    wanted = sorted(jobs, key=lambda job: (job.created, job.id), reverse=True)
    first = backend.jobs.of_owner("anna", 4)
    rest = backend.jobs.of_owner("anna", 4, Cursor(first[-1].created, first[-1].id))
    assert [*first, *rest] == wanted


def test_a_deleted_job_is_gone_everywhere(backend: Backend) -> None:
    job = succeeded(backend, public=True, size_bytes=50)
    waiting = submitted(backend)
    backend.feed.report(job.id, "bert", "ugly", 2.0)
    assert backend.jobs.delete(job.id)
    assert backend.jobs.delete(waiting.id)
    assert not backend.jobs.delete(job.id)
    assert backend.jobs.get(job.id) is None
    assert backend.feed.page(9).entries == ()
    assert backend.queue.claim("worker", 3.0, 30.0) is None
    assert backend.jobs.stored_bytes() == 0
    assert backend.jobs.known({job.id}) == set()


def test_the_stored_bytes_are_summed_up(backend: Backend) -> None:
    succeeded(backend, size_bytes=50)
    submitted(backend, size_bytes=7)
    assert backend.jobs.stored_bytes() == 157


def test_the_oldest_private_jobs_are_found_and_those_that_came_to_nothing(backend: Backend) -> None:
    first, second, third = (succeeded(backend, at=float(at)) for at in (1, 2, 3))
    succeeded(backend, public=True, at=1.5)
    backend.queue.cancel(submitted(backend, public=True).id, 2.5)
    (cancelled,) = (job for job in backend.jobs.of_owner("anna", 99) if job.state is JobState.CANCELLED)
    submitted(backend)
    assert [job.id for job in backend.jobs.oldest_private(3.0, 9)] == [first.id, second.id, cancelled.id]
    assert [job.id for job in backend.jobs.oldest_private(9.0, 9)] == [first.id, second.id, cancelled.id, third.id]
    assert [job.id for job in backend.jobs.oldest_private(9.0, 1)] == [first.id]
    assert [job.id for job in backend.jobs.oldest_private(9.0, 1, only_unpainted=True)] == [cancelled.id]


def test_a_job_that_is_kept_longer_is_found_by_its_end_while_it_is_private(backend: Backend) -> None:
    first, second, third = (succeeded(backend, at=float(at)) for at in (1, 2, 3))
    assert backend.jobs.keep(first.id, 20.0)
    assert backend.jobs.keep(second.id, 10.0)
    assert [job.id for job in backend.jobs.oldest_private(9.0, 9)] == [third.id]
    assert [job.id for job in backend.jobs.kept_longer(20.0, 9)] == [second.id]
    assert [job.id for job in backend.jobs.kept_longer(float("inf"), 9)] == [second.id, first.id]
    assert [job.id for job in backend.jobs.kept_longer(float("inf"), 1)] == [second.id]
    assert backend.jobs.keep(second.id, 30.0)
    assert record(backend, second.id).kept_until == 30.0
    keys = (first.input_key, first.output_key or "")
    assert backend.jobs.set_public(first.id, True, *keys, 5.0)
    assert [job.id for job in backend.jobs.kept_longer(float("inf"), 9)] == [second.id]
    assert backend.jobs.set_public(first.id, False, *keys, 6.0)
    assert backend.jobs.delete(second.id)
    assert [job.id for job in backend.jobs.kept_longer(float("inf"), 9)] == [first.id]
    assert not backend.jobs.keep(second.id, 40.0)
    assert not backend.jobs.keep(submitted(backend).id, 40.0)


def test_jobs_are_counted_and_timed(backend: Backend) -> None:
    draft = submitted(backend, preset=Preset.DRAFT)
    lease = backend.queue.claim("worker", 10.0, 30.0)
    assert lease is not None
    backend.jobs.finish(lease.job.fencing_token, painted(draft), 14.0)
    submitted(backend)
    assert backend.jobs.counts() == {JobState.SUCCEEDED: 1, JobState.QUEUED: 1}
    assert backend.jobs.durations(None, 9) == [(1.0, 4.0)]
    assert backend.jobs.durations(Preset.DRAFT, 9) == [(1.0, 4.0)]
    assert backend.jobs.durations(Preset.HIGH, 9) == []


def test_known_ids_are_distinguished_from_unknown_ones(backend: Backend) -> None:
    job = submitted(backend)
    assert backend.jobs.known([job.id, "0" * 32]) == {job.id}


def test_a_painting_changes_between_public_and_private(backend: Backend) -> None:
    job = succeeded(backend, at=1.0)
    assert backend.jobs.set_public(job.id, True, "public/input/x", "public/output/x", 5.0)
    published = record(backend, job.id)
    assert (published.public, published.published, published.input_key) == (True, 5.0, "public/input/x")
    assert backend.jobs.set_public(job.id, True, "public/input/x", "public/output/x", 6.0)
    assert [entry.published for entry in backend.feed.page(9).entries] == [5.0]
    assert backend.jobs.set_public(job.id, False, "private/input/x", "private/output/x", 7.0)
    assert backend.feed.page(9).entries == ()
    assert record(backend, job.id).published is None


def test_only_a_painting_that_succeeded_can_be_published(backend: Backend) -> None:
    job = submitted(backend)
    assert not backend.jobs.set_public(job.id, True, "public/input/x", "public/output/x", 5.0)
    assert not backend.jobs.set_public("0" * 32, True, "public/input/x", "public/output/x", 5.0)
    assert not record(backend, job.id).public


def test_dead_letters_are_listed_newest_first_until_they_are_deleted(backend: Backend) -> None:
    jobs = [submitted(backend, max_attempts=1) for _ in range(3)]
    for now in (0.0, 100.0, 200.0):
        backend.queue.claim("worker", now, 30.0)
        backend.queue.requeue_lapsed(now + 31.0)
    assert [job.id for job in backend.jobs.dead(2)] == [jobs[2].id, jobs[1].id]
    backend.jobs.delete(jobs[2].id)
    assert [job.id for job in backend.jobs.dead(9)] == [jobs[1].id, jobs[0].id]


def test_an_owner_is_renamed_with_everything_that_is_counted_of_them(backend: Backend) -> None:
    shown = succeeded(backend, "anna", public=True)
    jobs, other = [submitted(backend, "anna", created=float(number)) for number in range(1, 4)], submitted(backend, "bert")
    assert backend.jobs.rename_owner("anna", "a-hash") == 4
    assert backend.jobs.rename_owner("anna", "a-hash") == 0
    assert backend.jobs.of_owner("anna", 9) == []
    assert [job.id for job in backend.jobs.of_owner("a-hash", 9)] == [*(job.id for job in reversed(jobs)), shown.id]
    assert record(backend, other.id).owner == "bert"
    assert [entry.job_id for entry in backend.feed.page(9).entries] == [shown.id]
    again = backend.queue.submit(replace(jobs[0], id="f" * 32, owner="a-hash"), PLENTY)
    assert again.id == jobs[0].id
    for quota, error in ((Quota(4, 99, 99), TooManyUploads), (Quota(99, 3, 99), TooManyJobs)):
        with pytest.raises(error):
            backend.queue.check("a-hash", quota, 4.0)
    lease = backend.queue.claim("worker", 5.0, 30.0)
    assert lease is not None
    assert backend.jobs.finish(lease.job.fencing_token, painted(lease.job), 6.0)


def test_all_owners_and_reporters_are_renamed(backend: Backend) -> None:
    anna, bert = succeeded(backend, "anna", public=True), submitted(backend, "key:shop")
    for reporter in ("anna", "carl", "hash-of-carl"):
        backend.feed.report(anna.id, reporter, "", 2.0)

    def new_name(name: str) -> str:
        return name if name.startswith(("key:", "hash-of-")) else f"hash-of-{name}"

    assert backend.jobs.rename_owners(new_name) == 2
    assert backend.jobs.rename_owners(new_name) == 0
    assert (record(backend, anna.id).owner, record(backend, bert.id).owner) == ("hash-of-anna", "key:shop")
    assert backend.feed.report(anna.id, "hash-of-anna", "", 3.0) == 2


def test_the_id_of_a_deleted_job_stays_taken(backend: Backend) -> None:
    kept, gone = submitted(backend), submitted(backend)
    assert not backend.jobs.was_deleted(gone.id)
    assert backend.jobs.delete(gone.id)
    assert (backend.jobs.was_deleted(gone.id), backend.jobs.was_deleted(kept.id)) == (True, False)
    with pytest.raises(JobIdTaken):
        backend.queue.submit(replace(gone, owner="eve"), PLENTY)
    assert backend.jobs.get(gone.id) is None
