"""Whatever is killed, and whenever: nothing is lost, and nothing is doubled."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nst.domain import JobState
from tests.fleet import chaos
from tests.fleet.conftest import KEPT, MakeFleet
from tests.fleet.workers import Fleet, stopped
from tests.support.interruptions import LAST, REST, STEPS, WHOLE, Scales, kill_in_the_last_scale, shown_until_done
from tests.support.jobs import submitted
from tests.support.servers import RedisServer, connected

_PATCHED = """
import os, signal
from nst.store.redis.jobs import RedisJobs
from nst.store.redis.queue import RedisQueue
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
{what} = die
from nst.worker.main import main
main()
"""
_SKEWED = """
import time
true = time.time
time.time = lambda: true() + {seconds}
from nst.worker.main import main
main()
"""


def test_workers_and_redis_are_killed_all_the_time_and_no_job_is_lost_or_doubled(
    own_redis: Callable[..., RedisServer], make_fleet: MakeFleet
) -> None:
    redis = own_redis(*KEPT)
    outcome = chaos.unleash(24, redis, make_fleet(redis, lease_seconds=chaos.LEASE_SECONDS, max_attempts=1000))
    assert outcome.is_whole, outcome


@pytest.mark.parametrize(
    ("what", "attempts"), [("RedisJobs.finish", 2), ("RedisQueue.acknowledge", 1)], ids=["before the record", "before the acknowledgement"]
)
def test_a_worker_killed_after_its_result_has_not_painted_twice_in_the_feed(make_fleet: MakeFleet, what: str, attempts: int) -> None:
    fleet = make_fleet(lease_seconds=2.0)
    job = fleet.submit()
    dying = fleet.start(program=("-c", _PATCHED.format(what=what)))
    fleet.until(lambda: not dying.is_alive)
    fleet.start()
    fleet.until(lambda: fleet.state(job) is JobState.SUCCEEDED)
    second = fleet.submit(2)
    fleet.until(lambda: fleet.state(second) is JobState.SUCCEEDED)
    assert fleet.record(job).attempt == attempts
    assert fleet.shown() == [second.id, job.id]


def test_a_worker_killed_in_the_last_scale_has_a_successor_that_paints_only_that(
    make_fleet: MakeFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scales = Scales(tmp_path, monkeypatch)
    fleet = make_fleet(lease_seconds=2.0, checkpoint_seconds=0.0, engine="tests.worker.engines.notes_scales:engine")
    killed = fleet.submit(**STEPS)
    worker = fleet.start()
    kill_in_the_last_scale(lambda: fleet.record(killed), worker.kill)
    whole = fleet.submit(2, "bert", **STEPS)
    fleet.start()
    assert shown_until_done(lambda: fleet.record(killed)) <= {"scale 2 of 3", LAST}
    fleet.until(lambda: fleet.state(whole) is JobState.SUCCEEDED)
    assert (fleet.record(killed).attempt, fleet.record(whole).attempt) == (2, 1)
    assert sorted(scales.of_renderings()) == [WHOLE, WHOLE, REST]
    assert fleet.service.result(killed.id, "anna") == fleet.service.result(whole.id, "bert")
    fleet.until(lambda: not [found.key for found in fleet.backend.objects.listing() if "/checkpoint/" in found.key])


def test_a_stopped_worker_that_wakes_when_another_has_its_job_changes_nothing(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(lease_seconds=8.0)
    job = fleet.submit()
    sleeper = fleet.start(engine="tests.worker.engines.ignores_cancel:engine")
    fleet.until(lambda: fleet.record(job).progress.fraction > 0)
    stopped(sleeper)
    fleet.start()
    fleet.until(lambda: fleet.state(job) is JobState.SUCCEEDED)
    # The second worker acknowledges after it has finished, and only then does the record stay as it is.
    fleet.until(lambda: fleet.record(job).lease_until is None)
    before = fleet.record(job)
    sleeper.signal(signal.SIGCONT)
    fleet.until(lambda: f"job {job.id} ends: elsewhere" in fleet.log.read_text(encoding="utf-8"))
    assert fleet.record(job) == before
    assert before.attempt == 2
    assert fleet.shown() == [job.id]
    assert fleet.service.result(job.id, "anna").startswith(b"\xff\xd8")


def test_a_job_that_kills_its_workers_is_a_dead_letter_after_three(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(lease_seconds=1.0, max_attempts=3)
    job = fleet.submit()
    for _ in range(3):
        worker = fleet.start(engine="tests.worker.engines.poison:engine")
        fleet.until(lambda worker=worker: not worker.is_alive)  # type: ignore[misc]
    fleet.start()
    fleet.until(lambda: fleet.state(job) is JobState.FAILED)
    assert "was interrupted 3 times" in (fleet.record(job).error or "")
    assert [letter.id for letter in fleet.backend.jobs.dead(9)] == [job.id]
    assert fleet.shown() == []


def test_workers_whose_clocks_are_minutes_off_neither_take_nor_lose_leases(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(lease_seconds=60.0)
    jobs = [fleet.submit(number, f"owner-{number}") for number in range(8)]
    for seconds in (600, -600):
        fleet.start(program=("-c", _SKEWED.format(seconds=seconds)))
    fleet.until(lambda: all(fleet.state(job) is JobState.SUCCEEDED for job in jobs))
    records = [fleet.record(job) for job in jobs]
    assert {record.attempt for record in records} == {1}
    assert all(record.created <= (record.started or 0) <= (record.finished or 0) < record.created + 300 for record in records)
    assert {worker.name for worker in fleet.service.status().workers} != set()


def test_processes_that_claim_at_once_share_the_jobs_out(make_fleet: MakeFleet) -> None:
    fleet = make_fleet()
    jobs = [submitted(fleet.backend, f"owner-{number}").id for number in range(60)]
    program = (
        "from nst.bootstrap import open_backend; from nst.settings import Settings\n"
        "queue = open_backend(Settings()).queue\n"
        "while (lease := queue.claim('child', 1.0, 30.0)) is not None: print(lease.job.id, flush=True)"
    )
    claims = claimed_by_processes(fleet, program, 3)
    assert sorted(claims) == sorted(jobs)


def claimed_by_processes(fleet: Fleet, program: str, number: int) -> list[str]:
    import subprocess

    mine = {"NST_BACKEND": "redis", "NST_REDIS_URL": fleet.redis.url, "NST_REDIS_PREFIX": fleet.settings.redis_prefix}
    environment = {**os.environ, **mine, "NST_DATA_DIR": str(fleet.folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    children = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(number)
    ]
    return [word for child in children for word in child.communicate(timeout=120)[0].split()]


def test_two_apps_and_three_workers_are_one_studio(make_fleet: MakeFleet) -> None:
    fleet = make_fleet()
    here, there = fleet.service, fleet.another_app()
    fleet.start("--concurrency", "2")
    fleet.start("--lanes", "draft,standard")
    listener = there.listen()
    job = fleet.submit()
    heard: list[str] = []
    fleet.until(lambda: heard.extend(listener.wait(0.1)) or there.get(job.id, "anna").state is JobState.SUCCEEDED)
    assert job.id in heard
    assert there.result(job.id, "anna") == here.result(job.id, "anna")
    assert there.feed() == here.feed()
    fleet.until(lambda: len(there.status().workers) == 3)
    there.delete(job.id, "anna")
    assert here.feed().entries == ()


def test_deployments_on_one_redis_do_not_see_each_other() -> None:
    from nst.store.redis import redis_backend
    from tests.support.memory_store import MemoryObjects

    here, there = (connected(prefix=f"deployment-{name}-{os.getpid()}") for name in "ab")
    submitted(redis_backend(here, MemoryObjects()))
    assert redis_backend(there, MemoryObjects()).queue.claim("worker", 1.0, 30.0) is None
    for connection in (here, there):
        connection.close()
