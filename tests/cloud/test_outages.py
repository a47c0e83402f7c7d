"""Failures of AWS, and a relay that dies: nothing is lost, and nothing is reported that is not so."""

import pytest

from nst.domain import JobState
from nst.errors import StoreUnavailable
from nst.store.ports.batch import BatchJob, BatchPhase
from nst.worker.cloud.dispatcher import FIRST_PAUSE
from nst.worker.cloud.reconciler import Reconciler
from tests.cloud.conftest import MakeCloud
from tests.support.cloud import Cloud, claimed_by_hand, painted, read_all
from tests.support.waiting import until


class NoMachines:
    """`BatchCompute` that know what a test tells them, and note what they are asked."""

    def __init__(self, *known: BatchJob) -> None:
        self.known, self.stopped = list(known), list[str]()

    def submit(self, _job: object) -> None:
        raise AssertionError("nothing is handed over here")

    def find(self, job_id: str) -> list[BatchJob]:
        return [each for each in self.known if each.job_id == job_id]

    def stop(self, assignment_id: str, _reason: str) -> None:
        self.stopped.append(assignment_id)


def test_an_outage_of_s3_for_some_seconds_is_ridden_out(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    cloud.aws.failures.fail("s3", "SlowDown", times=2)
    job = cloud.submit()
    assert cloud.aws.failures.left("s3") == 0
    cloud.aws.failures.fail("s3", "SlowDown", times=2)
    cloud.executor.holds.clear()
    assert cloud.finished(job).state is JobState.SUCCEEDED
    assert cloud.aws.failures.left("s3") == 0
    assert len(cloud.executor.agents) == 1


def test_an_upload_during_an_outage_is_refused_with_a_sentence_and_leaves_nothing(cloud: Cloud) -> None:
    cloud.aws.failures.fail("s3", "SlowDown")
    with pytest.raises(StoreUnavailable, match="try again"):
        cloud.submit()
    cloud.aws.failures.end()
    assert cloud.service.mine("anna") == []
    assert cloud.aws.keys() == set()


def test_a_throttled_batch_costs_no_attempt(cloud: Cloud) -> None:
    cloud.aws.failures.fail("batch SubmitJob", "TooManyRequestsException")
    job = cloud.submit()
    now = cloud.backend.clock()
    cloud.dispatcher.step(now)
    assert cloud.record(job).state is JobState.QUEUED
    asked = cloud.aws.failures.seen.count("batch SubmitJob")
    assert asked > 1, "boto3 tries again by itself"
    assert not cloud.dispatcher.step(now), "and then there is a pause"
    cloud.aws.failures.end()
    assert cloud.dispatcher.step(now + FIRST_PAUSE)
    done = cloud.finished(job)
    assert (done.state, done.attempt - done.returns) == (JobState.SUCCEEDED, 1)


def test_a_cancellation_is_repeated_until_batch_accepts_it(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("ignores_cancel")
    job = cloud.submit()
    cloud.relay_until(lambda: cloud.record(job).progress.fraction)
    cloud.aws.failures.fail("batch", "TooManyRequestsException", times=8)
    cloud.service.cancel(job.id, "anna")
    assert cloud.finished(job).state is JobState.CANCELLED
    cloud.relay_until(lambda: cloud.executor.agents[0].poll() is not None)


def test_a_relay_that_died_between_claiming_and_handing_over_costs_one_lease(cloud: Cloud) -> None:
    job = claimed_by_hand(cloud)
    now = cloud.backend.clock()
    Reconciler(cloud.backend, cloud.batch, cloud.settings).step(now)
    assert cloud.record(job).state is JobState.RUNNING
    Reconciler(cloud.backend, cloud.batch, cloud.settings).step(now + 31.0)
    assert cloud.record(job).state is JobState.QUEUED
    assert cloud.finished(job).state is JobState.SUCCEEDED


def test_a_job_that_batch_still_has_is_not_given_up(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    job = cloud.submit()
    cloud.relay_until(lambda: [each.status for each in cloud.executor.jobs()] == ["RUNNABLE"])
    later = cloud.backend.clock() + 10 * cloud.settings.lease_seconds
    cloud.reconciler.step(later)
    assert (cloud.record(job).state, cloud.stage(job)) == (JobState.RUNNING, "waiting for a machine")
    assert cloud.backend.queue.overdue(later) == []


@pytest.mark.parametrize("there", [True, False])
def test_an_end_without_a_message_is_found(cloud: Cloud, there: bool) -> None:
    """The agent died between the painting and its message, and the event was lost, too."""
    cloud.executor.holds.set()
    job = claimed_by_hand(cloud)
    if there:
        painted(cloud, job.id)
    machines = NoMachines(BatchJob("b1", job.id, 1, BatchPhase.FAILED, "Host EC2 (instance i-0) terminated."))
    Reconciler(cloud.backend, machines, cloud.settings).step(cloud.backend.clock() + 31.0)
    assert cloud.record(job).state is (JobState.SUCCEEDED if there else JobState.FAILED)


def test_nothing_lapses_while_batch_cannot_be_asked(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    job = claimed_by_hand(cloud)
    cloud.aws.failures.fail("batch", "TooManyRequestsException")
    with pytest.raises(StoreUnavailable):
        cloud.reconciler.step(cloud.backend.clock() + 31.0)
    assert cloud.record(job).state is JobState.RUNNING


def test_a_cancelled_job_that_is_overdue_is_ended_and_stopped(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    job = claimed_by_hand(cloud)
    cloud.aws.failures.fail("sqs", "RequestThrottled")
    with pytest.raises(StoreUnavailable):
        cloud.service.cancel(job.id, "anna")
    cloud.aws.failures.end()
    machines = NoMachines(BatchJob("b1", job.id, 1, BatchPhase.PAINTING))
    Reconciler(cloud.backend, machines, cloud.settings).step(cloud.backend.clock() + 31.0)
    assert machines.stopped == ["b1"]
    assert cloud.record(job).state is JobState.CANCELLED


def test_an_outage_of_the_records_makes_no_dead_letters(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.executor.holds.set()
    job = claimed_by_hand(cloud)
    cloud.aws.say(painted(cloud, job.id))

    def away() -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as outage:
        outage.setattr(cloud.backend.jobs, "counts", away)
        for _ in range(9):
            with pytest.raises(StoreUnavailable):
                cloud.reader.step(0.0)
    read_all(cloud)
    assert cloud.record(job).state is JobState.SUCCEEDED
    assert cloud.aws.messages(cloud.aws.dead_letters) == 0


def test_an_agent_tries_again_what_was_out_of_reach_and_says_so_the_last_time(
    make_cloud: MakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = make_cloud()
    cloud.executor.holds.set()
    job = cloud.submit()
    cloud.relay()
    cloud.aws.failures.fail("s3", "SlowDown")
    cloud.executor.holds.clear()
    assert cloud.finished(job).state is JobState.FAILED
    until(lambda: [agent.poll() for agent in cloud.executor.agents] == [75, 75, 1])
    assert "try again" in (cloud.record(job).error or "")
