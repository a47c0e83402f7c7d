"""What holds when several databases, threads and processes share one SQLite file."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nst.domain import JobState
from nst.errors import DataTooNew, StoreFault, TooManyJobs
from nst.store.ports import Backend, LeaseStatus, Quota, WorkerInfo
from nst.store.sqlite import Database, sqlite_backend
from nst.store.sqlite.database import migrations
from tests.support.jobs import PLENTY, a_job, painted, record, state_of, submitted
from tests.support.memory_store import MemoryObjects
from tests.support.stores import OPENED, ROOT

CLAIM_ALL = """
while (lease := backend.queue.claim("child", 1.0, 30.0)) is not None:
    print(lease.job.id, flush=True)
"""
CLAIM_ONE_AND_DIE = """
import os
print(backend.queue.claim("child", 1.0, 30.0).job.id, flush=True)
os._exit(9)
"""
DIE_WHILE_WRITING = """
import os
database = Database(Path(sys.argv[1]))
with database.writing() as connection:
    connection.execute("DELETE FROM jobs")
    os._exit(9)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nst.sqlite3"


@pytest.fixture
def pair(path: Path) -> Iterator[tuple[Backend, Backend]]:
    """Two backends with connections of their own on one file."""
    databases = Database(path), Database(path)
    yield sqlite_backend(databases[0], MemoryObjects()), sqlite_backend(databases[1], MemoryObjects())
    for database in databases:
        database.close()


def process(program: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", OPENED + program, str(path)], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")


def words_of(child: "subprocess.Popen[str]", status: int = 0) -> list[str]:
    out, _ = child.communicate(timeout=60)
    assert child.returncode == status
    return out.split()


def test_what_one_has_written_the_other_sees(pair: tuple[Backend, Backend]) -> None:
    here, there = pair
    job = submitted(here, public=True)
    lease = there.queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    assert state_of(here, job.id) is JobState.RUNNING
    here.queue.cancel(job.id, 2.0)
    assert there.queue.heartbeat(lease.job.fencing_token, 3.0, 30.0) is LeaseStatus.CANCEL
    assert there.jobs.finish(lease.job.fencing_token, painted(job), 4.0)
    assert [entry.job_id for entry in here.feed.page(9).entries] == [job.id]


def test_a_listener_receives_what_another_process_has_sent(pair: tuple[Backend, Backend]) -> None:
    here, there = pair
    listener = here.job_events.listen()
    there.job_events.notify("job", 1.0)
    assert listener.wait(5.0) == ["job"]


def test_waiting_ends_when_another_submits(pair: tuple[Backend, Backend]) -> None:
    here, there = pair
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(here.queue.wait, 60.0)
        while not waiting.done():
            submitted(there)
        assert here.queue.claim("worker", 1.0, 30.0) is not None


def test_one_form_sent_many_times_at_once_is_one_job(pair: tuple[Backend, Backend]) -> None:
    def submit(number: int) -> str:
        return pair[number % 2].queue.submit(a_job("anna", token="form"), PLENTY).id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(submit, range(16)))) == 1
    assert pair[0].jobs.counts() == {JobState.QUEUED: 1}


def test_a_quota_holds_however_many_submit_at_once(pair: tuple[Backend, Backend]) -> None:
    def submit(number: int) -> bool:
        try:
            pair[number % 2].queue.submit(a_job("anna"), Quota(uploads_per_minute=99, active=3, queued=99))
        except TooManyJobs:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(submit, range(16))) == 3


def test_of_many_that_finish_an_attempt_at_once_one_does(pair: tuple[Backend, Backend]) -> None:
    job = submitted(pair[0], public=True)
    lease = pair[0].queue.claim("worker", 1.0, 30.0)
    assert lease is not None
    token = lease.job.fencing_token
    with ThreadPoolExecutor(8) as threads:
        finished = threads.map(lambda number: pair[number % 2].jobs.finish(token, painted(job, size_bytes=10), 2.0), range(16))
    assert sum(finished) == 1
    assert pair[0].jobs.stored_bytes() == 10


