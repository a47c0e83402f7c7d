"""`admin`, on the local backend: it speaks to ports alone."""

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
from tests.builders import record, submitted
from tests.unit.service.conftest import picture_bytes

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
    backend.roster.report(WorkerInfo("painter", now, now, "a job"))
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
    assert "broke off 1 times" in run("admin", "dead").output
    assert [letter["id"] for letter in facts(run("admin", "dead", "--json"))] == [job_id]


def test_a_dead_letter_is_tried_again_once_however_often_that_is_asked(run: Run, backend: Backend) -> None:
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


def test_what_is_no_dead_letter_is_left_alone(run: Run, backend: Backend) -> None:
    job = submitted(backend)
    assert run("admin", "drop", job.id).exit_code == 40
    assert run("admin", "drop").exit_code == 2
    assert record(backend, job.id) == job


def test_a_drained_queue_begins_nothing_until_it_is_resumed(run: Run, backend: Backend) -> None:
    submitted(backend)
    assert facts(run("admin", "drain", "--json")) == {"paused": True, "running": 0}
    assert backend.queue.claim("worker", 1.0, 30.0) is None
    assert facts(run("admin", "resume", "--json")) == {"paused": False}
    assert backend.queue.claim("worker", 1.0, 30.0) is not None
