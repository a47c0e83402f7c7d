"""Jobs that wait for a machine do not wait for ever. Without a cloud, in memory."""

import pytest

from nst.domain import JobState
from nst.store.ports.batch import BatchJob, BatchPhase
from nst.worker import user_messages
from tests.support.cloud import changed
from tests.support.cloud_in_memory import HOUR, Studio, stepped
from tests.support.jobs import record, submitted


@pytest.mark.parametrize("phase", [BatchPhase.WAITING, BatchPhase.STARTING])
def test_a_job_that_has_no_machine_for_an_hour_fails_and_the_line_moves_on(phase: BatchPhase) -> None:
    studio = Studio(batch_in_flight=1)
    job, following = studio.running(phase), submitted(studio.backend)
    times = [31.0 + 31.0 * number for number in range(int(HOUR / 31.0) + 2)]
    stepped(studio, *[now for now in times if now <= HOUR])
    assert studio.state(job) is JobState.RUNNING
    assert not studio.dispatcher.step(HOUR)
    stepped(studio, HOUR + 31.0)
    after = record(studio.backend, job.id)
    assert after.state is JobState.FAILED
    assert (after.error or "").startswith("No machine became available")
    assert studio.batch.stopped == [f"of {job.id}"]
    assert studio.dispatcher.step(HOUR + 32.0)
    assert studio.batch.taken == [following.id]
    studio.read(changed(job.id, "FAILED", jobId=f"of {job.id}", statusReason=user_messages.NO_MACHINE))
    assert record(studio.backend, job.id) == after


def test_who_paints_for_longer_than_an_hour_has_its_machine() -> None:
    studio = Studio()
    job = studio.running(BatchPhase.PAINTING)
    stepped(studio, 3 * HOUR)
    assert (studio.state(job), studio.batch.stopped) == (JobState.RUNNING, [])


def test_the_wait_for_another_machine_begins_when_the_first_was_taken_away() -> None:
    studio = Studio()
    job = studio.running()
    studio.batch.known = [BatchJob("b1", job.id, 1, BatchPhase.WAITING, since=2 * HOUR)]
    stepped(studio, 2.9 * HOUR)
    assert studio.state(job) is JobState.RUNNING
    stepped(studio, 3.1 * HOUR)
    assert studio.state(job) is JobState.FAILED


def test_a_machine_that_may_not_be_stopped_keeps_no_place() -> None:
    studio = Studio()
    job = studio.running(BatchPhase.WAITING)
    studio.batch.refused = {f"of {job.id}"}
    stepped(studio, HOUR + 1.0)
    assert studio.state(job) is JobState.FAILED
