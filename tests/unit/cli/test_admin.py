"""`admin`, on the local backend. It only uses ports, so that the others behave the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from nst.bootstrap import open_backend
from nst.domain import JobState, Preset
from nst.settings import Settings
from nst.store.ports import Backend, WorkerInfo
from tests.support.damage import DAMAGES
from tests.support.jobs import record, submitted
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
