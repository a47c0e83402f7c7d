"""What `nst.store.ports.JobStore` promises."""

from nst.domain import Cursor, JobProgress, JobState, Outcome, Preset
from nst.store.ports import Backend
from tests.builders import painted, record, submitted, succeeded


def test_progress_is_noted_and_forgotten_at_the_end(backend: Backend) -> None:
    job = submitted(backend)
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    progress = JobProgress(0.4, "scale 2 of 5", 12.5)
    assert backend.jobs.advance(lease.job.ticket, progress, f"private/preview/{job.id}.jpg")
    assert backend.jobs.advance(lease.job.ticket, progress, None)
    assert record(backend, job.id).progress == progress
    assert record(backend, job.id).preview_key == f"private/preview/{job.id}.jpg"
    assert backend.jobs.finish(lease.job.ticket, painted(job), 2.0)
    assert record(backend, job.id).progress == JobProgress(1.0, "scale 2 of 5")
    assert record(backend, job.id).preview_key is None


def test_a_failure_keeps_its_sentence(backend: Backend) -> None:
    job = submitted(backend, public=True)
    lease = backend.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    assert backend.jobs.finish(lease.job.ticket, Outcome.failed("It rained."), 2.0)
    failed = record(backend, job.id)
    assert (failed.state, failed.error, failed.finished, failed.published) == (JobState.FAILED, "It rained.", 2.0, None)
    assert backend.jobs.dead(9) == []


def test_a_job_is_finished_once(backend: Backend) -> None:
    job = succeeded(backend, public=True)
    assert not backend.jobs.finish(job.ticket, painted(job), 9.0)
    assert not backend.jobs.finish(job.ticket, Outcome.failed("no"), 9.0)
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


def test_jobs_are_counted_and_timed(backend: Backend) -> None:
    draft = submitted(backend, preset=Preset.DRAFT)
    lease = backend.queue.claim("worker", 10.0, 30.0)
    assert lease is not None
    backend.jobs.finish(lease.job.ticket, painted(draft), 14.0)
    submitted(backend)
    assert backend.jobs.counts() == {JobState.SUCCEEDED: 1, JobState.QUEUED: 1}
    assert backend.jobs.durations(None, 9) == [(1.0, 4.0)]
    assert backend.jobs.durations(Preset.DRAFT, 9) == [(1.0, 4.0)]
    assert backend.jobs.durations(Preset.HIGH, 9) == []


def test_what_is_known_is_told_from_what_is_not(backend: Backend) -> None:
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
