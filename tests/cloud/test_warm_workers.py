"""Warm workers beside AWS Batch: who paints what, what is counted, and what CloudWatch is told."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nst.domain import JobState, Outcome, Preset, SharedLane
from nst.settings import MADE_FOR_ONE_MACHINE, Settings
from nst.store.ports import WorkerInfo
from nst.worker.cloud.cloudwatch import UNITS, CloudWatch
from nst.worker.cloud.dispatcher import SPILL_SECONDS
from nst.worker.cloud.warm import PREFIX, unused_settings, warm_lanes
from tests.cloud.conftest import MakeCloud
from tests.support.aws import process_environment
from tests.support.batch_executor import ROOT
from tests.support.cloud import Cloud
from tests.support.cloud_in_memory import Studio
from tests.support.jobs import submitted
from tests.support.waiting import until

LANES = (Preset.ULTRA,)
WITH_FOLDERS = (Preset.ULTRA, SharedLane.FOLDER)


def warm_worker(studio: Studio, name: str = "a", job_id: str | None = None, seen: float = 0.0) -> None:
    studio.backend.workers.report(WorkerInfo(f"{PREFIX}{name}", 0.0, seen, job_id))


def test_batch_is_given_its_presets_alone() -> None:
    studio = Studio(batch_lanes=LANES, batch_in_flight=5)
    submitted(studio.backend, preset=Preset.DRAFT)
    large = submitted(studio.backend, preset=Preset.ULTRA)
    while studio.dispatcher.step(1.0):
        pass
    assert studio.batch.taken == [large.id]
    assert studio.backend.queue.lane_stats()[Preset.DRAFT].jobs == 1


def test_by_default_batch_paints_all_and_no_preset_waits_for_warm_workers() -> None:
    studio = Studio()
    assert warm_lanes(studio.settings) == ()
    submitted(studio.backend, preset=Preset.DRAFT)
    assert studio.dispatcher.step(1.0)
    assert warm_lanes(Settings(batch_lanes=LANES)) == (Preset.DRAFT, Preset.STANDARD, Preset.HIGH, SharedLane.FOLDER)


def test_photos_of_a_folder_go_to_batch_and_single_ones_to_warm_workers() -> None:
    studio = Studio(batch_lanes=WITH_FOLDERS, batch_in_flight=5)
    of_folder = [submitted(studio.backend, preset=Preset.DRAFT, in_folder=True) for _ in range(3)]
    single = submitted(studio.backend, "bert", Preset.DRAFT)
    warm_worker(studio)
    while studio.dispatcher.step(1.0):
        pass
    assert studio.batch.taken == [job.id for job in of_folder]
    lease = studio.backend.queue.claim("warm-a", 1.0, 30.0, warm_lanes(studio.settings))
    assert lease is not None
    assert lease.job.id == single.id


def test_what_warm_workers_paint_takes_no_place_in_batch() -> None:
    studio = Studio(batch_lanes=LANES, batch_in_flight=1)
    small = studio.running(preset=Preset.DRAFT)
    large = submitted(studio.backend, preset=Preset.ULTRA)
    assert not studio.dispatcher.step(1.0), "as far as is known, Batch paints it"
    warm_worker(studio, job_id=small.id)
    studio.backend.workers.report(WorkerInfo("batch-1", 0.0, 0.0, "an agent's"))
    assert studio.dispatcher.step(1.0)
    assert studio.batch.taken == [large.id]
    assert not studio.dispatcher.step(2.0), "there is one now"


def test_batch_paints_what_waits_in_vain_for_a_warm_worker() -> None:
    studio = Studio(batch_lanes=LANES)
    small = submitted(studio.backend, preset=Preset.DRAFT, created=0.0)
    assert not studio.dispatcher.step(SPILL_SECONDS)
    warm_worker(studio, seen=SPILL_SECONDS)
    assert not studio.dispatcher.step(SPILL_SECONDS + 1.0), "there is one, which has much to do"
    assert studio.dispatcher.step(SPILL_SECONDS + 120.0)
    assert studio.batch.taken == [small.id]


def figures_of(studio: Studio) -> Callable[[float], dict[str, Any]]:
    lines: list[str] = []
    writer = CloudWatch(studio.backend, studio.settings, lambda: studio.dispatcher.refusals, lines.append)

    def read(now: float) -> dict[str, Any]:
        writer.step(now)
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    return read


def test_cloudwatch_finds_every_figure_with_its_unit_in_one_line() -> None:
    line = figures_of(Studio(cloudwatch="staging"))(12.5)
    (about,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 12500
    assert (about["Namespace"], about["Dimensions"]) == ("Pastiche", [["Deployment"]])
    assert {metric["Name"]: metric["Unit"] for metric in about["Metrics"]} == UNITS
    assert line.keys() == {"_aws", "Deployment", *UNITS}
    assert line["Deployment"] == "staging"


def test_the_backlog_is_what_each_warm_worker_has_before_it() -> None:
    studio = Studio(batch_lanes=LANES)
    read = figures_of(studio)
    for preset in (Preset.DRAFT, Preset.DRAFT, Preset.HIGH, Preset.ULTRA):
        submitted(studio.backend, preset=preset, created=10.0)
    line = read(40.0)
    assert (line["Waiting"], line["OldestWaitingSeconds"], line["Running"]) == (4, 30.0, 0)
    assert (line["WarmWorkers"], line["WarmBacklog"], line["WarmUnserved"]) == (0, 3, 3)
    warm_worker(studio, "a", "one that it paints", seen=40.0)
    warm_worker(studio, "b", seen=40.0)
    line = read(40.0)
    assert (line["WarmWorkers"], line["WarmBacklog"], line["WarmUnserved"]) == (2, 2.0, 0)
    assert read(140.0)["WarmWorkers"] == 0, "they are gone"


def test_failures_and_refusals_are_those_since_the_last_line() -> None:
    studio = Studio()
    read = figures_of(studio)
    failing = studio.running()
    assert (read(1.0)["Failed"], read(1.0)["RefusedSubmits"]) == (0, 0)
    studio.backend.jobs.finish(failing.fencing_token, Outcome.failed("It broke."), 2.0)
    refused = submitted(studio.backend)
    studio.batch.refused = {refused.id}
    studio.dispatcher.step(2.0)
    line = read(3.0)
    assert (line["Failed"], line["RefusedSubmits"]) == (1, 1)
    assert (read(4.0)["Failed"], read(4.0)["RefusedSubmits"]) == (0, 0)


def test_a_deployment_that_has_failures_already_reports_new_ones_alone() -> None:
    studio = Studio()
    studio.backend.jobs.finish(studio.running().fencing_token, Outcome.failed("It broke."), 2.0)
    assert figures_of(studio)(3.0)["Failed"] == 0


def test_a_painter_is_not_asked_for_the_limits_of_front_ends() -> None:
    assert set(MADE_FOR_ONE_MACHINE) - set(unused_settings()) == {"redis_url", "max_bytes", "max_pixels"}


Processes = list["subprocess.Popen[bytes]"]


@pytest.fixture
def started() -> Iterator[Processes]:
    processes: Processes = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def start(started: Processes, cloud: Cloud, *options: str, **variables: str) -> "subprocess.Popen[bytes]":
    redis = {"NST_REDIS_URL": cloud.settings.redis_url.get_secret_value(), "NST_REDIS_PREFIX": cloud.settings.redis_prefix}
    environment = {**cloud.aws.environment, **redis, "NST_BATCH_LANES": '["ultra"]', **variables}
    if "--paint" in options:  # which does not need them
        environment = {name: value for name, value in environment.items() if name.removeprefix("NST_").lower() not in unused_settings()}
    command = [sys.executable, "-m", "worker", *options]
    started.append(subprocess.Popen(command, env=process_environment(environment), cwd=ROOT, stdout=subprocess.PIPE))
    return started[-1]


def test_two_servers_a_warm_worker_and_batch_paint_side_by_side(make_cloud: MakeCloud, started: Processes) -> None:
    cloud = make_cloud(batch_lanes=LANES)
    relays = [start(started, cloud, NST_CLOUDWATCH="test") for _ in range(2)]
    warm = start(started, cloud, "--paint", NST_ENGINE="tests.worker.engines.quick:engine")
    presets = [Preset.DRAFT, Preset.ULTRA, Preset.STANDARD, Preset.ULTRA, Preset.HIGH]
    jobs = {cloud.submit(owner=f"visitor {number}", preset=preset, public=number == 0): preset for number, preset in enumerate(presets)}
    until(lambda: all(cloud.record(job).state.is_terminal for job in jobs))
    assert {(record.state, record.error) for record in map(cloud.record, jobs)} == {(JobState.SUCCEEDED, None)}
    assert len(cloud.executor.agents) == 2
    assert {batch_job.job_name for batch_job in cloud.executor.jobs()} == {job.id for job, preset in jobs.items() if preset is Preset.ULTRA}
    assert all(cloud.record(job).has_thumbnails for job in jobs)
    public = next(iter(jobs))
    assert [entry.output_key for entry in cloud.service.feed().entries] == [f"public/output/{public.id}.jpg"]
    found = cloud.aws.client("s3").head_object(Bucket=cloud.aws.bucket, Key=f"public/output/{public.id}.jpg")
    assert found["CacheControl"] == "public, max-age=3600", "as what an agent stores"
    for process in [warm, *relays]:
        process.send_signal(signal.SIGTERM)
    outputs = [process.communicate()[0] for process in [warm, *relays]]
    assert [process.returncode for process in [warm, *relays]] == [0, 0, 0]
    assert all(json.loads(output.splitlines()[0])["Deployment"] == "test" for output in outputs[1:])


def test_a_folder_waits_for_batch_while_a_warm_worker_paints_a_single_photo(make_cloud: MakeCloud, started: Processes) -> None:
    cloud = make_cloud(batch_lanes=WITH_FOLDERS)
    cloud.executor.holds.set()
    folder = [cloud.submit(preset=Preset.DRAFT, in_folder=True) for _ in range(3)]
    cloud.relay()
    lanes = {"NST_BATCH_LANES": '["ultra", "folder"]'}
    start(started, cloud, "--paint", NST_ENGINE="tests.worker.engines.quick:engine", **lanes)
    single = cloud.submit(owner="bert", preset=Preset.DRAFT)
    until(lambda: cloud.record(single).state.is_terminal)
    assert not any(cloud.record(job).state.is_terminal for job in folder)
    cloud.executor.holds.clear()

    def is_over() -> bool:
        cloud.relay()
        return all(cloud.record(job).state.is_terminal for job in folder)

    until(is_over)
    assert {cloud.record(job).state for job in [single, *folder]} == {JobState.SUCCEEDED}
    assert {batch_job.job_name for batch_job in cloud.executor.jobs()} == {job.id for job in folder}


def test_a_warm_worker_that_is_taken_away_finishes_its_painting(make_cloud: MakeCloud, started: Processes) -> None:
    cloud = make_cloud(batch_lanes=LANES)
    warm = start(started, cloud, "--paint", NST_ENGINE="tests.worker.engines.slow:engine", NST_DRAIN_SECONDS="60")
    first, second = cloud.submit(preset=Preset.DRAFT), cloud.submit(owner="bert", preset=Preset.DRAFT)
    until(lambda: cloud.record(first).progress.fraction > 0)
    warm.send_signal(signal.SIGTERM)
    assert warm.wait() == 0
    assert (cloud.record(first).state, cloud.record(second).state) == (JobState.SUCCEEDED, JobState.QUEUED)


def test_a_warm_worker_that_is_lost_loses_no_painting(make_cloud: MakeCloud, started: Processes) -> None:
    cloud = make_cloud(batch_lanes=LANES)
    variables = {"NST_LEASE_SECONDS": "2"}
    lost = start(started, cloud, "--paint", NST_ENGINE="tests.worker.engines.hangs:engine", **variables)
    job = cloud.submit(preset=Preset.DRAFT)
    until(lambda: cloud.record(job).state is JobState.RUNNING)
    lost.kill()
    start(started, cloud, "--paint", NST_ENGINE="tests.worker.engines.quick:engine", **variables)

    def is_over() -> bool:
        cloud.reconciler.step(cloud.backend.clock())
        return cloud.record(job).state.is_terminal

    until(is_over)
    assert (cloud.record(job).state, cloud.record(job).attempt) == (JobState.SUCCEEDED, 2)


def test_a_warm_worker_leaves_the_jobs_of_batch_to_the_relay(make_cloud: MakeCloud, started: Processes) -> None:
    """An assignment that is silent for the time of a lease is not lost: Batch is asked first."""
    cloud = make_cloud(batch_lanes=LANES, lease_seconds=0.5)
    cloud.executor.holds.set()
    silent = cloud.submit(preset=Preset.ULTRA)
    cloud.relay()
    start(started, cloud, "--paint", NST_ENGINE="tests.worker.engines.quick:engine", NST_LEASE_SECONDS="5")
    small = [cloud.submit(owner=f"visitor {number}", preset=Preset.DRAFT) for number in range(3)]
    until(lambda: all(cloud.record(job).state.is_terminal for job in small))
    assert (cloud.record(silent).lease_until or 0.0) < cloud.backend.clock()
    assert (cloud.record(silent).state, cloud.record(silent).attempt) == (JobState.RUNNING, 1)
