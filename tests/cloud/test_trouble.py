"""Trouble with one job does not affect others and ends; the order of messages does not matter. All in memory."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nst.domain import Job, JobState, StyleRef, output_key_of
from nst.errors import StoreUnavailable
from nst.store.ports.batch import BatchJob, BatchPhase
from nst.worker import user_messages
from nst.worker.cloud.dispatcher import FIRST_PAUSE
from tests.support.cloud import changed
from tests.support.cloud_in_memory import AWAY, HOUR, REFUSED, Studio, stepped
from tests.support.jobs import record, submitted

# ---- messages in any order ---------------------------------------------------------------------------------------------------------------


def second_attempt(studio: Studio, public: bool = False) -> Job:
    first = studio.running(public=public)
    studio.backend.queue.requeue_lapsed(31.0)
    lease = studio.backend.queue.claim("by hand", 32.0, 30.0)
    assert lease is not None
    assert (lease.job.id, lease.job.attempt) == (first.id, 2)
    return lease.job


def messages_of(job: Job, attempt: int) -> dict[str, dict[str, Any]]:
    about = {"requestId": f"studio::{job.id}", "attempt": attempt, "assignment": f"b{attempt}"}
    event = {"jobId": f"b{attempt}", "parameters": {"attempt": str(attempt)}}
    return {
        "progress": {**about, "kind": "progress", "fraction": 0.3 * attempt, "stage": "scale 1 of 2"},
        "interrupted": {**about, "kind": "interrupted"},
        "failed": {**about, "kind": "failed", "error": "It rained."},
        "painted": {**about, "resultKey": output_key_of(job.input_key), "size": 8, "recipe": {"seed": 1}},
        "RUNNABLE": changed(job.id, "RUNNABLE", **event),
        "RUNNING": changed(job.id, "RUNNING", **event),
        "FAILED": changed(job.id, "FAILED", container={"exitCode": 1}, **event),
        "cancel": {**about, "kind": "cancel"},
    }


SAID = [
    [(1, "progress"), (1, "FAILED"), (2, "RUNNING"), (2, "painted"), (2, "progress")],
    [(1, "failed"), (1, "FAILED"), (2, "progress"), (2, "painted")],
    [(1, "painted"), (1, "FAILED"), (2, "failed"), (2, "FAILED"), (2, "RUNNABLE")],
    [(1, "interrupted"), (2, "interrupted"), (2, "FAILED"), (2, "painted"), (2, "RUNNABLE")],
    [(2, "FAILED"), (2, "painted"), (2, "painted"), (2, "FAILED"), (1, "painted")],
]


@pytest.mark.parametrize("said", SAID)
def test_what_was_painted_in_two_attempts_is_kept_in_whatever_order_messages_come(said: list[tuple[int, str]]) -> None:
    for order in itertools.permutations(said):
        studio = Studio()
        job = second_attempt(studio)
        studio.objects.put(output_key_of(job.input_key), b"painting")
        studio.read(*(messages_of(job, attempt)[name] for attempt, name in order))
        after = record(studio.backend, job.id)
        assert (after.state, after.output_key) == (JobState.SUCCEEDED, output_key_of(job.input_key)), order
        assert studio.has(output_key_of(job.input_key)), order


@pytest.mark.parametrize(
    "said",
    [[(1, "progress"), (1, "FAILED"), (2, "RUNNING"), (2, "progress"), (2, "FAILED")], [(1, "failed"), (2, "failed"), (2, "FAILED")]],
)
def test_what_was_not_painted_has_failed_in_whatever_order_messages_come(said: list[tuple[int, str]]) -> None:
    for order in itertools.permutations(said):
        studio = Studio()
        job = second_attempt(studio)
        studio.read(*(messages_of(job, attempt)[name] for attempt, name in order))
        assert studio.state(job) is JobState.FAILED, order


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data(), st.booleans())
def test_messages_of_every_kind_twice_and_in_any_order_say_the_same(data: st.DataObject, is_painted: bool) -> None:
    studio = Studio()
    job = second_attempt(studio)
    kinds = [kind for kind in messages_of(job, 1) if is_painted or kind != "painted"]
    messages = [messages_of(job, attempt)[kind] for attempt in (1, 2) for kind in kinds] * 2
    if is_painted:
        studio.objects.put(output_key_of(job.input_key), b"painting")
    studio.read(*data.draw(st.permutations(messages)))
    assert studio.state(job) is (JobState.SUCCEEDED if is_painted else JobState.FAILED)
    assert studio.has(output_key_of(job.input_key)) is is_painted


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_a_cancelled_job_stays_cancelled_and_its_painting_is_removed(data: st.DataObject) -> None:
    studio = Studio()
    job = second_attempt(studio)
    studio.objects.put(output_key_of(job.input_key), b"painting")
    studio.backend.queue.cancel(job.id, 33.0)
    messages = [messages_of(job, 2)[kind] for kind in ("cancel", "FAILED", "failed", "interrupted", "progress")]
    studio.read(*data.draw(st.permutations(messages)), messages_of(job, 2)["painted"])
    assert studio.state(job) is JobState.CANCELLED
    assert not studio.has(output_key_of(job.input_key))


def test_the_painting_of_a_job_that_has_failed_is_not_deleted_by_its_late_letter() -> None:
    studio = Studio()
    job = second_attempt(studio)
    studio.read(messages_of(job, 2)["FAILED"])
    studio.objects.put(output_key_of(job.input_key), b"painting")
    studio.read(messages_of(job, 2)["painted"])
    assert studio.has(output_key_of(job.input_key))


def test_a_late_message_deletes_nothing_of_a_painting_that_was_published() -> None:
    studio = Studio()
    job = second_attempt(studio)
    key = output_key_of(job.input_key)
    studio.objects.put(key, b"painting")
    studio.read(messages_of(job, 2)["painted"])
    photo, painting = (each.replace("private/", "public/") for each in (job.input_key, key))
    studio.backend.jobs.set_public(job.id, True, photo, painting, 6.0)
    studio.read(messages_of(job, 2)["painted"])
    assert studio.has(key)
    assert [cleanup.key for cleanup in studio.backend.cleanups.pending(HOUR, 9)] == [key]


def test_a_failure_is_not_believed_while_the_same_attempt_is_painted_elsewhere() -> None:
    """It was handed over twice."""
    studio = Studio()
    job = studio.running()
    studio.batch.known = [BatchJob("b1", job.id, 1, BatchPhase.FAILED), BatchJob("twin", job.id, 1, BatchPhase.PAINTING)]
    studio.read(messages_of(job, 1)["FAILED"], messages_of(job, 1)["failed"])
    assert studio.state(job) is JobState.RUNNING
    studio.batch.known = studio.batch.known[:1]
    studio.read(messages_of(job, 1)["FAILED"])
    assert studio.state(job) is JobState.FAILED


@pytest.mark.parametrize("error", [REFUSED, AWAY])
def test_a_failure_that_cannot_be_checked_is_left_to_the_reconciler(error: Exception) -> None:
    studio = Studio(error)
    job = studio.running(BatchPhase.FAILED)
    studio.objects.put(output_key_of(job.input_key), b"painting")
    studio.objects.refused.add(output_key_of(job.input_key))
    studio.read(messages_of(job, 1)["FAILED"])
    assert studio.state(job) is JobState.RUNNING
    studio.objects.refused.clear()
    studio.reconciler.step(64.0)
    assert studio.state(job) is JobState.RUNNING
    studio.reconciler.step(66.0)
    assert studio.state(job) is JobState.SUCCEEDED


def test_an_agent_is_believed_where_nothing_can_be_checked() -> None:
    studio = Studio(AWAY)
    job = studio.running(BatchPhase.FAILED)
    studio.objects.refused.add(output_key_of(job.input_key))
    studio.read(messages_of(job, 1)["FAILED"], messages_of(job, 1)["failed"])
    assert record(studio.backend, job.id).error == "It rained."


# ---- one refusal -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [REFUSED, AWAY])
@pytest.mark.parametrize("what", ["its picture", "its assignment"])
def test_one_job_that_cannot_be_looked_at_holds_up_no_other_and_no_upkeep(error: Exception, what: str) -> None:
    studio = Studio(error)
    first, painted, lost = studio.running(BatchPhase.FAILED), studio.running(BatchPhase.SUCCEEDED), studio.running()
    studio.objects.put(output_key_of(painted.input_key), b"painting")
    studio.objects.put(orphan := f"private/input/{'0' * 32}.jpg", b"")
    if what == "its picture":
        studio.objects.refused.add(output_key_of(first.input_key))
    else:
        studio.batch.refused.add(first.id)
    stepped(studio, 2 * 86_400.0)
    assert studio.state(first) is JobState.RUNNING
    assert studio.state(painted) is JobState.SUCCEEDED
    assert studio.state(lost) is JobState.QUEUED
    assert not studio.has(orphan)


@pytest.mark.parametrize(("error", "patience"), [(REFUSED, 0.25 * HOUR), (AWAY, 6 * HOUR)])
def test_a_job_that_cannot_be_looked_at_for_long_ends_with_a_sentence(
    error: Exception, patience: float, caplog: pytest.LogCaptureFixture
) -> None:
    studio = Studio(error)
    job = studio.running(BatchPhase.FAILED)
    studio.objects.refused.add(output_key_of(job.input_key))
    times = [31.0 + 61.0 * number for number in range(int(patience / 61.0) + 2)]
    stepped(studio, *times[:-2])
    assert studio.state(job) is JobState.RUNNING
    stepped(studio, *times[-2:])
    after = record(studio.backend, job.id)
    assert (after.state, after.error) == (JobState.FAILED, user_messages.UNKNOWN)
    logged = [entry for entry in caplog.records if job.id in entry.getMessage() and "has failed for" in entry.getMessage()]
    assert 1 < len(logged) <= patience / 300 + 1, "once in five minutes"


def test_a_trouble_that_has_passed_counts_for_nothing() -> None:
    studio = Studio()
    job = studio.running(BatchPhase.PAINTING)
    for now in (100.0, 100.0 + HOUR, 100.0 + 2 * HOUR):
        studio.batch.refused = {job.id}
        stepped(studio, now)
        studio.batch.refused.clear()
        stepped(studio, now + 61.0)
    assert studio.state(job) is JobState.RUNNING


def test_a_cancelled_job_is_cancelled_even_if_its_machine_may_not_be_stopped() -> None:
    studio = Studio()
    job = studio.running(BatchPhase.PAINTING)
    studio.backend.queue.cancel(job.id, 1.0)
    studio.batch.refused = {f"of {job.id}"}
    stepped(studio, 31.0)
    assert studio.state(job) is JobState.CANCELLED


def test_an_outage_is_found_out_after_few_questions_and_nothing_lapses() -> None:
    studio = Studio(AWAY)
    jobs = [studio.running() for _ in range(9)]
    studio.batch.refused = {job.id for job in jobs}
    with pytest.raises(StoreUnavailable):
        studio.reconciler.step(31.0)
    assert {studio.state(job) for job in jobs} == {JobState.RUNNING}
    assert len(studio.backend.queue.overdue(31.0)) == 6
    studio.batch.refused.clear()
    studio.reconciler.step(32.0)
    assert [studio.state(job) for job in jobs].count(JobState.QUEUED) == 6


def test_a_job_that_the_machines_refuse_holds_up_no_other_and_ends() -> None:
    studio = Studio()
    refused = [submitted(studio.backend, styles=(StyleRef(f"style-{number}"),)) for number in range(2)]
    studio.batch.refused = {job.id for job in refused}
    good = submitted(studio.backend)
    assert studio.dispatcher.step(1.0)
    assert studio.batch.taken == [good.id]
    assert {studio.state(job) for job in refused} == {JobState.QUEUED}
    for number in range(70):
        studio.dispatcher.step(2.0 + 61.0 * number)
    assert {studio.state(job) for job in refused} == {JobState.FAILED}
    assert "No machine" in (record(studio.backend, refused[0].id).error or "")


def test_machines_that_refuse_everything_are_not_pressed_and_cost_no_attempt() -> None:
    studio = Studio(batch_in_flight=20)
    jobs = [submitted(studio.backend) for _ in range(12)]
    studio.batch.refused = {job.id for job in jobs}
    assert studio.dispatcher.step(0.0)
    assert not studio.dispatcher.step(0.5 * FIRST_PAUSE)
    after = [record(studio.backend, job.id) for job in jobs]
    assert {job.state for job in after} == {JobState.QUEUED}
    assert {job.attempt - job.returns for job in after} == {0}
    studio.batch.refused.clear()
    assert studio.dispatcher.step(FIRST_PAUSE)
    assert len(studio.batch.taken) == 1
