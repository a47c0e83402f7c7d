"""Redis goes away, and comes back with everything or with nothing."""

from collections.abc import Callable

import pytest

from nst.domain import JobState
from nst.errors import JobLost, StoreUnavailable
from tests.fleet.conftest import KEPT, MakeFleet
from tests.support.servers import RedisServer


def test_what_was_accepted_before_an_outage_is_painted_after_it(own_redis: Callable[..., RedisServer], make_fleet: MakeFleet) -> None:
    redis = own_redis(*KEPT)
    fleet = make_fleet(redis, lease_seconds=30.0)
    fleet.start("--concurrency", "2", engine="tests.worker.engines.slow:engine")
    jobs = [fleet.submit(number) for number in range(4)]
    # Both paint: a claim whose answer the outage cuts off would stand until its lease lapses, and be an attempt.
    fleet.until(lambda: [fleet.state(job) for job in jobs].count(JobState.RUNNING) == 2)
    redis.kill()
    with pytest.raises(StoreUnavailable, match="does not answer at the moment"):
        fleet.service.get(jobs[0].id, "anna")
    with pytest.raises(StoreUnavailable):
        fleet.submit(99)
    fleet.until(lambda: "the store is away" in fleet.log.read_text(encoding="utf-8"))
    redis.start()
    fleet.until(lambda: all(fleet.state(job) is JobState.SUCCEEDED for job in jobs))
    assert sorted(fleet.shown()) == sorted(job.id for job in jobs)
    assert {fleet.record(job).attempt for job in jobs} == {1}  # the workers came back before their leases were taken


def test_a_painting_that_ends_during_an_outage_is_recorded_after_it(own_redis: Callable[..., RedisServer], make_fleet: MakeFleet) -> None:
    redis = own_redis(*KEPT)
    fleet = make_fleet(redis, lease_seconds=0.5)  # it lapses meanwhile, and no worker takes it
    fleet.start()
    job = fleet.submit()
    fleet.until(lambda: fleet.record(job).progress.fraction > 0)
    redis.kill()
    fleet.until(lambda: fleet.log.read_text(encoding="utf-8").count("the store is away") >= 2)
    redis.start()
    fleet.until(lambda: fleet.state(job) is JobState.SUCCEEDED)
    assert fleet.shown() == [job.id]


def test_owners_read_what_an_empty_restart_has_lost_and_the_studio_goes_on(
    own_redis: Callable[..., RedisServer], make_fleet: MakeFleet
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis)
    worker = fleet.start(engine="tests.worker.engines.ignores_cancel:engine")
    running, waiting = fleet.submit(1), fleet.submit(2)
    fleet.until(lambda: fleet.record(running).progress.fraction > 0)
    redis.restart()
    for job in (running, waiting):
        with pytest.raises(JobLost, match="Please submit the photo again"):
            fleet.service.get(job.id, "anna")
    fleet.until(lambda: f"job {running.id} ends: elsewhere" in fleet.log.read_text(encoding="utf-8"))
    again = fleet.submit(3)
    fleet.until(lambda: fleet.record(again).progress.fraction > 0)
    assert worker.leave() == 0
    assert fleet.state(again) is JobState.QUEUED


def test_events_of_an_outage_are_received_after_it(own_redis: Callable[..., RedisServer], make_fleet: MakeFleet) -> None:
    redis = own_redis(*KEPT)
    fleet = make_fleet(redis)
    listener = fleet.service.listen()
    fleet.backend.job_events.notify("before", 0.0)
    redis.kill()
    assert listener.wait(0.0) == []
    redis.start()
    fleet.backend.job_events.notify("after", 0.0)
    assert listener.wait(5.0) == ["before", "after"]