def test_processes_that_claim_at_once_share_the_jobs_out(pair: tuple[Backend, Backend], path: Path) -> None:
    jobs = [submitted(pair[0], f"owner-{number}").id for number in range(60)]
    children = [process(CLAIM_ALL, path) for _ in range(3)]
    claims = [job for child in children for job in words_of(child)]
    assert sorted(claims) == sorted(jobs)


def test_a_file_that_many_processes_make_at_once_is_made_once(path: Path) -> None:
    children = [process("print('opened')", path) for _ in range(4)]
    assert [words_of(child) for child in children] == [["opened"]] * 4


def test_a_process_that_dies_with_a_job_loses_it_to_the_next(pair: tuple[Backend, Backend], path: Path) -> None:
    job = submitted(pair[0])
    assert words_of(process(CLAIM_ONE_AND_DIE, path), status=9) == [job.id]
    assert state_of(pair[0], job.id) is JobState.RUNNING
    assert [each.state for each in pair[0].queue.requeue_lapsed(32.0)] == [JobState.QUEUED]
    lease = pair[0].queue.claim("another", 33.0, 30.0)
    assert lease is not None
    assert lease.job.attempt == 2


def test_a_process_that_dies_while_writing_has_written_nothing(pair: tuple[Backend, Backend], path: Path) -> None:
    job = submitted(pair[0])
    words_of(process(DIE_WHILE_WRITING, path), status=9)
    assert record(pair[0], job.id) == job
    assert submitted(pair[1]).state is JobState.QUEUED


def test_a_file_is_opened_again_with_everything_in_it(path: Path) -> None:
    database = Database(path)
    job = submitted(sqlite_backend(database, MemoryObjects()))
    database.close()
    again = Database(path)
    assert record(sqlite_backend(again, MemoryObjects()), job.id) == job
    again.close()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1000")
    with pytest.raises(DataTooNew, match="newer version") as caught:
        Database(path)
    assert str(path.parent) not in str(caught.value)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert version == 1000


def test_every_version_of_the_file_is_brought_up_to_date(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        (newest,) = connection.execute("PRAGMA user_version").fetchone()
        wanted = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    numbers = [number for number, _ in migrations()]
    assert len(set(numbers)) == len(numbers) - 1  # the first release had two with the number 2
    for version in range(newest):
        old = path.with_name(f"{version}.sqlite3")
        with sqlite3.connect(old) as connection:
            for number, script in migrations():
                if number <= version:
                    connection.executescript(script)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        Database(old).close()
        with sqlite3.connect(old) as connection:
            assert connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall() == wanted
        connection.close()


def test_workers_that_were_killed_are_forgotten_in_time(pair: tuple[Backend, Backend], path: Path) -> None:
    pair[0].workers.report(WorkerInfo("killed", started=0.0, seen=0.0))
    pair[1].workers.report(WorkerInfo("new", started=0.0, seen=2 * 86_400.0))
    assert [worker.name for worker in pair[0].workers.present(0.0)] == ["new"]


def test_a_transaction_that_breaks_off_leaves_nothing_and_no_lock(path: Path) -> None:
    database = Database(path)
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.execute("INSERT INTO workers VALUES ('a', 0, 0, NULL)")
        raise RuntimeError
    with database.writing() as connection:
        assert connection.execute("SELECT * FROM workers").fetchall() == []
    database.close()


def test_a_commit_that_is_refused_leaves_nothing_and_no_lock(path: Path) -> None:
    database = Database(path)
    with pytest.raises(StoreFault), database.writing() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO feed VALUES ('', 0, 'no such job')")
    with database.writing() as connection:
        assert connection.execute("SELECT * FROM feed").fetchall() == []
    database.close()
