"""From upload to painting through S3, AWS Batch and SQS, with agents that are real processes."""

import json
import signal
from email.message import Message
from pathlib import Path
from urllib.request import urlopen

import pytest

from nst.domain import Job, JobState, StyleParams
from nst.domain.keys import thumbnail_keys, timelapse_key
from tests.cloud.conftest import MakeCloud
from tests.support.cloud import Cloud, claimed_by_hand, header
from tests.support.interruptions import LAST, REST, STEPS, WHOLE, Scales
from tests.support.pictures import picture_bytes
from tests.support.waiting import until


def fetched(url: str) -> tuple[bytes, Message]:
    with urlopen(url) as answer:  # noqa: S310 -- our own server
        return answer.read(), answer.headers


def stored_with(job: Job, photo: str, painting: str) -> set[str]:
    """All keys of a painted job whose photo and painting are there."""
    return {photo, painting, *thumbnail_keys(photo, painting), timelapse_key(job.id)}


def test_a_private_photo_becomes_a_private_painting(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit())
    assert (job.state, job.error, job.progress.fraction) == (JobState.SUCCEEDED, None, 1.0)
    assert job.output_key == f"private/output/{job.id}.jpg"
    assert job.recipe == {"engine": "quick"}
    assert job.size_bytes > len(cloud.service.result(job.id, "anna"))
    assert cloud.aws.keys() == stored_with(job, job.input_key, f"private/output/{job.id}.jpg")
    assert cloud.service.feed().entries == ()


def test_a_public_painting_is_in_the_feed_and_listeners_hear_of_it(cloud: Cloud) -> None:
    listener = cloud.service.listen()
    job = cloud.finished(cloud.submit(public=True))
    assert job.id in listener.wait(1.0)
    assert [entry.output_key for entry in cloud.service.feed().entries] == [f"public/output/{job.id}.jpg"]
    assert cloud.aws.keys() == stored_with(job, f"public/input/{job.id}.jpg", f"public/output/{job.id}.jpg")


def test_what_is_transparent_stays_png_all_the_way(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit(photo=picture_bytes(mode="RGBA", colour=(9, 9, 9, 0))))
    assert (job.input_key, job.output_key) == (f"private/input/{job.id}.png", f"private/output/{job.id}.png")
    data, headers = fetched(cloud.service.link(cloud.service.get(job.id, "anna")) or "")
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert headers["Content-Type"] == "image/png"


