"""`admin`: commands for the operator of a running studio, on whichever backend the settings name."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nst.cli.options import AsJson, load_settings
from nst.cli.terminal import print_result
from nst.domain import Job, JobState, Preset, StyleParams, new_id
from nst.errors import RenderingFailed, UnknownJob

if TYPE_CHECKING:
    from nst.service import Order, Service
    from nst.store.ports import Backend

app = typer.Typer(help="Operate a running studio: its queue, its workers and its dead letters.", no_args_is_help=True)

_MAX_DEAD_LETTERS = 1000
_WORKER_TIMEOUT = 60.0  # seconds without a heartbeat after which a worker is not listed
_POLL_INTERVAL = 0.2  # seconds
_SMOKE_SIDE = 256  # pixels
_NO_QUOTAS = {"uploads_per_minute": 10**9, "jobs_per_visitor": 10**9, "queue_length": 10**9}  # quotas are for visitors

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Ids of dead letters, as listed by `dead`.")]
All = Annotated[bool, typer.Option("--all", help="Select all dead letters.")]


@dataclass(frozen=True)
class _Studio:
    backend: "Backend"
    service: "Service"


def _open() -> _Studio:
    from nst.bootstrap import open_backend, open_catalogue
    from nst.service import Service

    settings = load_settings().model_copy(update=_NO_QUOTAS)
    backend = open_backend(settings)
    return _Studio(backend, Service(backend, open_catalogue(settings), settings))


@app.command()
def queue(as_json: AsJson = False) -> None:
    """Show waiting jobs and the age of the oldest, the number of jobs by state, and the workers with their last heartbeat."""
    backend = _open().backend
    now, counts = backend.clock(), backend.jobs.counts()
    facts = {
        "waiting": {
            lane.value: {"jobs": each.jobs, "oldest_seconds": now - each.oldest} for lane, each in backend.queue.lane_stats().items()
        },
        "jobs": {state.value: counts.get(state, 0) for state in JobState},
        "dead_letters": len(backend.jobs.dead(_MAX_DEAD_LETTERS)),
        "workers": [
            {"name": worker.name, "heartbeat_seconds": now - worker.seen, "job": worker.job_id}
            for worker in backend.workers.present(now - _WORKER_TIMEOUT)
        ],
    }
    print_result("\n".join(_lines(facts)), facts, as_json=as_json)


@app.command()
def dead(as_json: AsJson = False) -> None:
    """List dead letters, newest first: paintings that failed with no attempt left."""
    letters = [
        {"id": job.id, "attempts": job.attempt - job.returns, "preset": job.params.preset.value, "error": job.error, "ended": job.finished}
        for job in _open().backend.jobs.dead(_MAX_DEAD_LETTERS)
    ]
    text = "\n".join(f"{letter['id']}  {letter['preset']}, attempts: {letter['attempts']}, {letter['error']}" for letter in letters)
    print_result(text or "There are no dead letters.", letters, as_json=as_json)


@app.command()
def requeue(ids: Ids = None, every: All = False, as_json: AsJson = False) -> None:
    """Paint dead letters again, each as a new job of its owner. Repeating the command adds no further job."""
    studio = _open()
    retried = {job.id: studio.service.retry(job.id, job.owner).id for job in _selected(studio, ids, every)}
    text = "\n".join(f"{old} is tried again as {new}." for old, new in retried.items())
    print_result(text or "There are no dead letters.", retried, as_json=as_json)


@app.command()
def drop(ids: Ids = None, every: All = False, as_json: AsJson = False) -> None:
    """Delete dead letters with their pictures, also for their owners."""
    studio = _open()
    dropped = _selected(studio, ids, every)
    for job in dropped:
        studio.service.delete(job.id, job.owner)
    print_result(f"Deleted dead letters: {len(dropped)}.", [job.id for job in dropped], as_json=as_json)


@app.command()
def drain(
    seconds: Annotated[float, typer.Option("--wait", help="Seconds to wait for running paintings.")] = 0.0, as_json: AsJson = False
) -> None:
    """Pause the queue: until `resume`, new jobs wait and running ones are finished."""
    backend = _open().backend
    backend.queue.pause(True)
    deadline = time.monotonic() + seconds
    while (running := backend.jobs.counts().get(JobState.RUNNING, 0)) and time.monotonic() < deadline:
        time.sleep(_POLL_INTERVAL)
    print_result(f"The queue is paused. Still running: {running}.", {"paused": True, "running": running}, as_json=as_json)


@app.command()
def resume(as_json: AsJson = False) -> None:
    """End the pause that `drain` began."""
    _open().backend.queue.pause(False)
    print_result("The queue is running.", {"paused": False}, as_json=as_json)


@app.command("rebuild-feed")
def rebuild_feed(
    delete_others: Annotated[
        bool, typer.Option("--delete-others", help="Delete pictures older than a day that have no record then.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show published paintings in the gallery again whose records were lost. Their owners, styles and settings stay unknown."""
    from nst.service.rebuilding import rebuild_feed as rebuild
    from nst.service.retention import delete_orphans

    backend = _open().backend
    number = rebuild(backend)
    deleted = delete_orphans(backend, backend.clock(), even_most=True) if delete_others else 0
    text = f"Paintings that are in the gallery again: {number}. Pictures deleted: {deleted}."
    print_result(text, {"rebuilt": number, "deleted": deleted}, as_json=as_json)


