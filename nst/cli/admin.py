"""`admin`: what an operator does to a studio that runs, on whichever backend the settings name."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nst.cli.configuration import settings
from nst.cli.edge import AsJson, say
from nst.domain import Job, JobState
from nst.errors import UnknownJob

if TYPE_CHECKING:
    from nst.service import Service
    from nst.store.ports import Backend

app = typer.Typer(help="Operate a studio that runs: its queue, its workers and its dead letters.", no_args_is_help=True)

_MANY = 1000
_SILENCE = 60.0
_LOOK_EVERY = 0.2
_NO_QUOTA = {"uploads_per_minute": 10**9, "jobs_per_visitor": 10**9, "queue_length": 10**9}  # those are for visitors

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Of dead letters, as `dead` lists them.")]
All = Annotated[bool, typer.Option("--all", help="Take all dead letters.")]


@dataclass(frozen=True)
class _Studio:
    backend: "Backend"
    service: "Service"


def _open() -> _Studio:
    from nst.bootstrap import open_backend, open_catalogue
    from nst.service import Service

    chosen = settings().model_copy(update=_NO_QUOTA)
    backend = open_backend(chosen)
    return _Studio(backend, Service(backend, open_catalogue(chosen), chosen))


@app.command()
def queue(as_json: AsJson = False) -> None:
    """Shows what waits and for how long, what is being painted, and the workers with their last heartbeat."""
    backend = _open().backend
    now, counts = backend.clock(), backend.jobs.counts()
    facts = {
        "waiting": {lane.value: {"jobs": line.jobs, "oldest_seconds": now - line.oldest} for lane, line in backend.queue.line().items()},
        "jobs": {state.value: counts.get(state, 0) for state in JobState},
        "dead_letters": len(backend.jobs.dead(_MANY)),
        "workers": [
            {"name": worker.name, "heartbeat_seconds": now - worker.seen, "job": worker.job_id}
            for worker in backend.roster.present(now - _SILENCE)
        ],
    }
    say("\n".join(_lines(facts)), facts, as_json=as_json)


@app.command()
def dead(as_json: AsJson = False) -> None:
    """Lists dead letters, newest first: paintings that failed with no attempt left."""
    letters = [
        {"id": job.id, "attempts": job.attempt - job.returns, "preset": job.lane.value, "error": job.error, "ended": job.finished}
        for job in _open().backend.jobs.dead(_MANY)
    ]
    text = "\n".join(f"{letter['id']}  {letter['preset']}, {letter['attempts']} attempts: {letter['error']}" for letter in letters)
    say(text or "There are no dead letters.", letters, as_json=as_json)


@app.command()
def requeue(ids: Ids = None, every: All = False, as_json: AsJson = False) -> None:
    """Has dead letters painted anew, each as a new job of its owner. Asked twice, it is one."""
    studio = _open()
    again = {job.id: studio.service.retry(job.id, job.owner).id for job in _chosen(studio, ids, every)}
    say("\n".join(f"{old} is tried again as {new}" for old, new in again.items()), again, as_json=as_json)


@app.command()
def drop(ids: Ids = None, every: All = False, as_json: AsJson = False) -> None:
    """Deletes dead letters with their pictures, for their owners, too."""
    studio = _open()
    dropped = _chosen(studio, ids, every)
    for job in dropped:
        studio.service.delete(job.id, job.owner)
    say(f"{len(dropped)} dropped", [job.id for job in dropped], as_json=as_json)


@app.command()
def drain(
    seconds: Annotated[float, typer.Option("--wait", help="Seconds to wait for what is being painted.")] = 0.0, as_json: AsJson = False
) -> None:
    """Has no further painting begun until `resume`. What is submitted waits; what is being painted is finished."""
    backend = _open().backend
    backend.queue.pause(True)
    deadline = time.monotonic() + seconds
    while (running := backend.jobs.counts().get(JobState.RUNNING, 0)) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
    say(f"The queue is paused; {running} still being painted.", {"paused": True, "running": running}, as_json=as_json)


@app.command()
def resume(as_json: AsJson = False) -> None:
    """Undoes `drain`."""
    _open().backend.queue.pause(False)
    say("The queue goes on.", {"paused": False}, as_json=as_json)


def _chosen(studio: _Studio, ids: list[str] | None, every: bool) -> list[Job]:
    letters = studio.backend.jobs.dead(_MANY)
    if every == bool(ids):
        raise typer.BadParameter("Name dead letters by their ids, or take --all.")
    known = {job.id for job in letters}
    for wanted in ids or []:
        if wanted not in known:
            raise UnknownJob(f"{wanted} is no dead letter. `admin dead` lists them.")
    return [job for job in letters if every or job.id in (ids or [])]


def _lines(facts: dict[str, Any]) -> list[str]:
    waiting = [f"{lane}: {line['jobs']}, the oldest for {line['oldest_seconds']:.0f} s" for lane, line in facts["waiting"].items()]
    workers = [
        f"{worker['name']}: heard of {worker['heartbeat_seconds']:.0f} s ago, {worker['job'] or 'idle'}" for worker in facts["workers"]
    ]
    jobs = ", ".join(f"{number} {state}" for state, number in facts["jobs"].items())
    return [
        *(f"Waiting   {line}" for line in waiting or ["nothing"]),
        f"Jobs      {jobs}; {facts['dead_letters']} dead letters",
        *(f"Worker    {line}" for line in workers or ["none"]),
    ]