def test_batch_is_given_what_the_contract_says(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    job = cloud.submit()
    cloud.relay()
    (submitted,) = cloud.aws.client("batch").list_jobs(jobQueue=cloud.aws.job_queue, filters=[{"name": "JOB_NAME", "values": ["*"]}])[
        "jobSummaryList"
    ]
    assert submitted["jobName"] == job.id
    (details,) = cloud.aws.client("batch").describe_jobs(jobs=[submitted["jobId"]])["jobs"]
    parameters = details["parameters"]
    assert parameters["contentKey"] == f"private/input/{job.id}.jpg"
    assert parameters["style"] == "starlit-swirl"
    assert parameters["requestId"] == f"studio::{job.id}"


def test_a_visitor_reads_whether_there_is_a_machine_yet(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("ignores_cancel")
    cloud.executor.holds.set()
    job = cloud.submit()
    cloud.relay_until(lambda: cloud.stage(job) == "waiting for a machine")
    assert cloud.record(job).state is JobState.RUNNING
    seen: list[str] = []
    cloud.executor.holds.clear()

    def reached_the_engine() -> bool:
        if not seen or seen[-1] != cloud.stage(job):
            seen.append(cloud.stage(job))
        return seen[-1] == "scale 1 of 1"

    cloud.relay_until(reached_the_engine)
    steps = ["waiting for a machine", "starting", "painting", "scale 1 of 1"]
    assert [step for step in steps if step in seen] == seen
    assert cloud.record(job).preview_key == f"private/preview/{job.id}.jpg"
    assert (cloud.service.preview(job.id, "anna") or b"")[:2] == b"\xff\xd8"
    assert cloud.service.status().workers[0].is_busy


def test_an_engine_that_fails_ends_with_its_sentence(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("raises")
    job = cloud.finished(cloud.submit(strength=0.0))
    assert (job.state, job.error) == (JobState.FAILED, "Nothing finite was found. Lower the strength.")
    assert [agent.wait() for agent in cloud.executor.agents] == [1]
    secretive = cloud.finished(cloud.submit(strength=0.7))
    assert "secret" not in (secretive.error or "")
    assert secretive.error


def test_a_painter_that_the_system_kills_is_reported_by_its_agent(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("killed")
    job = cloud.finished(cloud.submit())
    assert job.state is JobState.FAILED
    assert "memory" in (job.error or "")


def test_an_agent_that_is_killed_is_reported_by_batch(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("ignores_cancel")
    job = cloud.submit()
    cloud.relay_until(lambda: cloud.record(job).progress.fraction)
    cloud.executor.agents[0].kill()
    failed = cloud.finished(job)
    assert failed.state is JobState.FAILED
    assert "The system stopped" in (failed.error or "")


def test_a_machine_that_is_taken_away_is_followed_by_another(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("ignores_cancel")
    job = cloud.submit()
    cloud.relay_until(lambda: cloud.record(job).progress.fraction)
    cloud.executor.holds.set()
    cloud.executor.host_ends.set()
    cloud.relay_until(lambda: cloud.stage(job) == "waiting for a machine")
    assert cloud.executor.agents[0].wait() == 143
    assert cloud.record(job).state is JobState.RUNNING
    cloud.executor.holds.clear()
    cloud.relay_until(lambda: cloud.record(job).progress.fraction)
    assert len(cloud.executor.agents) == 2
    assert cloud.record(job).attempt == 1


def test_a_machine_taken_away_in_the_last_scale_is_followed_by_one_that_paints_only_that(
    make_cloud: MakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scales = Scales(tmp_path, monkeypatch)
    cloud = make_cloud("notes_scales", agent={"NST_CHECKPOINT_SECONDS": "0", **scales.variables})
    params = StyleParams.from_dict(STEPS)
    job = cloud.submit(params=params)
    cloud.relay_until(lambda: cloud.stage(job) == LAST)
    (agent,) = cloud.executor.agents
    agent.send_signal(signal.SIGSTOP)  # so it gets SIGKILL in the end
    cloud.executor.host_ends.set()
    until(lambda: agent.poll() is not None)
    assert agent.returncode == -signal.SIGKILL
    cloud.finished(job)
    assert (cloud.record(job).state, cloud.record(job).attempt, len(cloud.executor.agents)) == (JobState.SUCCEEDED, 1, 2)
    assert scales.of_renderings() == [WHOLE, REST]
    whole = cloud.finished(cloud.submit(params=params))
    assert cloud.service.result(job.id, "anna") == cloud.service.result(whole.id, "anna")
    assert not [found.key for found in cloud.backend.objects.listing() if "/checkpoint/" in found.key]


def test_a_painting_is_cancelled_at_once_and_its_machine_stops(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("ignores_cancel")
    job = cloud.submit()
    cloud.relay_until(lambda: cloud.record(job).progress.fraction)
    cloud.service.cancel(job.id, "anna")
    cloud.relay()
    assert cloud.finished(job).state is JobState.CANCELLED
    until(lambda: cloud.executor.agents[0].poll() is not None)
    cloud.relay_until(lambda: cloud.aws.messages(cloud.aws.done_queue) == 0)
    assert cloud.record(job).state is JobState.CANCELLED
    assert cloud.aws.keys() == {job.input_key} | ({f"private/preview/{job.id}.jpg"} & cloud.aws.keys())


def test_who_waits_for_a_machine_is_cancelled_and_never_gets_one(cloud: Cloud) -> None:
    cloud.executor.holds.set()
    job = cloud.submit()
    cloud.relay_until(lambda: cloud.stage(job))
    cloud.service.cancel(job.id, "anna")
    assert cloud.finished(job).state is JobState.CANCELLED
    until(lambda: [each.status for each in cloud.executor.jobs()] == ["FAILED"])
    assert cloud.executor.agents == []


def test_batch_is_given_few_jobs_and_the_others_wait_in_their_fair_line(make_cloud: MakeCloud) -> None:
    cloud = make_cloud(batch_in_flight=2)
    cloud.executor.holds.set()
    jobs = [cloud.submit() for _ in range(3)]
    for _ in range(4):
        cloud.relay()
    assert len(cloud.executor.jobs()) == 2
    assert cloud.record(jobs[2]).state is JobState.QUEUED
    assert cloud.service.view(jobs[2].id, "anna").waiting is not None
    cloud.executor.holds.clear()
    assert [cloud.finished(job).state for job in jobs] == [JobState.SUCCEEDED] * 3


def test_a_private_painting_is_made_public_and_private_again(cloud: Cloud) -> None:
    job = cloud.finished(cloud.submit())
    cloud.service.publish(job.id, "anna")
    assert cloud.aws.keys() == stored_with(job, f"private/input/{job.id}.jpg", f"public/output/{job.id}.jpg")
    cloud.service.publish(job.id, "anna", with_photo=True)
    assert cloud.aws.keys() == stored_with(job, f"public/input/{job.id}.jpg", f"public/output/{job.id}.jpg")
    assert header(cloud, f"public/output/{job.id}.jpg", "CacheControl") == "public, max-age=3600"
    cloud.service.make_private(job.id, "anna")
    assert cloud.aws.keys() == stored_with(job, f"private/input/{job.id}.jpg", f"private/output/{job.id}.jpg")
    assert header(cloud, f"private/output/{job.id}.jpg", "CacheControl") == "private, no-store"


def test_a_job_of_another_front_end_and_an_agent_that_know_three_parameters_work(cloud: Cloud) -> None:
    """What clients and jobs of before speak: no attempt, no parameters of ours, and a message of two fields."""
    job = claimed_by_hand(cloud)
    cloud.aws.client("batch").submit_job(
        jobName=job.id,
        jobQueue=cloud.aws.job_queue,
        jobDefinition=cloud.aws.definition,
        parameters={"contentKey": job.input_key, "style": "starlit-swirl", "requestId": f"Xy3-socket::{job.id}"},
    )
    cloud.relay_until(lambda: cloud.record(job).state.is_terminal)
    assert cloud.record(job).state is JobState.SUCCEEDED
    assert json.loads(json.dumps(cloud.record(job).recipe)) == {"engine": "quick"}


@pytest.mark.parametrize("name", ["550e8400-e29b-41d4-a716-446655440000.jpeg", "550E8400-E29B-41D4-A716-446655440000.png"])
def test_a_photo_as_front_ends_of_before_name_it_is_painted_and_left_to_them(cloud: Cloud, name: str) -> None:
    """A UUID with dashes, and the media type's own ending. Our records know nothing of it."""
    key, output = f"public/input/{name}", f"public/output/{name}"
    cloud.backend.objects.put(key, picture_bytes())
    job_id = name.partition(".")[0]
    cloud.aws.client("batch").submit_job(
        jobName=job_id,
        jobQueue=cloud.aws.job_queue,
        jobDefinition=cloud.aws.definition,
        parameters={"contentKey": key, "style": "starlit-swirl", "requestId": f"Xy3-socket::{job_id}"},
    )
    until(lambda: [agent.poll() for agent in cloud.executor.agents] == [0])
    cloud.relay_until(lambda: cloud.aws.messages(cloud.aws.done_queue) == 0)
    assert {key, output} <= cloud.aws.keys()
    assert header(cloud, output, "ContentType") == ("image/jpeg" if name.endswith("jpeg") else "image/png")
