"""Messages to the relay: duplicated, late, out of order, unreadable, and about unknown jobs."""

import json
from dataclasses import replace
from typing import Any

import pytest

from nst.domain import JobState, StyleParams
from nst.domain.keys import timelapse_key
from nst.store.ports.batch import BatchPhase
from nst.store.wire import MalformedMessage, Sender, decode_message
from nst.worker.cloud.message_reader import MessageReader
from nst.worker.cloud.outcomes import ending_of
from tests.cloud.conftest import MakeCloud
from tests.support.cloud import RESULT, Cloud, changed, claimed_by_hand, painted, read_all


@pytest.fixture
def still(make_cloud: MakeCloud) -> Cloud:
    """A studio without machines: what is said, the test says."""
    cloud = make_cloud()
    cloud.executor.holds.set()
    return cloud


def test_a_message_that_comes_twice_ends_a_job_once(still: Cloud) -> None:
    job = claimed_by_hand(still)
    message = painted(still, job.id, attempt=1, size=9)
    still.aws.say(message)
    read_all(still)
    first = still.record(job)
    still.aws.say(message)
    still.aws.say(changed(job.id, "FAILED", statusReason="late news"))
    read_all(still)
    assert first.state is JobState.SUCCEEDED
    assert still.record(job) == first
    assert still.backend.objects.get(first.output_key or "") == RESULT
    assert still.aws.messages(still.aws.done_queue) == 0


