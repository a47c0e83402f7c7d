"""What `nst.store.ports.Queue` promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from nst.domain import FencingToken, JobProgress, JobState, Outcome, Preset, SharedLane
from nst.errors import QueueFull, Refused, TooManyJobs, TooManyUploads
from nst.store.ports import Backend, LaneStats, Lease, LeaseStatus, Quota
from tests.support.jobs import PLENTY, a_job, painted, record, state_of, submitted


def claimed(backend: Backend, now: float = 1.0, lease_seconds: float = 30.0, worker: str = "worker") -> Lease:
    lease = backend.queue.claim(worker, now, lease_seconds)
    assert lease is not None
    return lease


def order_of_service(backend: Backend) -> list[str]:
    """The owners in the order in which they are served, one job at a time."""
    served = []
    while (lease := backend.queue.claim("worker", 1.0, 30.0)) is not None:
        served.append(lease.job.owner)
    return served


class TestSubmitting:
    def test_a_submitted_job_is_queued_and_found_again(self, backend: Backend) -> None:
        job = submitted(backend, "anna")
        assert job.state is JobState.QUEUED
        assert backend.jobs.get(job.id) == job

    def test_the_same_token_is_the_same_job(self, backend: Backend) -> None:
        first = submitted(backend, "anna", token="form-1")
        again = submitted(backend, "anna", token="form-1")
        assert again == first
        assert submitted(backend, "bert", token="form-1").id != first.id
        assert backend.jobs.counts() == {JobState.QUEUED: 2}

    def test_a_repeated_submission_is_found_even_when_the_quota_is_used_up(self, backend: Backend) -> None:
        first = submitted(backend, "anna", token="form-1")
        assert backend.queue.submit(a_job("anna", token="form-1"), Quota(0, 0, 0)).id == first.id

    @pytest.mark.parametrize(
        ("quota", "error"), [(Quota(1, 9, 9), TooManyUploads), (Quota(9, 1, 9), TooManyJobs), (Quota(9, 9, 1), QueueFull)]
    )
    def test_a_quota_that_is_used_up_stores_nothing(self, backend: Backend, quota: Quota, error: type[Refused]) -> None:
        backend.queue.submit(a_job("anna"), quota)
        refused = a_job("anna")
        with pytest.raises(error):
            backend.queue.check("anna", quota, 0.0)
        with pytest.raises(error):
            backend.queue.submit(refused, quota)
        assert backend.jobs.get(refused.id) is None

    def test_uploads_of_the_last_minute_count_even_when_they_are_deleted(self, backend: Backend) -> None:
        quota = Quota(1, 9, 9)
        backend.jobs.delete(backend.queue.submit(a_job("anna", created=0.0), quota).id)
        with pytest.raises(TooManyUploads):
            backend.queue.check("anna", quota, 59.0)
        backend.queue.check("anna", quota, 60.0)
        backend.queue.check("bert", quota, 59.0)

    def test_visitors_who_press_at_the_same_moment_get_no_more_than_their_quota(self, backend: Backend) -> None:
        def submit(number: int) -> bool:
            try:
                backend.queue.submit(a_job("anna", token=f"form-{number}"), Quota(99, 3, 99))
            except TooManyJobs:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(submit, range(16))) == 3

    def test_a_form_sent_many_times_at_once_is_one_job(self, backend: Backend) -> None:
        with ThreadPoolExecutor(8) as threads:
            jobs = set(threads.map(lambda _: submitted(backend, "anna", token="form-1").id, range(16)))
        assert len(jobs) == 1
        assert backend.jobs.counts() == {JobState.QUEUED: 1}


class TestClaiming:
    def test_an_empty_queue_has_nothing_to_claim(self, backend: Backend) -> None:
        assert backend.queue.claim("worker", 1.0, 30.0) is None

    def test_a_claimed_job_is_running_on_its_first_attempt(self, backend: Backend) -> None:
        job = submitted(backend)
        lease = claimed(backend, now=5.0)
        assert lease.job == record(backend, job.id)
        assert (lease.job.state, lease.job.attempt, lease.job.started, lease.until) == (JobState.RUNNING, 1, 5.0, 35.0)
        assert backend.queue.claim("another", 5.0, 30.0) is None

    def test_many_workers_at_once_never_get_the_same_job(self, backend: Backend) -> None:
        jobs = {submitted(backend, f"owner-{number % 5}").id for number in range(40)}

        def work(worker: int) -> list[str]:
            claims = []
            while (lease := backend.queue.claim(f"worker-{worker}", 1.0, 30.0)) is not None:
                claims.append(lease.job.id)
            return claims

        with ThreadPoolExecutor(8) as threads:
            claims = [job for jobs_of_one in threads.map(work, range(8)) for job in jobs_of_one]
        assert sorted(claims) == sorted(jobs)

    def test_a_worker_may_confine_itself_to_presets(self, backend: Backend) -> None:
        submitted(backend, preset=Preset.HIGH)
        small = submitted(backend, preset=Preset.STANDARD)
        lease = backend.queue.claim("worker", 1.0, 30.0, lanes=(Preset.DRAFT, Preset.STANDARD))
        assert lease is not None
        assert lease.job.id == small.id
        assert backend.queue.claim("worker", 1.0, 30.0, lanes=(Preset.DRAFT, Preset.STANDARD)) is None

    def test_photos_of_a_folder_wait_in_a_lane_of_their_own(self, backend: Backend) -> None:
        job = submitted(backend, preset=Preset.DRAFT, in_folder=True)
        assert (job.lane, record(backend, job.id)) == (SharedLane.FOLDER, job)
        assert backend.queue.lane_stats() == {SharedLane.FOLDER: LaneStats(1, 0.0)}
        assert backend.queue.claim("worker", 1.0, 30.0, lanes=list(Preset)) is None
        backend.queue.wait(3600.0, lanes=(SharedLane.FOLDER,))
        lease = backend.queue.claim("worker", 1.0, 30.0, lanes=(SharedLane.FOLDER,))
        assert lease is not None
        assert (lease.job.id, lease.job.lane, lease.job.params.preset) == (job.id, SharedLane.FOLDER, Preset.DRAFT)
        assert backend.queue.give_back(lease.job.fencing_token, 2.0)
        assert claimed(backend).job.id == job.id

    def test_a_job_that_comes_between_a_look_and_the_wait_ends_the_wait(self, backend: Backend) -> None:
        for number in range(20):
            assert backend.queue.claim("worker", 1.0, 30.0) is None
            submitted(backend, f"owner-{number}")
            backend.queue.wait(3600.0)
            claimed(backend)

    def test_waiting_ends_when_the_time_is_up_or_there_is_something_to_claim(self, backend: Backend) -> None:
        backend.queue.wait(0.0)
        submitted(backend, preset=Preset.DRAFT)
        backend.queue.wait(3600.0)
        backend.queue.wait(3600.0, lanes=(Preset.DRAFT, Preset.HIGH))
        backend.queue.wait(0.01, lanes=(Preset.HIGH,))

    def test_while_it_is_paused_everything_waits(self, backend: Backend) -> None:
        job = submitted(backend)
        backend.queue.pause(True)
        assert submitted(backend).state is JobState.QUEUED
        assert backend.queue.claim("worker", 1.0, 30.0) is None
        backend.queue.wait(0.01)
        backend.queue.pause(False)
        backend.queue.wait(3600.0)
        assert claimed(backend).job.id == job.id

    def test_what_waits_is_known_by_lane(self, backend: Backend) -> None:
        assert backend.queue.lane_stats() == {}
        for owner, preset, created in (("anna", Preset.DRAFT, 5.0), ("bert", Preset.DRAFT, 3.0), ("anna", Preset.HIGH, 4.0)):
            submitted(backend, owner, preset, created)
        assert backend.queue.lane_stats() == {Preset.DRAFT: LaneStats(2, 3.0), Preset.HIGH: LaneStats(1, 4.0)}


class TestFairness:
    def test_one_visitor_with_fifty_jobs_does_not_hold_up_the_others(self, backend: Backend) -> None:
        for number in range(50):
            submitted(backend, "greedy", created=float(number))
        for owner in ("anna", "bert"):
            submitted(backend, owner, created=100.0)
        assert set(order_of_service(backend)[:3]) == {"greedy", "anna", "bert"}

    def test_who_comes_late_is_not_served_before_everybody_for_all_that_he_missed(self, backend: Backend) -> None:
        for number in range(10):
            submitted(backend, "early", created=float(number))
        for _ in range(5):
            claimed(backend)
        for number in range(3):
            submitted(backend, "late", created=50.0 + number)
        assert order_of_service(backend)[:6].count("late") == 3
        assert backend.queue.claim("worker", 1.0, 30.0) is None

    def test_a_draft_goes_before_large_paintings_that_came_a_little_earlier(self, backend: Backend) -> None:
        for number in range(3):
            submitted(backend, f"large-{number}", preset=Preset.ULTRA, created=float(number))
        submitted(backend, "small", preset=Preset.DRAFT, created=9.0)
        assert order_of_service(backend)[0] == "small"

    def test_a_stream_of_drafts_does_not_put_off_a_large_painting_for_ever(self, backend: Backend) -> None:
        submitted(backend, "large", preset=Preset.HIGH)
        served = []
        for number in range(40):
            submitted(backend, f"small-{number}", preset=Preset.DRAFT, created=float(number))
            served.append(claimed(backend).job.owner)
        assert "large" in served

    def test_what_is_ahead_is_known(self, backend: Backend) -> None:
        first, second = submitted(backend, "anna", preset=Preset.STANDARD), submitted(backend, "bert", preset=Preset.HIGH)
        third = submitted(backend, "anna", preset=Preset.HIGH)
        found = [backend.queue.position(job.id) for job in (first, second, third)]
        assert [(place.jobs, place.cost) for place in found if place] == [(0, 0.0), (1, 1.75), (2, 6.5)]
        lease = claimed(backend)
        backend.jobs.advance(lease.job.fencing_token, JobProgress(0.75), None)
        assert backend.queue.position(first.id) is None
        place = backend.queue.position(second.id)
        assert place is not None
        assert (place.jobs, place.cost) == (0, 1.75 / 4)

    def test_many_jobs_ahead_are_counted_exactly_and_their_cost_is_close(self, backend: Backend) -> None:
        presets = [Preset.DRAFT, Preset.STANDARD, Preset.HIGH]
        for number in range(300):
            submitted(backend, f"visitor-{number}", preset=presets[number % 3], created=float(number))
        last = submitted(backend, "last", preset=Preset.HIGH, created=1000.0)
        place = backend.queue.position(last.id)
        assert place is not None
        assert place.jobs == 300
        assert place.cost == pytest.approx(100 * (1 + 1.75 + 4.75), rel=1e-6)
        middle = submitted(backend, "late", preset=Preset.STANDARD, created=2000.0)
        place = backend.queue.position(middle.id)  # before every job of the highest preset, and after the others of its own
        assert place is not None
        assert place.jobs == 200
        assert place.cost == pytest.approx(275.0, rel=1e-6)


class TestLeases:
    def test_a_heartbeat_extends_the_lease(self, backend: Backend) -> None:
        submitted(backend)
        lease = claimed(backend, now=0.0, lease_seconds=30.0)
        assert backend.queue.heartbeat(lease.job.fencing_token, 20.0, 30.0) is LeaseStatus.HELD
        assert backend.queue.requeue_lapsed(49.0) == []
        assert [job.state for job in backend.queue.requeue_lapsed(51.0)] == [JobState.QUEUED]

    def test_what_has_lapsed_can_be_looked_at_before_it_is_queued_again(self, backend: Backend) -> None:
        submitted(backend)
        lease = claimed(backend, now=0.0, lease_seconds=30.0)
        assert backend.queue.overdue(30.0) == []
        assert backend.queue.overdue(31.0) == [lease.job]
        backend.queue.heartbeat(lease.job.fencing_token, 31.0, 30.0)
        assert backend.queue.overdue(60.0) == []
        assert record(backend, lease.job.id) == replace(lease.job, lease_until=61.0)

    def test_a_lapsed_job_is_given_to_another_worker(self, backend: Backend) -> None:
        job = submitted(backend)
        claimed(backend, now=0.0)
        backend.queue.requeue_lapsed(31.0)
        again = claimed(backend, now=32.0, worker="another")
        assert (again.job.id, again.job.attempt) == (job.id, 2)

    def test_a_worker_that_comes_back_from_the_dead_changes_nothing(self, backend: Backend) -> None:
        job = submitted(backend, public=True)
        late = claimed(backend, now=0.0).job.fencing_token
        backend.queue.requeue_lapsed(31.0)
        for _ in range(2):  # while it waits, and when another worker has it
            before = record(backend, job.id)
            assert backend.queue.heartbeat(late, 32.0, 30.0) is LeaseStatus.LOST
            assert not backend.jobs.advance(late, JobProgress(0.9), None)
            assert not backend.jobs.finish(late, painted(job), 32.0)
            assert not backend.jobs.finish(late, Outcome.failed("too late"), 32.0)
            assert not backend.queue.give_back(late, 32.0)
            backend.queue.acknowledge(late)
            assert record(backend, job.id) == before
            new = backend.queue.claim("another", 33.0, 30.0)
        assert new is None
        assert backend.feed.page(9).entries == ()

    def test_after_the_last_attempt_it_fails_with_a_sentence(self, backend: Backend) -> None:
        job = submitted(backend, max_attempts=2)
        for now in (0.0, 100.0):
            claimed(backend, now=now)
            changed = backend.queue.requeue_lapsed(now + 31)
        assert [(other.id, other.state) for other in changed] == [(job.id, JobState.FAILED)]
        assert record(backend, job.id).error == changed[0].error
        assert "was interrupted 2 times" in (changed[0].error or "")
        assert backend.jobs.dead(9) == changed

    def test_a_job_given_back_has_lost_no_attempt(self, backend: Backend) -> None:
        job = submitted(backend, max_attempts=1)
        for _ in range(3):
            assert backend.queue.give_back(claimed(backend).job.fencing_token, 2.0)
            assert state_of(backend, job.id) is JobState.QUEUED
        assert claimed(backend).job.attempt == 4

    def test_a_job_keeps_its_place_when_it_is_queued_again(self, backend: Backend) -> None:
        first = submitted(backend, "anna")
        submitted(backend, "bert", created=1.0)
        backend.queue.give_back(claimed(backend).job.fencing_token, 2.0)
        assert claimed(backend).job.id == first.id

    def test_an_acknowledged_job_stays_final(self, backend: Backend) -> None:
        job = submitted(backend)
        token = claimed(backend).job.fencing_token
        backend.jobs.finish(token, painted(job), 2.0)
        backend.queue.acknowledge(token)
        backend.queue.acknowledge(token)
        assert backend.queue.requeue_lapsed(10_000.0) == []
        assert state_of(backend, job.id) is JobState.SUCCEEDED

    def test_a_worker_that_died_before_the_acknowledgement_has_still_finished(self, backend: Backend) -> None:
        job = submitted(backend, public=True)
        backend.jobs.finish(claimed(backend).job.fencing_token, painted(job), 2.0)
        assert backend.queue.requeue_lapsed(10_000.0) == []
        assert backend.queue.claim("another", 10_000.0, 30.0) is None
        assert [entry.job_id for entry in backend.feed.page(9).entries] == [job.id]


class TestCancelling:
    def test_a_queued_job_is_cancelled_at_once(self, backend: Backend) -> None:
        job = submitted(backend)
        cancelled = backend.queue.cancel(job.id, 7.0)
        assert cancelled is not None
        assert (cancelled.state, cancelled.finished) == (JobState.CANCELLED, 7.0)
        assert backend.queue.claim("worker", 8.0, 30.0) is None

    def test_the_worker_of_a_running_job_is_asked(self, backend: Backend) -> None:
        job = submitted(backend)
        token = claimed(backend).job.fencing_token
        backend.queue.cancel(job.id, 2.0)
        assert state_of(backend, job.id) is JobState.RUNNING
        assert backend.queue.heartbeat(token, 3.0, 30.0) is LeaseStatus.CANCEL
        assert backend.jobs.finish(token, Outcome.cancelled(), 4.0)
        assert state_of(backend, job.id) is JobState.CANCELLED

    def test_a_job_whose_worker_died_meanwhile_is_cancelled_and_not_tried_again(self, backend: Backend) -> None:
        lapsed, given_back = submitted(backend, "anna"), submitted(backend, "bert")
        claimed(backend, now=0.0)
        token = claimed(backend, now=0.0).job.fencing_token
        for job in (lapsed, given_back):
            backend.queue.cancel(job.id, 2.0)
        assert backend.queue.give_back(token, 3.0)
        backend.queue.requeue_lapsed(31.0)
        assert {state_of(backend, job.id) for job in (lapsed, given_back)} == {JobState.CANCELLED}
        assert all(record(backend, job.id).finished for job in (lapsed, given_back))

    def test_a_final_job_stays_as_it_is(self, backend: Backend) -> None:
        job = submitted(backend)
        backend.jobs.finish(claimed(backend).job.fencing_token, painted(job), 2.0)
        before = record(backend, job.id)
        assert backend.queue.cancel(job.id, 3.0) == before == record(backend, job.id)

    def test_an_unknown_job_cannot_be_cancelled(self, backend: Backend) -> None:
        assert backend.queue.cancel("0" * 32, 1.0) is None
        assert backend.queue.heartbeat(FencingToken("0" * 32, 1), 1.0, 30.0) is LeaseStatus.LOST
        assert backend.queue.submit(a_job(), PLENTY).state is JobState.QUEUED
