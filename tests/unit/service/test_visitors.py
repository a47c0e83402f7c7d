"""nst.service: who may see and do what."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from nst.domain import JobProgress, JobState, Mode, Outcome, Preset, StyleParams
from nst.domain.keys import is_key, object_key, preview_key
from nst.errors import JobIdTaken, JobLost, ObjectMissing, StorageFull, StoreFull, UnknownJob, WrongState
from nst.service import Order, Service, StyleChoice, Waiting, WorkerOutage
from nst.service.access import picture_key
from nst.service.retention import delete_orphans
from nst.store.ports import WorkerInfo
from tests.support.jobs import PLENTY, a_job, painted
from tests.support.pictures import picture_bytes
from tests.support.studio import DAY, Studio

FOR_THE_OWNER: list[Callable[[Service, str, str], object]] = [
    Service.get,
    Service.cancel,
    Service.retry,
    Service.publish,
    Service.make_private,
    Service.delete,
    Service.view,
    Service.result,
    Service.photo,
    Service.preview,
]


@pytest.mark.parametrize("call", FOR_THE_OWNER, ids=lambda call: call.__name__)
@pytest.mark.parametrize("stranger", ["bert", "", "anna "])
def test_a_private_painting_is_unknown_to_everybody_else(studio: Studio, call: Callable[..., object], stranger: str) -> None:
    job = studio.painted()
    with pytest.raises(UnknownJob) as caught:
        call(studio.service, job.id, stranger)
    with pytest.raises(UnknownJob) as of_none:
        call(studio.service, "0" * 32, "anna")
    assert str(caught.value) == str(of_none.value)
    assert studio.service.get(job.id, "anna") == job


def test_everybody_sees_a_published_painting_and_no_one_its_owner(studio: Studio) -> None:
    job = studio.painted(public=True)
    seen = studio.service.get(job.id, "bert")
    assert (seen.id, seen.owner, seen.token) == (job.id, "", "")
    assert studio.service.result(job.id, "bert") == b"painting"
    assert studio.service.photo(job.id, "bert")
    for call in (Service.delete, Service.make_private, Service.cancel):
        with pytest.raises(UnknownJob):
            call(studio.service, job.id, "bert")


def test_publishing_moves_the_pictures_and_making_private_moves_them_back(studio: Studio) -> None:
    job = studio.painted()
    published = studio.service.publish(job.id, "anna", with_photo=True)
    assert studio.stored() == {f"public/input/{job.id}.jpg", f"public/output/{job.id}.jpg"} == {published.input_key, published.output_key}
    assert studio.service.publish(job.id, "anna", with_photo=True) == published
    assert [entry.job_id for entry in studio.service.feed().entries] == [job.id]
    private = studio.service.make_private(job.id, "anna")
    assert studio.stored() == {f"private/input/{job.id}.jpg", f"private/output/{job.id}.jpg"} == {private.input_key, private.output_key}
    assert studio.service.feed().entries == ()
    with pytest.raises(UnknownJob):
        studio.service.result(job.id, "bert")


def test_the_photo_of_a_painting_that_is_published_alone_stays_private(studio: Studio) -> None:
    job = studio.painted()
    studio.service.publish(job.id, "anna")
    assert studio.stored() == {f"private/input/{job.id}.jpg", f"public/output/{job.id}.jpg"}
    assert studio.service.result(job.id, "bert") == b"painting"
    assert studio.service.photo(job.id, "anna")
    for call in (studio.service.photo, lambda *seen: picture_key(studio.service.get(*seen), "photo", is_small=False)):
        with pytest.raises(UnknownJob):
            call(job.id, "bert")


def test_a_move_that_was_broken_off_is_ended_by_doing_it_again(studio: Studio) -> None:
    job = studio.painted(public=True)
    assert job.output_key
    studio.service.make_private(job.id, "anna")
    studio.backend.objects.put(job.output_key, b"left behind by a crash")
    studio.service.make_private(job.id, "anna")
    assert job.output_key not in studio.stored()


@pytest.mark.parametrize("public", [True, False])
def test_a_move_that_was_broken_off_and_never_done_again_is_swept_up(studio: Studio, public: bool) -> None:
    job = studio.painted(public=public)
    moved = (studio.service.make_private if public else studio.service.publish)(job.id, "anna")
    for key in (job.input_key, job.output_key or ""):
        studio.backend.objects.put(key, b"left behind by a crash")
    assert delete_orphans(studio.backend, now=2 * DAY) == (2 if public else 1)  # published alone, the photo stays where it was
    assert studio.stored() == {moved.input_key, moved.output_key}


def test_publishing_and_making_private_at_once_lose_no_picture(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.painted()
    set_public, begun, opposed = studio.backend.jobs.set_public, threading.Event(), threading.Event()

    def slowly(job_id: str, public: bool, *rest: Any) -> bool:
        if public:
            begun.set()
            opposed.wait(0.2)  # the other call ends here
        return set_public(job_id, public, *rest)

    def oppose() -> None:
        begun.wait()
        studio.service.make_private(job.id, "anna")
        opposed.set()

    monkeypatch.setattr(studio.backend.jobs, "set_public", slowly)
    with ThreadPoolExecutor(1) as thread:
        opposing = thread.submit(oppose)
        studio.service.publish(job.id, "anna")
        opposing.result()
    assert studio.service.result(job.id, "anna") == b"painting"
    assert studio.service.photo(job.id, "anna")


def test_a_disk_that_is_full_while_a_painting_is_published_changes_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    job = studio.painted()
    before = studio.stored()

    def full(_source: str, _target: str) -> None:
        raise StoreFull("full", "/srv/secret/place: No space left on device")

    monkeypatch.setattr(studio.backend.objects, "copy", full)
    with pytest.raises(StorageFull) as caught:
        studio.service.publish(job.id, "anna")
    assert "secret" not in str(caught.value)
    assert studio.stored() == before
    assert studio.service.get(job.id, "anna") == job


def test_only_a_finished_painting_can_be_published_or_fetched(studio: Studio) -> None:
    job = studio.submit()
    for call in (Service.publish, Service.make_private, Service.result):
        with pytest.raises(WrongState):
            call(studio.service, job.id, "anna")


def test_deleting_leaves_nothing(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()
    assert studio.service.mine("anna") == []
    assert studio.service.feed().entries == ()


def test_deleting_takes_what_broken_off_steps_have_left_anywhere(studio: Studio) -> None:
    job = studio.painted()
    for place in ("public/input", "public/output", "private/preview"):
        studio.backend.objects.put(f"{place}/{job.id}.jpg", b"left behind by a crash")
    studio.service.delete(job.id, "anna")
    assert studio.stored() == set()


def test_a_painting_whose_record_is_gone_is_lost_and_not_awaited_for_ever(studio: Studio) -> None:
    for public in (False, True):
        job = studio.submit(token=str(public), public=public)
        studio.backend.jobs.delete(job.id)  # as when the store starts again, empty
        for call in FOR_THE_OWNER:
            with pytest.raises(JobLost, match="submit the photo again"):
                call(studio.service, job.id, "anna")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_photo_without_a_record_is_a_lost_painting_in_every_format(studio: Studio, suffix: str) -> None:
    job_id = "0123456789abcdef0123456789abcdef"
    studio.backend.objects.put(object_key(job_id, "input", suffix, public=False), b"photo")
    with pytest.raises(JobLost):
        studio.service.get(job_id, "anna")


def test_a_lost_painting_is_looked_for_under_keys_of_photos_alone(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    size = studio.backend.objects.size

    def recorded(key: str) -> int:
        asked.append(key)
        return size(key)

    monkeypatch.setattr(studio.backend.objects, "size", recorded)
    with pytest.raises(UnknownJob):
        studio.service.get("0123456789abcdef0123456789abcdef", "anna")
    assert len(asked) == 6
    assert all(map(is_key, asked))


def test_listeners_receive_a_cancellation(studio: Studio) -> None:
    job = studio.submit()
    listener = studio.service.listen()
    assert studio.service.cancel(job.id, "anna").state is JobState.CANCELLED
    assert listener.wait(0) == [job.id]


def test_the_id_of_a_deleted_painting_stays_taken(studio: Studio) -> None:
    job = studio.painted(public=True)
    studio.service.delete(job.id, "anna")
    for owner in ("eve", "anna"):
        with pytest.raises(JobIdTaken):
            studio.service.submit(owner, Order(picture_bytes(), [StyleChoice("starlit-swirl")], "form", public=True, job_id=job.id))
    assert studio.stored() == set()


def test_the_preview_is_for_the_owner_and_while_it_is_there(studio: Studio) -> None:
    job = studio.submit()
    assert studio.service.preview(job.id, "anna") is None
    lease = studio.backend.queue.claim("worker", studio.now, 30.0)
    assert lease is not None
    studio.backend.objects.put(preview_key(job.id), b"preview")
    studio.backend.jobs.advance(lease.job.fencing_token, JobProgress(0.5), preview_key(job.id))
    assert studio.service.preview(job.id, "anna") == b"preview"
    studio.backend.objects.delete([preview_key(job.id)])
    assert studio.service.preview(job.id, "anna") is None


def test_a_queued_job_has_an_estimate_of_its_start(studio: Studio) -> None:
    done = studio.submit(token="0", params=StyleParams(preset=Preset.DRAFT))
    lease = studio.backend.queue.claim("worker", studio.now, 30.0)
    assert lease is not None
    first, second = (studio.submit(token=token, params=StyleParams(preset=Preset.STANDARD)) for token in "12")
    waiting = studio.service.view(second.id, "anna").waiting
    assert waiting is not None
    assert waiting == Waiting(jobs_ahead=1, seconds=None, workers=0)
    studio.now += 10.0
    studio.backend.objects.put(f"private/output/{done.id}.jpg", b"")
    studio.backend.jobs.finish(lease.job.fencing_token, painted(done), studio.now)
    waiting = studio.service.view(second.id, "anna").waiting
    assert waiting is not None
    assert waiting.seconds == 17.5
    studio.paint()
    assert studio.service.view(first.id, "anna").waiting is None


def test_strangers_see_only_the_public_part_of_a_painting_in_the_gallery_and_cannot_sign_for_it(studio: Studio) -> None:
    job = studio.painted(public=True)
    for view in (studio.service.view(job.id, "eve"), studio.service.view_of(studio.service.get(job.id, "eve"))):
        assert (view.job.id, view.job.owner, view.job.token, view.waiting, view.outage) == (job.id, "", "", None, None)
        with pytest.raises(UnknownJob):
            view.sign(60.0)
    hidden = studio.painted(token="another")
    with pytest.raises(UnknownJob):
        studio.service.view(hidden.id, "eve")


def test_a_view_of_a_running_job_reads_its_record_and_nothing_else(studio: Studio) -> None:
    job = studio.submit()
    assert studio.backend.queue.claim("worker", studio.now, 30.0) is not None
    reads: list[str] = []
    records = studio.backend.jobs

    class Jobs:
        def __getattr__(self, name: str) -> Any:
            reads.append(name)
            return getattr(records, name)

    class Nothing:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    studio.backend = replace(studio.backend, jobs=Jobs(), queue=Nothing(), workers=Nothing())
    studio.__post_init__()
    assert studio.service.view(job.id, "anna").job.state is JobState.RUNNING
    assert reads == ["get"]


def test_a_worker_that_falls_silent_is_noticed_long_before_its_lease_lapses(studio: Studio) -> None:
    job = studio.submit()
    assert studio.service.view(job.id, "anna").outage is None
    lease = studio.backend.queue.claim("worker", studio.now, 30.0)
    assert lease is not None
    studio.now += 5.0
    assert studio.service.view(job.id, "anna").outage is None
    studio.now += 2.0
    assert studio.service.view(job.id, "anna").outage == WorkerOutage(seconds=24.0, is_last_attempt=False, others=False)
    studio.backend.workers.report(WorkerInfo("silent", started=0.0, seen=studio.now, job_id=job.id))
    studio.backend.workers.report(WorkerInfo("other", started=0.0, seen=studio.now))
    assert studio.service.view(job.id, "anna").outage == WorkerOutage(seconds=24.0, is_last_attempt=False, others=True)
    studio.backend.queue.heartbeat(lease.job.fencing_token, studio.now, 30.0)
    assert studio.service.view(job.id, "anna").outage is None


@pytest.mark.parametrize("studio", [{"max_attempts": 1}], indirect=True)
def test_nothing_is_promised_of_a_last_attempt(studio: Studio) -> None:
    job = studio.submit()
    studio.backend.queue.claim("worker", studio.now, 30.0)
    studio.now += 7.0
    silence = studio.service.view(job.id, "anna").outage
    assert silence is not None
    assert silence.is_last_attempt


def test_the_status_shows_an_operator_what_goes_on(studio: Studio) -> None:
    studio.painted()
    studio.backend.workers.report(WorkerInfo("w", started=0.0, seen=studio.now))
    studio.backend.workers.report(WorkerInfo("gone", started=0.0, seen=studio.now - 60))
    studio.backend.workers.report(WorkerInfo("x", started=0.0, seen=studio.now, job_id="0" * 32))
    status = studio.service.status()
    assert status.counts == {JobState.SUCCEEDED: 1}
    assert [(worker.name, worker.is_busy) for worker in status.workers] == [("w", False), ("x", True)]
    assert status.seconds == {Preset.STANDARD: (0.0, 0.0)}
    assert not any(word in repr(status) for word in ("anna", "0" * 32))


def test_estimates_are_of_present_workers_until_there_are_paintings(studio: Studio) -> None:
    assert studio.service.estimates(Mode.OPTIMISED) == {}
    for name, standard in (("a", 5.0), ("b", 6.0), ("c", 30.0)):
        seconds = {Mode.OPTIMISED: {Preset.STANDARD: standard, Preset.HIGH: 20.0}, Mode.QUICK: {Preset.STANDARD: 3.0}}
        studio.backend.workers.report(WorkerInfo(name, started=0.0, seen=studio.now, seconds=seconds))
    gone = WorkerInfo("gone", started=0.0, seen=studio.now - 60, seconds={Mode.OPTIMISED: {Preset.DRAFT: 1.0}})
    studio.backend.workers.report(gone)
    assert studio.service.estimates(Mode.OPTIMISED) == {Preset.STANDARD: 6.0, Preset.HIGH: 20.0}
    studio.submit()
    lease = studio.backend.queue.claim("a", studio.now, 30.0)
    assert lease is not None
    assert studio.backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded("key", 1, {}), studio.now + 9.0)
    assert studio.service.estimates(Mode.OPTIMISED) == {Preset.STANDARD: 9.0, Preset.HIGH: 30.0}
    assert studio.service.estimates(Mode.QUICK) == {Preset.STANDARD: 4.5}
    assert studio.service.estimates(Mode.INSTANT) == {}


def test_only_what_a_preset_alone_makes_counts_as_its_time(studio: Studio) -> None:
    for params, parent, seconds in (
        (StyleParams(preset=Preset.HIGH), None, 20.0),
        (StyleParams(preset=Preset.HIGH, size=700), None, 10.0),
        (StyleParams(preset=Preset.HIGH, mode=Mode.INSTANT), None, 1.0),
        (StyleParams(preset=Preset.HIGH, size=1024), "0" * 32, 3.0),
    ):
        studio.backend.queue.submit(replace(a_job(), params=params, parent=parent), PLENTY)
        lease = studio.backend.queue.claim("a", studio.now, 30.0)
        assert lease is not None
        assert studio.backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded("key", 1, {}), studio.now + seconds)
    assert studio.service.estimates(Mode.OPTIMISED) == {Preset.HIGH: 20.0}
    assert studio.service.status().seconds == {Preset.HIGH: (20.0, 20.0)}


def test_no_preset_is_said_to_take_less_than_a_smaller_one(studio: Studio) -> None:
    seconds = {Mode.OPTIMISED: {Preset.DRAFT: 4.0, Preset.STANDARD: 3.0, Preset.HIGH: 20.0}}
    studio.backend.workers.report(WorkerInfo("a", started=0.0, seen=studio.now, seconds=seconds))
    assert studio.service.estimates(Mode.OPTIMISED) == {Preset.DRAFT: 4.0, Preset.STANDARD: 4.0, Preset.HIGH: 20.0}


def test_a_first_painting_in_line_has_a_time_once_a_worker_has_measured(studio: Studio) -> None:
    job = studio.submit()
    studio.submit(token="another")
    assert studio.service.view(job.id, "anna").waiting == Waiting(0, None, 0)
    last = studio.submit(token="last")
    seconds = {Mode.OPTIMISED: {Preset.STANDARD: 6.0}}
    for name in ("a", "b"):
        studio.backend.workers.report(WorkerInfo(name, started=0.0, seen=studio.now, seconds=seconds))
    assert studio.service.view(last.id, "anna").waiting == Waiting(2, 6.0, 2)


def test_pictures_of_no_job_are_swept_after_a_day(studio: Studio) -> None:
    job = studio.painted()
    orphan = f"private/input/{'0' * 32}.jpg"
    studio.backend.objects.put(orphan, b"")
    studio.backend.objects.put(preview_key(job.id), b"left behind by a crash")
    assert delete_orphans(studio.backend, now=DAY / 2) == 0
    assert delete_orphans(studio.backend, now=2 * DAY) == 2
    assert studio.stored() == {job.input_key, job.output_key}
    with pytest.raises(ObjectMissing):
        studio.backend.objects.get(orphan)


@pytest.mark.parametrize("job_id", ["0" * 32, "z" * 25, "an0id0that0a0program0chose00"])
def test_a_style_on_offer_is_not_swept_as_an_orphan(studio: Studio, job_id: str) -> None:
    offered, orphan = "style/a-style-on-offer.jpg", f"style/{job_id}-0.jpg"
    for key in (offered, orphan):
        studio.backend.objects.put(key, b"")
    assert delete_orphans(studio.backend, now=2 * DAY) == 1
    assert studio.stored() == {offered}


def test_pictures_of_another_front_end_are_not_swept(studio: Studio) -> None:
    theirs = {f"{place}/550e8400-e29b-41d4-a716-446655440000.jpeg" for place in ("public/input", "public/output", "private/input")}
    for key in theirs:
        studio.backend.objects.put(key, b"")
    assert delete_orphans(studio.backend, now=2 * DAY) == 0
    assert studio.stored() == theirs