def test_a_message_is_deleted_only_after_the_record_is_written(still: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader dies between receiving and writing: the message is delivered again, to any reader."""
    job = claimed_by_hand(still)
    still.aws.say(painted(still, job.id))
    with monkeypatch.context() as patched:
        patched.setattr(MessageReader, "_is_handled", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            still.reader.step(still.backend.clock())
    assert still.aws.messages(still.aws.done_queue) == 1
    assert still.finished(job).state is JobState.SUCCEEDED


def test_progress_that_comes_late_changes_nothing(still: Cloud) -> None:
    job = claimed_by_hand(still)
    for fraction in (0.6, 0.2):
        still.aws.say({"kind": "progress", "requestId": f"studio::{job.id}", "fraction": fraction, "stage": f"at {fraction}"})
        read_all(still)
    assert still.record(job).progress.fraction == 0.6
    still.aws.say(changed(job.id, "STARTING"))
    read_all(still)
    assert still.record(job).progress.stage == "at 0.6"
    still.aws.say(painted(still, job.id))
    still.aws.say({"kind": "progress", "requestId": f"studio::{job.id}", "fraction": 0.9, "stage": "much later"})
    read_all(still)
    assert (still.record(job).state, still.record(job).progress.fraction) == (JobState.SUCCEEDED, 1.0)


def test_news_of_a_start_that_comes_late_takes_nothing_back(still: Cloud) -> None:
    job = claimed_by_hand(still)
    for status, stage in (("RUNNING", "painting"), ("STARTING", "painting"), ("RUNNABLE", "waiting for a machine")):
        still.aws.say(changed(job.id, status))
        read_all(still)
        assert still.stage(job) == stage


def test_messages_of_an_attempt_that_is_past_change_nothing(still: Cloud) -> None:
    job = claimed_by_hand(still)
    assert still.backend.queue.give_back(job.fencing_token, still.backend.clock())
    second = still.backend.queue.claim("by hand", still.backend.clock(), 30.0)
    assert second is not None
    still.aws.say({"kind": "failed", "requestId": f"studio::{job.id}", "attempt": 1, "error": "too late"})
    still.aws.say(changed(job.id, "FAILED"))
    read_all(still)
    assert still.record(job).state is JobState.RUNNING


def test_two_servers_read_side_by_side(still: Cloud) -> None:
    another = MessageReader(still.backend, still.batch, still.messages, still.settings, poll_seconds=0.0)
    jobs = [claimed_by_hand(still) for _ in range(12)]
    for job in jobs:
        still.aws.say(painted(still, job.id))
    for _ in range(3):
        for reader in (still.reader, another):
            reader.step(still.backend.clock())
    assert {still.record(job).state for job in jobs} == {JobState.SUCCEEDED}
    assert still.aws.messages(still.aws.done_queue) == 0


@pytest.mark.parametrize(
    "body", ["not JSON", "[]", "7", '{"resultKey": "x"}', '{"requestId": "no separator"}', '{"requestId": "a::b", "kind": "gossip"}']
)
def test_a_message_that_cannot_be_read_becomes_a_dead_letter_after_five_deliveries_and_delays_no_other(still: Cloud, body: str) -> None:
    still.aws.client("sqs").set_queue_attributes(QueueUrl=still.aws.done_queue, Attributes={"VisibilityTimeout": "0"})
    job = claimed_by_hand(still)
    still.aws.say(body)
    still.aws.say(painted(still, job.id))
    for _ in range(8):
        still.reader.step(still.backend.clock())
    assert still.record(job).state is JobState.SUCCEEDED
    assert still.aws.messages(still.aws.done_queue) == 0
    assert still.aws.messages(still.aws.dead_letters) == 1


def test_a_result_that_cannot_be_the_jobs_is_not_believed(still: Cloud) -> None:
    job, victim = claimed_by_hand(still), claimed_by_hand(still)
    still.aws.say({**painted(still, victim.id), "requestId": f"studio::{job.id}"})
    read_all(still)
    assert still.record(job).state is JobState.RUNNING
    assert still.aws.messages(still.aws.done_queue) == 1


def test_a_result_that_is_not_there_is_a_failure(still: Cloud) -> None:
    job = claimed_by_hand(still)
    still.aws.say({"resultKey": f"private/output/{job.id}.jpg", "requestId": f"old::{job.id}"})
    read_all(still)
    assert still.record(job).state is JobState.FAILED


def test_an_unknown_job_leaves_no_message_and_no_picture(still: Cloud) -> None:
    unknown = "f" * 32
    still.aws.say(painted(still, unknown))
    still.aws.say(changed(unknown, "FAILED"))
    still.aws.say({"kind": "progress", "requestId": f"studio::{unknown}", "fraction": 0.5, "stage": "", "assignment": "batch-9"})
    read_all(still)
    assert still.aws.messages(still.aws.done_queue) == 0
    assert still.aws.keys() == set()


def test_a_message_about_an_unknown_job_deletes_no_picture_of_another(still: Cloud) -> None:
    job = claimed_by_hand(still)
    still.aws.say({"resultKey": job.input_key, "requestId": "studio::" + "f" * 32})
    still.aws.say({**painted(still, job.id), "requestId": "studio::" + "f" * 32})
    read_all(still)
    assert still.aws.keys() == {job.input_key, f"private/output/{job.id}.jpg"}


def test_what_is_painted_after_the_cancellation_is_taken_away(still: Cloud) -> None:
    job = claimed_by_hand(still)
    still.service.cancel(job.id, "anna")
    read_all(still)
    assert still.record(job).state is JobState.CANCELLED
    still.backend.objects.put(timelapse_key(job.id), b"a film")
    still.aws.say(painted(still, job.id, attempt=1, size=9))
    read_all(still)
    assert still.aws.keys() == {job.input_key}


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"statusReason": "Job attempt duration exceeded timeout"}, "longer than the 30 minutes"),
        ({"statusReason": "Host EC2 (instance i-0123) terminated."}, "taken away"),
        ({"statusReason": "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"}, "No machine"),
        (
            {"statusReason": "Task failed to start", "container": {"reason": "CannotPullContainerError: no such image"}},
            "problem on our side",
        ),
        ({"statusReason": "ResourceInitializationError: unable to pull secrets or registry auth"}, "problem on our side"),
        ({"statusReason": "Timeout waiting for network interface provisioning to complete."}, "problem on our side"),
        ({"container": {"reason": "OutOfMemoryError: Container killed due to memory usage", "exitCode": 137}}, "memory"),
        ({"statusReason": "Essential container in task exited", "container": {"exitCode": 2}}, "broke off"),
    ],
)
def test_a_failure_that_only_batch_reports_has_a_sentence(still: Cloud, detail: dict[str, Any], words: str) -> None:
    job = claimed_by_hand(still)
    still.aws.say(changed(job.id, "FAILED", **detail))
    read_all(still)
    record = still.record(job)
    assert record.state is JobState.FAILED
    assert words in (record.error or "")


@pytest.mark.parametrize(("size", "seconds"), [(None, 1800), (2048, 1800), (4096, 7200)])
def test_a_large_painting_has_more_time_on_batch(still: Cloud, size: int | None, seconds: int) -> None:
    job = replace(claimed_by_hand(still), params=StyleParams(size=size))
    still.batch.submit(job)
    (submitted,) = still.batch.find(job.id)
    (described,) = still.aws.client("batch").describe_jobs(jobs=[submitted.id])["jobs"]
    assert described["timeout"] == {"attemptDurationSeconds": seconds + 300}
    error = ending_of(job, "Job attempt duration exceeded timeout", None, still.settings).error or ""
    assert f"longer than the {seconds // 60} minutes" in error


def test_a_request_id_is_read_from_its_end() -> None:
    message = decode_message(json.dumps({"kind": "cancel", "requestId": "a::b::c"}))
    assert (message.sender.job_id, message.sender.front_end) == ("c", "a::b")
    assert Sender("c", front_end="a::b").request_id == "a::b::c"
    with pytest.raises(MalformedMessage):
        decode_message('{"kind": "cancel", "requestId": "a::"}')


def test_phases_are_words_for_visitors() -> None:
    assert [BatchPhase.WAITING, BatchPhase.STARTING, BatchPhase.PAINTING] == ["waiting for a machine", "starting", "painting"]
