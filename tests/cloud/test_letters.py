"""What the relay makes of letters: twice, late, disordered, unreadable, and about jobs that there are not."""

import json
from typing import Any

import pytest

from nst.domain import JobState
from nst.store.machines import Phase
from nst.store.wire import Sender, Unreadable, message_of
from tests.cloud.conftest import Cloud, MakeCloud
from tests.cloud.test_end_to_end import claimed_by_hand
from worker.cloud.postman import Postman

RESULT = b"\xff\xd8 a painting"


@pytest.fixture
def still(make_cloud: MakeCloud) -> Cloud:
    """A studio without machines: what is said, the test says."""
    cloud = make_cloud()
    cloud.executor.holds.set()
    return cloud


def read_all(cloud: Cloud) -> None:
    """Until no letter is left, but for those that are put back."""
    now = cloud.backend.clock()
    for _ in range(3):
        cloud.postman.step(now)


def painted(cloud: Cloud, job_id: str, **more: Any) -> dict[str, Any]:
    """A painting that lies there, and the letter that says so."""
    key = f"private/output/{job_id}.jpg"
    cloud.backend.objects.put(key, RESULT)
    return {"resultKey": key, "requestId": f"studio::{job_id}", **more}


def changed(job_id: str, status: str, **more: Any) -> dict[str, Any]:
    detail = {"jobName": job_id, "jobId": "batch-1", "status": status, "parameters": {"attempt": "1"}, **more}
    return {"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": detail}


def test_a_letter_that_comes_twice_ends_a_job_once(still: Cloud) -> None:
    job = claimed_by_hand(still)
    letter = painted(still, job.id, attempt=1, size=9)
    still.aws.say(letter)
    read_all(still)
    first = still.record(job)
    still.aws.say(letter)
    still.aws.say(changed(job.id, "FAILED", statusReason="late news"))
    read_all(still)
    assert first.state is JobState.SUCCEEDED
    assert still.record(job) == first
    assert still.backend.objects.get(first.output_key or "") == RESULT
    assert still.aws.letters(still.aws.done_queue) == 0


def test_a_letter_is_deleted_only_behind_the_record(still: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader dies between receiving and writing: the letter comes again, to whoever reads next."""
    job = claimed_by_hand(still)
    still.aws.say(painted(still, job.id))
    with monkeypatch.context() as patched:
        patched.setattr(Postman, "_is_done", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            still.postman.step(still.backend.clock())
    assert still.aws.letters(still.aws.done_queue) == 1
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


def test_letters_of_an_attempt_that_is_past_change_nothing(still: Cloud) -> None:
    job = claimed_by_hand(still)
    assert still.backend.queue.give_back(job.ticket, still.backend.clock())
    second = still.backend.queue.claim("by hand", still.backend.clock(), 30.0)
    assert second is not None
    still.aws.say({"kind": "failed", "requestId": f"studio::{job.id}", "attempt": 1, "error": "too late"})
    still.aws.say(changed(job.id, "FAILED"))
    read_all(still)
    assert still.record(job).state is JobState.RUNNING


def test_two_servers_read_side_by_side(still: Cloud) -> None:
    another = Postman(still.backend, still.machines, still.mail, still.settings, poll_seconds=0.0)
    jobs = [claimed_by_hand(still) for _ in range(12)]
    for job in jobs:
        still.aws.say(painted(still, job.id))
    for _ in range(3):
        for postman in (still.postman, another):
            postman.step(still.backend.clock())
    assert {still.record(job).state for job in jobs} == {JobState.SUCCEEDED}
    assert still.aws.letters(still.aws.done_queue) == 0


@pytest.mark.parametrize(
    "body", ["not JSON", "[]", "7", '{"resultKey": "x"}', '{"requestId": "no separator"}', '{"requestId": "a::b", "kind": "gossip"}']
)
def test_a_letter_that_cannot_be_read_is_put_aside_after_five_times_and_holds_up_nobody(still: Cloud, body: str) -> None:
    still.aws.client("sqs").set_queue_attributes(QueueUrl=still.aws.done_queue, Attributes={"VisibilityTimeout": "0"})
    job = claimed_by_hand(still)
    still.aws.say(body)
    still.aws.say(painted(still, job.id))
    for _ in range(8):
        still.postman.step(still.backend.clock())
    assert still.record(job).state is JobState.SUCCEEDED
    assert still.aws.letters(still.aws.done_queue) == 0
    assert still.aws.letters(still.aws.dead_letters) == 1


def test_a_result_that_cannot_be_the_jobs_is_not_believed(still: Cloud) -> None:
    job, victim = claimed_by_hand(still), claimed_by_hand(still)
    still.aws.say({**painted(still, victim.id), "requestId": f"studio::{job.id}"})
    read_all(still)
    assert still.record(job).state is JobState.RUNNING
    assert still.aws.letters(still.aws.done_queue) == 1


def test_a_result_that_is_not_there_is_a_failure(still: Cloud) -> None:
    job = claimed_by_hand(still)
    still.aws.say({"resultKey": f"private/output/{job.id}.jpg", "requestId": f"old::{job.id}"})
    read_all(still)
    assert still.record(job).state is JobState.FAILED


def test_a_job_that_there_is_not_leaves_no_letter_and_no_picture(still: Cloud) -> None:
    unknown = "f" * 32
    still.aws.say(painted(still, unknown))
    still.aws.say(changed(unknown, "FAILED"))
    still.aws.say({"kind": "progress", "requestId": f"studio::{unknown}", "fraction": 0.5, "stage": "", "assignment": "batch-9"})
    read_all(still)
    assert still.aws.letters(still.aws.done_queue) == 0
    assert still.aws.keys() == set()


def test_a_letter_about_a_job_that_there_is_not_deletes_nobody_elses_picture(still: Cloud) -> None:
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
    still.aws.say(painted(still, job.id, attempt=1, size=9))
    read_all(still)
    assert still.aws.keys() == {job.input_key}


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"statusReason": "Job attempt duration exceeded timeout"}, "longer than the 30 minutes"),
        ({"statusReason": "Host EC2 (instance i-0123) terminated."}, "taken away"),
        ({"statusReason": "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"}, "no machine"),
        ({"statusReason": "Task failed to start", "container": {"reason": "CannotPullContainerError: no such image"}}, "lies with us"),
        ({"container": {"reason": "OutOfMemoryError: Container killed due to memory usage", "exitCode": 137}}, "memory"),
        ({"statusReason": "Essential container in task exited", "container": {"exitCode": 2}}, "broke off"),
    ],
)
def test_what_batch_alone_has_seen_is_told_in_a_sentence(still: Cloud, detail: dict[str, Any], words: str) -> None:
    job = claimed_by_hand(still)
    still.aws.say(changed(job.id, "FAILED", **detail))
    read_all(still)
    record = still.record(job)
    assert record.state is JobState.FAILED
    assert words in (record.error or "")


def test_a_request_id_is_read_from_behind() -> None:
    letter = message_of(json.dumps({"kind": "cancel", "requestId": "a::b::c"}))
    assert (letter.sender.job_id, letter.sender.front_end) == ("c", "a::b")
    assert Sender("c", front_end="a::b").request_id == "a::b::c"
    with pytest.raises(Unreadable):
        message_of('{"kind": "cancel", "requestId": "a::"}')


def test_phases_are_words_for_visitors() -> None:
    assert [Phase.WAITING, Phase.STARTING, Phase.PAINTING] == ["waiting for a machine", "starting", "painting"]