@app.command()
def smoke(
    preset: Annotated[Preset, typer.Option(help="The preset, and with it the machines that paint it.")] = Preset.DRAFT,
    seconds: Annotated[float, typer.Option("--wait", help="Seconds to wait for the painting.")] = 1800.0,
    as_json: AsJson = False,
) -> None:
    """Have the studio paint a sample photo, and delete it: to see that it paints, after a deployment. Fails when there is no painting."""
    service = _open().service
    owner = new_id()
    job = service.submit(owner, _sample_order(service, preset))
    deadline = time.monotonic() + seconds
    while not (job := service.get(job.id, owner)).state.is_terminal and time.monotonic() < deadline:
        time.sleep(_POLL_INTERVAL)
    facts = {"state": job.state.value, "waited": (job.started or job.created) - job.created, "painted": 0.0, "bytes": 0}
    try:
        if job.state is not JobState.SUCCEEDED:
            raise RenderingFailed(job.error or f"There was no painting after {seconds:.0f} s: the job is {job.state}.")
        facts |= {"painted": (job.finished or 0.0) - (job.started or 0.0), "bytes": len(service.result(job.id, owner))}
    finally:
        if not job.state.is_terminal:
            service.cancel(job.id, owner)
        service.delete(job.id, owner)
    print_result(f"Painted in {facts['painted']:.0f} s, after {facts['waited']:.0f} s in the queue.", facts, as_json=as_json)


def _sample_order(service: "Service", preset: Preset) -> "Order":
    from nst import images, samples
    from nst.service import Order, StyleChoice

    photo = images.encode(samples.load(samples.SAMPLES[0].name, _SMOKE_SIDE), images.Format.JPEG)
    return Order(photo, [StyleChoice(service.styles()[0].id)], new_id(), StyleParams(preset=preset))


def _selected(studio: _Studio, ids: list[str] | None, every: bool) -> list[Job]:
    letters = studio.backend.jobs.dead(_MAX_DEAD_LETTERS)
    if every == bool(ids):
        raise typer.BadParameter("Name dead letters by their ids, or use --all.")
    known = {job.id for job in letters}
    for wanted in ids or []:
        if wanted not in known:
            raise UnknownJob(f"{wanted} is not a dead letter. `admin dead` lists them.")
    return [job for job in letters if every or job.id in (ids or [])]


def _lines(facts: dict[str, Any]) -> list[str]:
    waiting = [f"{lane}: {line['jobs']}, the oldest for {line['oldest_seconds']:.0f} s" for lane, line in facts["waiting"].items()]
    workers = [
        f"{worker['name']}: last heartbeat {worker['heartbeat_seconds']:.0f} s ago, {worker['job'] or 'idle'}"
        for worker in facts["workers"]
    ]
    jobs = ", ".join(f"{number} {state}" for state, number in facts["jobs"].items())
    return [
        *(f"Waiting   {line}" for line in waiting or ["nothing"]),
        f"Jobs      {jobs}; {facts['dead_letters']} dead letters",
        *(f"Worker    {line}" for line in workers or ["none"]),
    ]
