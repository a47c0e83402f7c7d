"""Checkpoints of a worker's jobs: when they are kept, and what a successor goes on from."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from nst.checkpoints import MAX_BYTES, CheckpointKeeper
from nst.domain import FencingToken, JobProgress, JobState, Progress, StyleParams
from nst.domain.keys import checkpoint_key
from nst.errors import StoreMisconfigured, StoreUnavailable
from nst.model_process.messages import Advanced, Checkpointed, Done, Failed, PaintRequest
from nst.service import Order, StyleChoice
from nst.worker.attempt import Attempt
from tests.support.interruptions import LAST, REST, STEPS, WHOLE, Scales, kill_in_the_last_scale, shown_until_done
from tests.support.jobs import state_of
from tests.support.pictures import picture_bytes
from tests.support.studio import Studio
from tests.support.waiting import until
from tests.support.worker_processes import worker_process
from tests.support.workers import Bench, service_of
from tests.worker.conftest import MakeSettings


@pytest.fixture
def bench(studio: Studio) -> Bench:
    return Bench(studio)


def progress(checkpoint: Callable[[], bytes] | None = None) -> Progress:
    return Progress(0.5, 1, 2, 1, 1, preview=lambda _: None, checkpoint=checkpoint)


def test_a_checkpoint_is_kept_after_enough_work_only() -> None:
    kept, now = list[bytes](), [100.0]
    keeper = CheckpointKeeper(kept.append, 5.0, lambda: now[0])

    def at(time: float, checkpoint: bytes | None) -> None:
        now[0] = time
        keeper.add(progress(None if checkpoint is None else lambda: checkpoint))

    at(104.0, b"too soon")
    at(106.0, None)
    assert kept == []
    at(107.0, b"first")
    at(111.0, b"too soon")
    at(112.0, b"second")
    assert kept == [b"first", b"second"]
    at(120.0, bytes(MAX_BYTES + 1))
    assert len(kept) == 2


def test_a_short_painting_is_never_asked_for_one() -> None:
    def asked() -> bytes:
        raise AssertionError

    CheckpointKeeper(list[bytes]().append, 5.0, lambda: 100.0).add(progress(asked))


def request_of(bench: Bench) -> PaintRequest:
    request = bench.child.heard[-1]
    assert isinstance(request, PaintRequest)
    return request


def test_a_successor_is_given_the_latest_checkpoint(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    assert request_of(bench).checkpoint is None
    token = FencingToken(job.id, 1)
    bench.step(Checkpointed(token, b"scale 1"), Checkpointed(token, b"scale 2"), Advanced(token, JobProgress(0.6), b"preview"))
    assert studio.backend.objects.get(checkpoint_key(job.id, 1)) == b"scale 2"
    assert studio.service.get(job.id, "anna").progress.fraction == 0.6
    studio.backend.queue.requeue_lapsed(studio.now + 100)
    second = Bench(studio)
    second.step(after=101.0)
    assert (request_of(second).token.attempt, request_of(second).checkpoint) == (2, b"scale 2")
    bench.step(Checkpointed(token, b"late"))
    second.step(Done(FencingToken(job.id, 2), b"painting", {}))
    bench.step()
    assert studio.stored() == {job.input_key, f"private/output/{job.id}.jpg"}


def test_a_worker_that_leaves_keeps_the_checkpoint_for_the_next(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.step(Checkpointed(FencingToken(job.id, 1), b"scale 1"))
    bench.worker.stop(studio.now)
    assert checkpoint_key(job.id, 1) in studio.stored()
    second = Bench(studio)
    second.step()
    assert request_of(second).checkpoint == b"scale 1"


def test_a_job_that_is_cancelled_while_its_worker_leaves_keeps_none(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.step(Checkpointed(FencingToken(job.id, 1), b"scale 1"))
    studio.service.cancel(job.id, "anna")
    bench.worker.stop(studio.now)
    assert bench.state(job.id) is JobState.CANCELLED
    assert studio.stored() == {job.input_key}


@pytest.mark.parametrize("end", ["failed", "cancelled", "deleted"])
def test_no_checkpoint_outlives_its_job(bench: Bench, studio: Studio, end: str) -> None:
    job = studio.submit()
    bench.step()
    token = FencingToken(job.id, 1)
    bench.step(Checkpointed(token, b"scale 1"))
    if end == "failed":
        bench.step(Failed(token, "It rained."))
    elif end == "cancelled":
        studio.service.cancel(job.id, "anna")
        bench.step(after=1.0)
        bench.step(Checkpointed(token, b"scale 2"), after=5.0)
    else:
        studio.service.delete(job.id, "anna")
        bench.step(Checkpointed(token, b"scale 2"))
        bench.step(Done(token, b"painting", {}))
    assert studio.stored() == (set() if end == "deleted" else {job.input_key})


def test_a_job_that_is_cancelled_in_the_queue_keeps_none(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.step(Checkpointed(FencingToken(job.id, 1), b"scale 1"))
    bench.worker.stop(studio.now)
    studio.service.cancel(job.id, "anna")
    assert studio.stored() == {job.input_key}


@pytest.mark.parametrize("error", [StoreUnavailable("The disk is full."), StoreMisconfigured("Access denied.")])
def test_a_checkpoint_that_cannot_be_stored_costs_no_painting(
    bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    job, put = studio.submit(), studio.backend.objects.put

    def refuse(key: str, data: bytes) -> None:
        if key.startswith("private/checkpoint/"):
            raise error
        put(key, data)

    bench.step()
    monkeypatch.setattr(studio.backend.objects, "put", refuse)
    bench.step(Checkpointed(FencingToken(job.id, 1), b"scale 1"))
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}))
    assert bench.state(job.id) is JobState.SUCCEEDED


def test_a_checkpoint_that_may_not_be_read_or_is_too_large_is_left_alone(
    bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job, size = studio.submit(), studio.backend.objects.size
    bench.step()
    bench.step(Checkpointed(FencingToken(job.id, 1), b"scale 1"))
    bench.worker.stop(studio.now)

    def refuse(key: str) -> int:
        if key.startswith("private/checkpoint/"):
            raise StoreMisconfigured("Access denied.")
        return size(key)

    monkeypatch.setattr(studio.backend.objects, "size", refuse)
    second = Bench(studio)
    second.step()
    assert request_of(second).checkpoint is None
    assert "cannot be read" in caplog.text
    second.worker.stop(studio.now)
    monkeypatch.setattr(studio.backend.objects, "size", lambda _: MAX_BYTES + 1)
    third = Bench(studio)
    third.step()
    assert request_of(third).checkpoint is None
    assert f"it has {MAX_BYTES + 1} bytes" in caplog.text


def test_a_checkpoint_waits_while_newer_progress_arrives(bench: Bench) -> None:
    bench.worker.warm_up()
    token = FencingToken("0" * 32, 1)
    attempt = Attempt(bench.child, PaintRequest(token, b"photo", (), StyleParams()), bench.settings, 0.0)
    bench.child.says = [Checkpointed(token, b"state"), Advanced(token, JobProgress(0.5), b"")]
    assert isinstance(attempt.poll(1.0), Advanced)
    assert [attempt.take_checkpoint(), attempt.take_checkpoint()] == [b"state", None]


def test_the_successor_of_a_killed_worker_paints_the_last_scale_only_and_the_same(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scales = Scales(tmp_path, monkeypatch)
    settings = make_settings("notes_scales", checkpoint_seconds=0.0, lease_seconds=2.0)
    backend, service = service_of(settings)
    order = Order(picture_bytes(), [StyleChoice("starlit-swirl")], "form", StyleParams.from_dict(STEPS))
    killed = service.submit("anna", order)
    with worker_process(settings) as process:
        kill_in_the_last_scale(lambda: service.get(killed.id, "anna"), process.kill)
        process.wait()
    assert checkpoint_key(killed.id, 1) in {found.key for found in backend.objects.listing()}
    whole = service.submit("bert", order)
    with worker_process(settings):
        assert shown_until_done(lambda: service.get(killed.id, "anna")) <= {"scale 2 of 3", LAST}
        until(lambda: state_of(backend, whole.id).is_terminal, pause=0.05)
        until(lambda: not [found.key for found in backend.objects.listing() if "/checkpoint/" in found.key])
    assert service.get(killed.id, "anna").attempt == 2
    assert sorted(scales.of_renderings()) == [WHOLE, WHOLE, REST]
    assert service.result(killed.id, "anna") == service.result(whole.id, "bert")
    assert service.timelapse(killed.id, "anna")


def test_progress_of_engines_that_know_no_checkpoints_is_taken() -> None:
    kept: list[bytes] = []
    CheckpointKeeper(kept.append, 0.0).add(cast(Progress, SimpleNamespace(fraction=0.5)))
    assert kept == []
