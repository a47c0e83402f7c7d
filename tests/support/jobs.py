"""Jobs for tests, with everything that a test does not care about filled in."""

from itertools import count
from typing import Any

from nst.domain import Job, JobState, Outcome, Preset, StyleParams, StyleRef, object_key
from nst.store.ports import Backend, Quota

_numbers = count(1)

PLENTY = Quota(uploads_per_minute=10**6, active=10**6, queued=10**6)


def a_job(owner: str = "anna", preset: Preset = Preset.DRAFT, created: float = 0.0, public: bool = False, **changes: Any) -> Job:
    job_id = changes.pop("id", f"{next(_numbers):032x}")
    return Job(
        id=job_id,
        owner=owner,
        token=changes.pop("token", job_id),
        params=StyleParams(preset=preset),
        styles=changes.pop("styles", (StyleRef("starlit-swirl"),)),
        public=public,
        input_key=object_key(job_id, "input", ".jpg", public=public),
        created=created,
        **changes,
    )


def submitted(backend: Backend, *args: Any, **changes: Any) -> Job:
    return backend.queue.submit(a_job(*args, **changes), PLENTY)


def succeeded(backend: Backend, *args: Any, at: float = 1.0, **changes: Any) -> Job:
    """A job that went all the way; nothing else may be waiting."""
    job = submitted(backend, *args, **changes)
    lease = backend.queue.claim("worker", at, 30)
    assert lease is not None
    assert lease.job.id == job.id
    assert backend.jobs.finish(lease.job.fencing_token, painted(job), at)
    return record(backend, job.id)


def painted(job: Job, size_bytes: int = 100) -> Outcome:
    return Outcome.succeeded(object_key(job.id, "output", ".jpg", public=job.public), size_bytes, {"seed": 0})


def record(backend: Backend, job_id: str) -> Job:
    job = backend.jobs.get(job_id)
    assert job is not None
    return job


def state_of(backend: Backend, job_id: str) -> JobState:
    return record(backend, job_id).state
