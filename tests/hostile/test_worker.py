"""Hostile files in place of stored photos, after every check. Each job ends, and the worker survives."""

import sys

import pytest

from nst.domain import Job, JobState
from nst.service import Service
from nst.store.ports import Backend
from tests.hostile.corpus import corpus
from tests.support.waiting import until
from tests.support.worker_processes import order, worker_process
from tests.support.workers import service_of
from tests.worker.conftest import MakeSettings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as the corpus")


def with_photo(backend: Backend, service: Service, number: int, data: bytes) -> Job:
    """A job whose stored photo has been exchanged."""
    job = service.submit(f"owner-{number}", order())
    backend.objects.put(job.input_key, data)
    return job


def test_no_file_brings_the_worker_down_and_every_job_ends(make_settings: MakeSettings) -> None:
    settings = make_settings("instant")
    backend, service = service_of(settings)
    files = [file for file in corpus() if not file.heavy]
    jobs = [with_photo(backend, service, number, file.make()) for number, file in enumerate(files)]
    last = service.submit("anna", order())
    with worker_process(settings) as process:
        until(lambda: all(state.is_terminal for state in service.status().counts), seconds=600)
        assert process.poll() is None
        (worker,) = service.status().workers
        assert f"-{process.pid}-" in worker.name
    for file, job in zip(files, jobs, strict=True):
        record = service.get(job.id, job.owner)
        assert record.attempt == 1, file.name
        if record.state is JobState.SUCCEEDED:  # as what is only too large or too small for a visitor may
            assert b"SECRET" not in service.result(job.id, job.owner)
        else:
            assert record.state is JobState.FAILED, file.name
            assert file.outcome != "let in", file.name
            assert (record.error or "").endswith("."), file.name
            assert not any(word in (record.error or "") for word in ("/", "on our side", "unexpectedly", "memory ran out")), file.name
    assert service.get(last.id, "anna").state is JobState.SUCCEEDED
