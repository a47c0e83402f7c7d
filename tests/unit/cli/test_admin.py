"""`admin`, on the local backend. It only uses ports, so that the others behave the same."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from nst.bootstrap import open_backend
from nst.domain import Job, JobState, Outcome, Preset, output_key_of
from nst.errors import RenderingFailed
from nst.settings import Settings
from nst.store.ports import Backend, WorkerInfo
from tests.support.damage import DAMAGES
from tests.support.jobs import painted, record, submitted
from tests.support.pictures import picture_bytes

Run = Callable[..., Result]


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    monkeypatch.setenv("NST_DATA_DIR", str(tmp_path / "data"))
    return open_backend(Settings())


def dead_letter(backend: Backend) -> str:
    job = submitted(backend, max_attempts=1)
    backend.objects.put(job.input_key, picture_bytes())
    now = backend.clock()
    assert backend.queue.claim("worker", now - 60, 30.0) is not None
    backend.queue.requeue_lapsed(now)
    return job.id


def facts(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_queue_is_shown_with_its_ages_and_workers(run: Run, backend: Backend) -> None:
    now = backend.clock()
    submitted(backend, preset=Preset.HIGH, created=now - 40)
    backend.workers.report(WorkerInfo("painter", now, now, "a job"))
    shown = facts(run("admin", "queue", "--json"))
    assert shown["waiting"]["high"]["jobs"] == 1
    assert shown["waiting"]["high"]["oldest_seconds"] >= 40
    assert [(worker["name"], worker["job"]) for worker in shown["workers"]] == [("painter", "a job")]
    text = run("admin", "queue").output
    assert "high: 1, the oldest for 4" in text
    assert "painter" in text


def test_dead_letters_are_listed_with_their_reason(run: Run, backend: Backend) -> None:
    assert "no dead letters" in run("admin", "dead").output
    job_id = dead_letter(backend)
    assert "was interrupted 1 times" in run("admin", "dead").output
    assert [letter["id"] for letter in facts(run("admin", "dead", "--json"))] == [job_id]


def test_requeueing_a_dead_letter_twice_adds_one_job(run: Run, backend: Backend) -> None:
    job_id = dead_letter(backend)
    (first,), (second,) = (facts(run("admin", "requeue", "--all", "--json")).values() for _ in range(2))
    assert first == second != job_id
    assert record(backend, first).state is JobState.QUEUED
    assert record(backend, first).owner == record(backend, job_id).owner


def test_a_dead_letter_is_dropped_with_its_pictures(run: Run, backend: Backend) -> None:
    job_id = dead_letter(backend)
    assert facts(run("admin", "drop", job_id, "--json")) == [job_id]
    assert backend.jobs.get(job_id) is None
    assert list(backend.objects.listing()) == []


def test_other_jobs_are_left_alone(run: Run, backend: Backend) -> None:
    job = submitted(backend)
    assert run("admin", "drop", job.id).exit_code == 40
    assert run("admin", "drop").exit_code == 2
    assert record(backend, job.id) == job


def test_a_drained_queue_starts_nothing_until_it_is_resumed(run: Run, backend: Backend) -> None:
    submitted(backend)
    assert facts(run("admin", "drain", "--json")) == {"paused": True, "running": 0}
    assert backend.queue.claim("worker", 1.0, 30.0) is None
    assert facts(run("admin", "resume", "--json")) == {"paused": False}
    assert backend.queue.claim("worker", 1.0, 30.0) is not None


@pytest.mark.parametrize("damage", DAMAGES[:-1])  # of the last one, some commands do not ask what is gone
@pytest.mark.parametrize("words", [("queue",), ("dead",), ("requeue", "--all"), ("drop", "--all"), ("drain",), ("resume",)])
def test_an_unusable_data_folder_is_named_to_its_operator(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], damage: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("NST_DATA_DIR", str(tmp_path))
    damage(path := tmp_path / "studio.sqlite3")
    text = run("admin", *words)
    assert (text.exit_code, text.stdout, text.stderr.count("\n")) == (50, "", 1)
    assert text.stderr.startswith(f"The data folder cannot be used: {path}: ")
    told = run("admin", *words, "--json")
    assert told.exit_code == 50
    assert json.loads(told.stdout) == {"error": text.stderr.strip(), "code": 50}


def test_the_gallery_is_rebuilt_from_the_pictures(run: Run, backend: Backend) -> None:
    job_id = "ab" * 16
    backend.objects.put(f"public/output/{job_id}.png", picture_bytes())
    assert facts(run("admin", "rebuild-feed", "--json")) == {"rebuilt": 1, "deleted": 0}
    assert [entry.job_id for entry in backend.feed.page(9).entries] == [job_id]
    assert "again: 0" in run("admin", "rebuild-feed").output


@contextmanager
def painter(backend: Backend, outcome: Callable[[Job], Outcome]) -> Iterator[list[Job]]:
    """Ends every job like that, in a thread, until it is left. Yields the jobs."""
    leave, seen = threading.Event(), list[Job]()

    def paint() -> None:
        while not leave.wait(0.01):
            lease = backend.queue.claim("worker", backend.clock(), 30.0)
            if lease is not None:
                seen.append(lease.job)
                backend.objects.put(output_key_of(lease.job.input_key), picture_bytes())
                backend.jobs.finish(lease.job.fencing_token, outcome(lease.job), backend.clock())

    thread = threading.Thread(target=paint)
    thread.start()
    yield seen
    leave.set()
    thread.join()


def test_smoke_has_a_sample_painted_privately_and_deletes_it(run: Run, backend: Backend) -> None:
    with painter(backend, painted) as jobs:
        shown = facts(run("admin", "smoke", "--preset", "high", "--json"))
        assert "Painted in" in run("admin", "smoke").output
    assert (shown["state"], shown["bytes"]) == ("succeeded", len(picture_bytes()))
    assert [(job.public, job.lane) for job in jobs] == [(False, Preset.HIGH), (False, Preset.DRAFT)]
    assert jobs[0].owner != jobs[1].owner
    assert not any(backend.jobs.counts().values())
    assert list(backend.objects.listing()) == []


def test_smoke_fails_with_the_reason_of_the_painting(run: Run, backend: Backend) -> None:
    with painter(backend, lambda _: Outcome.failed("No machine became available.")):
        result = run("admin", "smoke", "--json")
    assert result.exit_code == RenderingFailed.exit_code
    assert "No machine became available." in result.output
    assert not any(backend.jobs.counts().values())


def test_smoke_does_not_wait_for_ever_and_leaves_nothing(run: Run, backend: Backend) -> None:
    result = run("admin", "smoke", "--wait", "0.1")
    assert result.exit_code == RenderingFailed.exit_code
    assert "no painting after 0 s: the job is queued" in result.output
    assert not any(backend.jobs.counts().values())
