"""worker.loop, step by step, with a child that is no process and a clock that is a number."""

from pathlib import Path

import pytest

from nst import images
from nst.domain import FencingToken, JobProgress, JobState, StyleParams
from nst.domain.keys import mask_key, preview_key, style_key
from nst.model_process.messages import Advanced, Cancel, Done, Failed, FromChild, PaintRequest, Ready, RegionRequest, Stopped
from nst.service import RegionChoice, StyleChoice
from nst.styles import Catalogue
from nst.worker.attempt import GRACE_SECONDS
from nst.worker.loop import HEARTBEAT_SECONDS
from nst.worker.main import ExitRequest, work
from tests.support.pictures import picture_bytes
from tests.support.studio import Studio
from tests.support.workers import LIMITS, Bench, FakeChild


def test_with_nothing_to_do_a_step_does_nothing(bench: Bench) -> None:
    assert not bench.step()


def test_a_job_is_painted_stored_recorded_and_notified(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    listener = studio.service.listen()
    assert bench.step()
    assert bench.state(job.id) is JobState.RUNNING
    token = FencingToken(job.id, 1)
    bench.step(Ready(), Done(token, b"painting", {"seed": 7}))
    assert listener.wait(0) == [job.id, job.id]
    done = studio.service.get(job.id, "anna")
    assert (done.state, done.recipe, done.finished) == (JobState.SUCCEEDED, {"seed": 7}, studio.now)
    assert studio.service.result(job.id, "anna") == b"painting"
    assert [entry.job_id for entry in studio.service.feed().entries] == [job.id]
    assert not bench.step()


def test_the_child_receives_everything_that_it_needs(bench: Bench, studio: Studio) -> None:
    own = picture_bytes(colour="red")
    studio.submit(styles=[StyleChoice("tide-wash"), StyleChoice(own, 2.0)], params=StyleParams(strength=0.9))
    bench.step()
    (order,) = bench.child.heard
    assert isinstance(order, PaintRequest)
    assert (order.params.strength, order.suffix, [style.share for style in order.styles]) == (0.9, ".jpg", [1.0, 2.0])
    assert images.decode(order.photo, LIMITS).size == (96, 64)
    assert images.decode(order.styles[0].style, LIMITS).size == Catalogue(LIMITS).picture("tide-wash").size


def test_the_child_receives_masks_and_styles_of_regions(bench: Bench, studio: Studio) -> None:
    own, mask = picture_bytes(colour="red"), picture_bytes(mode="L", colour=200)
    job = studio.submit(
        regions=[RegionChoice(mask, [StyleChoice("tide-wash"), StyleChoice(own, 2.0, part=mask)], 0.25), RegionChoice("sky")]
    )
    bench.step()
    (order,) = bench.child.heard
    assert isinstance(order, PaintRequest)
    first, second = order.regions
    assert first.mask == studio.backend.objects.get(mask_key(job.id, 0))
    assert first.style_masks == (None, studio.backend.objects.get(mask_key(job.id, 8)))
    assert [style.style for style in first.styles] == [
        Catalogue(LIMITS).file("tide-wash"),
        studio.backend.objects.get(style_key(job.id, 2)),
    ]
    assert ([style.share for style in first.styles], first.strength) == ([1.0, 2.0], 0.25)
    assert second == RegionRequest("sky")


def test_a_job_whose_mask_is_gone_fails_with_a_sentence(bench: Bench, studio: Studio) -> None:
    job = studio.submit(regions=[RegionChoice(picture_bytes())])
    studio.backend.objects.delete([mask_key(job.id, 0)])
    bench.step()
    assert bench.state(job.id) is JobState.FAILED
    assert "not there any more" in bench.error(job.id)


def test_progress_and_preview_are_shown_and_the_preview_goes_at_the_end(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    token = FencingToken(job.id, 1)
    bench.step(Advanced(token, JobProgress(0.4, "scale 2 of 5", 9.0), b"preview"))
    assert studio.service.get(job.id, "anna").progress == JobProgress(0.4, "scale 2 of 5", 9.0)
    assert studio.service.preview(job.id, "anna") == b"preview"
    bench.step(Done(token, b"painting", {}))
    assert preview_key(job.id) not in studio.stored()


def test_a_failure_has_the_childs_sentence(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.step(Failed(FencingToken(job.id, 1), "It rained."))
    assert (bench.state(job.id), bench.error(job.id)) == (JobState.FAILED, "It rained.")
    assert len(bench.children) == 1


def test_a_photo_that_is_gone_fails_with_a_sentence(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    studio.backend.objects.delete([job.input_key])
    bench.step()
    assert bench.state(job.id) is JobState.FAILED
    assert "not there any more" in bench.error(job.id)


def test_a_style_picture_of_the_operators_that_is_gone_fails_the_job_and_not_the_worker(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "own.png").write_bytes(picture_bytes())
    bench = Bench(studio, Catalogue(LIMITS, tmp_path))
    job = bench.submit("own")
    (tmp_path / "own.png").unlink()
    bench.step()
    assert bench.state(job.id) is JobState.FAILED
    assert "Choose another style" in bench.error(job.id)
    assert str(tmp_path) not in bench.error(job.id)


@pytest.mark.parametrize(("exit_code", "sentence"), [(-9, "memory ran out"), (-11, "unexpectedly"), (3, "unexpectedly")])
def test_a_childs_death_fails_the_job_and_the_next_one_gets_a_fresh_child(
    bench: Bench, studio: Studio, exit_code: int, sentence: str
) -> None:
    job, following = studio.submit(token="1"), studio.submit(token="2")
    bench.step()
    bench.child.exit_code = exit_code
    bench.step()
    assert bench.state(job.id) is JobState.FAILED
    assert sentence in bench.error(job.id)
    bench.step()
    assert len(bench.children) == 2
    bench.step(Done(FencingToken(following.id, 1), b"painting", {}))
    assert bench.state(following.id) is JobState.SUCCEEDED


def test_what_a_child_said_before_its_death_counts(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.child.exit_code = -9
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}))
    assert bench.state(job.id) is JobState.SUCCEEDED


def test_a_child_that_died_while_it_was_idle_is_replaced(bench: Bench, studio: Studio) -> None:
    bench.worker.warm_up()
    bench.child.exit_code = -9
    studio.submit()
    bench.step()
    assert len(bench.children) == 2
    assert isinstance(bench.child.heard[0], PaintRequest)


def test_a_cancelled_job_is_stopped_by_its_child(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    studio.service.cancel(job.id, "anna")
    bench.step(after=HEARTBEAT_SECONDS)
    assert bench.child.heard[-1] == Cancel(FencingToken(job.id, 1))
    bench.step(Stopped(FencingToken(job.id, 1)), after=0.1)
    assert bench.state(job.id) is JobState.CANCELLED
    assert len(bench.children) == 1


def test_a_child_that_does_not_obey_is_killed_within_the_two_seconds(bench: Bench, studio: Studio) -> None:
    assert HEARTBEAT_SECONDS + GRACE_SECONDS < 2
    job = studio.submit()
    bench.step()
    studio.service.cancel(job.id, "anna")
    bench.step(after=HEARTBEAT_SECONDS)
    bench.step(Advanced(FencingToken(job.id, 1), JobProgress(0.5), b""), after=GRACE_SECONDS)
    assert bench.state(job.id) is JobState.CANCELLED
    assert bench.children[0].exit_code == -9
    assert len(bench.children) == 2


def test_a_painting_done_after_the_cancellation_was_heard_is_cancelled(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    bench.step()
    studio.service.cancel(job.id, "anna")
    bench.step(Done(FencingToken(job.id, 1), b"painting", {}), after=HEARTBEAT_SECONDS)
    assert bench.state(job.id) is JobState.CANCELLED
    assert studio.stored() == {job.input_key}


def test_a_job_over_its_time_is_broken_off(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    for _ in range(21):
        bench.step(Advanced(FencingToken(job.id, 1), JobProgress(0.1), b""), after=29.0)
    assert bench.state(job.id) is JobState.FAILED
    assert "longer than the 10 minutes" in bench.error(job.id)
    assert bench.children[0].exit_code == -9


def test_a_large_painting_has_more_time(bench: Bench, studio: Studio) -> None:
    job = studio.submit(params=StyleParams(size=4096))
    bench.step()
    for _ in range(82):  # 2378 seconds
        bench.step(Advanced(FencingToken(job.id, 1), JobProgress(0.1), b""), after=29.0)
    assert bench.state(job.id) is JobState.RUNNING
    bench.step(Advanced(FencingToken(job.id, 1), JobProgress(0.1), b""), after=29.0)
    assert "longer than the 40 minutes" in bench.error(job.id)


def test_a_step_of_a_large_painting_has_more_time(bench: Bench, studio: Studio) -> None:
    job = studio.submit(params=StyleParams(size=4096))
    bench.step()
    for _ in range(8):  # 232 seconds
        bench.step(after=29.0)
    assert bench.state(job.id) is JobState.RUNNING
    bench.step(after=29.0)
    assert "got stuck" in bench.error(job.id)


def test_a_silent_child_is_taken_for_stuck(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    for _ in range(3):
        bench.step(after=20.0)
    assert bench.state(job.id) is JobState.RUNNING
    bench.step(after=1.0)
    assert bench.state(job.id) is JobState.FAILED
    assert "got stuck" in bench.error(job.id)


def test_a_worker_that_slept_while_its_job_was_done_elsewhere_writes_nothing(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    bench.step()
    studio.now += 100
    studio.backend.queue.requeue_lapsed(studio.now)
    studio.paint()
    before = studio.service.get(job.id, "anna")
    bench.step(Done(FencingToken(job.id, 1), b"late", {}))
    assert studio.service.get(job.id, "anna") == before
    assert studio.service.result(job.id, "anna") == b"painting"
    assert len(studio.service.feed().entries) == 1


def test_a_late_result_does_not_take_the_place_of_the_one_that_counts(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    bench.step()
    studio.backend.queue.requeue_lapsed(studio.now + 100)
    studio.paint()
    bench.step(Done(FencingToken(job.id, 1), b"late", {}))  # no time has passed: it has not noticed
    assert studio.service.result(job.id, "anna") == b"painting"
    assert not bench.step()


def test_a_late_preview_does_not_stay(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    studio.backend.queue.requeue_lapsed(studio.now + 100)
    studio.paint()
    bench.step(Advanced(FencingToken(job.id, 1), JobProgress(0.5), b"late"), Failed(FencingToken(job.id, 1), "It rained."))
    assert preview_key(job.id) not in studio.stored()


def test_a_late_result_of_a_painting_made_private_does_not_stay_public(bench: Bench, studio: Studio) -> None:
    job = studio.submit(public=True)
    bench.step()
    bench.studio.backend.queue.requeue_lapsed(studio.now + 100)
    studio.paint()
    studio.service.make_private(job.id, "anna")
    bench.step(Done(FencingToken(job.id, 1), b"late", {}))  # no time has passed: it has not noticed
    assert studio.stored() == {f"private/input/{job.id}.jpg", f"private/output/{job.id}.jpg"}
    assert studio.service.result(job.id, "anna") == b"painting"


def test_a_deleted_job_leaves_nothing_behind_though_it_was_being_painted(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    studio.service.delete(job.id, "anna")
    bench.step(Advanced(FencingToken(job.id, 1), JobProgress(0.5), b"preview"), Done(FencingToken(job.id, 1), b"painting", {}))
    assert studio.stored() == set()


def test_messages_about_an_earlier_job_are_ignored(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.step(Done(FencingToken("0" * 32, 1), b"other", {}), Failed(FencingToken(job.id, 0), "no"))
    assert bench.state(job.id) is JobState.RUNNING


def test_a_worker_that_is_stopped_gives_its_job_back_without_an_attempt_lost(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    bench.step()
    bench.worker.stop(studio.now)
    given_back = studio.service.get(job.id, "anna")
    assert (given_back.state, given_back.attempt - given_back.returns) == (JobState.QUEUED, 0)
    assert bench.child.exit_code == -9
    assert studio.service.status().workers == []


def test_a_job_that_brings_its_worker_down_has_lost_an_attempt(bench: Bench, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.submit()

    def break_down(child: FakeChild) -> list[FromChild]:
        if child.heard:
            raise RuntimeError("a fault of ours")
        return []

    monkeypatch.setattr(FakeChild, "received", break_down)
    with pytest.raises(RuntimeError):
        work(bench.worker, ExitRequest())
    assert bench.state(job.id) is JobState.RUNNING
    (lapsed,) = studio.backend.queue.requeue_lapsed(float("inf"))
    assert (lapsed.attempt, lapsed.returns) == (1, 0)


def test_the_jobs_of_dead_workers_are_queued_again_and_notified(bench: Bench, studio: Studio) -> None:
    job = studio.submit()
    studio.backend.queue.claim("dead", studio.now, 30.0)
    listener = studio.service.listen()
    bench.step(after=31.0)
    assert listener.wait(0)[0] == job.id
    assert studio.service.get(job.id, "anna").attempt == 2


@pytest.mark.parametrize("crash", ["put", "finish", "notify", "acknowledge"])
def test_a_crash_at_any_point_of_the_end_loses_nothing_and_doubles_nothing(
    bench: Bench, studio: Studio, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = studio.submit(public=True)
    bench.step()

    def die(*_: object) -> None:
        raise SystemExit

    port = {"put": studio.backend.objects, "finish": studio.backend.jobs, "notify": studio.backend.job_events}
    with monkeypatch.context() as patched:
        patched.setattr(port.get(crash, studio.backend.queue), crash, die)
        with pytest.raises(SystemExit):
            bench.step(Done(FencingToken(job.id, 1), b"painting", {}))
    after = Bench(studio)
    after.step(after=31.0)
    if crash in ("put", "finish"):
        after.step(Done(FencingToken(job.id, 2), b"painting", {}))
    assert bench.state(job.id) is JobState.SUCCEEDED
    assert studio.service.result(job.id, "anna") == b"painting"
    assert len(studio.service.feed().entries) == 1
    assert not after.step()
