"""Overhead of a fleet around the rendering, on a Redis of its own, compared with RQ doing the same work in the same run."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from threading import Barrier, Thread
from time import perf_counter, sleep
from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job as RqJob
from rq.suspension import resume, suspend

from benchmarks.pipeline import NO_LIMITS, _order
from benchmarks.report import Table
from nst.bootstrap import open_backend, open_catalogue
from nst.domain import Job, JobState
from nst.service import Service
from nst.settings import Settings
from nst.store.ports import Backend, Quota
from nst.store.redis import Connection, redis_backend
from tests.support.jobs import a_job, painted
from tests.support.memory_store import MemoryObjects
from tests.support.servers import RedisServer

WORKERS, JOBS, LATENCIES, QUEUED, CYCLES, PAGES, WATCHERS = 4, 200, 40, 5000, 1000, 1000, 1000
PLENTY = Quota(10**9, 10**9, 10**9)
ROOT = str(Path(__file__).parents[1])


def run() -> Table:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "redis").mkdir()
        redis = RedisServer(folder / "redis", "--appendonly", "yes", "--appendfsync", "always").start()
        try:
            rows = [*_work(redis, folder), *_recovery(redis, folder), *_watching(redis, folder), *_memory(redis), *_scripts(redis)]
        finally:
            redis.kill()
    return Table(
        "Fleet",
        f"A Redis of its own with `appendfsync always`; {WORKERS} workers with an engine that takes no time; pictures of 96 x 64 pixels;"
        " all on one machine. RQ 3.0 does the same work: photo and style are decoded, the painting is encoded and stored. Its workers"
        " fork for every job, which a process with CUDA must not; its SimpleWorker does not, and sends no heartbeats.",
        ("what", "Pastiche", "RQ Worker", "RQ SimpleWorker"),
        rows,
    )


def _settings(redis: RedisServer, folder: Path, **changes: Any) -> Settings:
    wanted = {"engine": "tests.worker.engines.instant:engine", "data_dir": folder, "redis_url": redis.url, **NO_LIMITS, **changes}
    return Settings(backend="redis", **wanted)


@contextmanager
def _processes(number: int, command: Sequence[str], environment: dict[str, str]) -> Iterator[list["subprocess.Popen[bytes]"]]:
    whole = {**os.environ, **environment, "PYTHONPATH": ROOT}
    running = [subprocess.Popen([sys.executable, *command], env=whole, stderr=subprocess.DEVNULL) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "NST_BACKEND": "redis",
        "NST_REDIS_URL": settings.redis_url.get_secret_value(),
        "NST_DATA_DIR": str(settings.data_dir),
        "NST_ENGINE": settings.engine,
    }


def _until(what: Callable[[], object]) -> None:
    while not what():
        sleep(0.001)


def _work(redis: RedisServer, folder: Path) -> list[tuple[str, float, float, float]]:
    """Jobs a second, and from submission to start."""
    settings = _settings(redis, folder)
    backend = open_backend(settings)
    service = Service(backend, open_catalogue(settings), settings)
    with _processes(WORKERS, ["-m", "worker"], _environment(settings)):
        _until(lambda: len(backend.workers.present(0.0)) == WORKERS)
        _until(lambda: service.get(service.submit("anna", _order("warm")).id, "anna").state.is_terminal)
        delays = sorted(_delay(service, number) for number in range(LATENCIES))
        rate = _rate(backend, service)
    files = [str(folder / f"rq.{ending}") for ending in ("photo", "style")]
    Path(files[0]).write_bytes(_order("").photo)
    Path(files[1]).write_bytes(service.styles()[0].path.read_bytes())
    others = [_rq(redis, kind, files) for kind in ("rq.Worker", "rq.SimpleWorker")]
    return [
        ("jobs a second", rate, *(other[0] for other in others)),
        ("from submission to start, median, ms", 1e3 * median(delays), *(1e3 * median(other[1]) for other in others)),
        ("from submission to start, 95th percentile, ms", 1e3 * _95th(delays), *(1e3 * _95th(other[1]) for other in others)),
    ]


def _95th(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def _delay(service: Service, number: int) -> float:
    job = service.submit("anna", _order(f"delay-{number}"))
    accepted = perf_counter()
    _until(lambda: service.get(job.id, "anna").started is not None)
    started = perf_counter() - accepted
    _until(lambda: service.get(job.id, "anna").state.is_terminal)
    return started


def _rate(backend: Backend, service: Service) -> float:
    """Submit all jobs before the first one starts."""
    before = backend.jobs.counts()[JobState.SUCCEEDED]
    backend.queue.pause(True)
    for number in range(JOBS):
        service.submit(f"owner-{number % 7}", _order(f"rate-{number}"))
    began = perf_counter()
    backend.queue.pause(False)
    _until(lambda: backend.jobs.counts()[JobState.SUCCEEDED] == before + JOBS)
    return JOBS / (perf_counter() - began)


def _rq(redis: RedisServer, kind: str, files: list[str]) -> tuple[float, list[float]]:
    with redis.client() as speaking, Redis.from_url(redis.url) as client:
        queue = Queue(kind, connection=client)
        command = ["-m", "rq.cli", "worker", "--url", redis.url, "--worker-class", kind, "--quiet", kind]
        with _processes(WORKERS, command, {}):
            _until(lambda: speaking.scard(f"rq:workers:{kind}") == WORKERS)
            _rq_delay(queue, files)  # warm
            delays = [_rq_delay(queue, files) for _ in range(LATENCIES)]
            suspend(client)
            jobs = [queue.enqueue("benchmarks.rq_work.paint", *files, f"{files[0]}-{number}.jpg") for number in range(JOBS)]
            began = perf_counter()
            resume(client)
            _until(lambda: queue.finished_job_registry.count >= JOBS + LATENCIES + 1)
            assert all(job.get_status() == "finished" for job in jobs)
            return JOBS / (perf_counter() - began), delays


def _rq_delay(queue: Queue, files: list[str]) -> float:
    job = queue.enqueue("benchmarks.rq_work.paint", *files, f"{files[0]}.jpg")
    accepted = perf_counter()
    _until(lambda: RqJob.fetch(job.id, connection=queue.connection).started_at is not None)
    started = perf_counter() - accepted
    _until(lambda: job.is_finished)
    return started


def _recovery(redis: RedisServer, folder: Path) -> list[tuple[str, float, str, str]]:
    settings = _settings(redis, folder, redis_prefix="recovery")
    backend = open_backend(settings)
    service = Service(backend, open_catalogue(settings), settings)
    job = service.submit("anna", _order("recovery"))
    mine = {**_environment(settings), "NST_REDIS_PREFIX": "recovery"}
    with _processes(1, ["-m", "worker"], {**mine, "NST_ENGINE": "tests.worker.engines.ignores_cancel:engine"}) as (victim,):
        _until(lambda: service.get(job.id, "anna").progress.fraction > 0)
        with _processes(1, ["-m", "worker"], mine):
            _until(lambda: len(backend.workers.present(0.0)) == 2)
            victim.kill()
            killed = perf_counter()
            _until(lambda: service.get(job.id, "anna").attempt == 2)
            seconds = perf_counter() - killed
    note = "not measured; 90 to 690 as documented"
    return [(f"from the kill of a worker to the next attempt (lease {settings.lease_seconds:.0f} s), s", seconds, note, "not measured")]


def _watching(redis: RedisServer, folder: Path) -> list[tuple[str, float, str, str]]:
    """The feed with many readers at once, and an event with many listeners."""
    settings = _settings(redis, folder)
    service = Service(open_backend(settings), open_catalogue(settings), settings)
    for job in service.mine("anna", 30):
        service.publish(job.id, "anna")
    with ThreadPoolExecutor(32) as threads:
        began = perf_counter()
        assert all(page.entries for page in threads.map(lambda _: service.feed(24), range(PAGES)))
        rate = PAGES / (perf_counter() - began)
    return [("pages of 24 of the feed a second, one app server", rate, "", ""), (*_fan_out(redis), "", "")]


def _fan_out(redis: RedisServer) -> tuple[str, float]:
    backend = redis_backend(Connection(redis.url, "fan-out"), MemoryObjects())
    ready, received = Barrier(WATCHERS + 1), list[float]()

    def watch() -> None:
        listener = backend.job_events.listen()
        ready.wait(120.0)
        listener.wait(120.0)
        received.append(perf_counter())

    watchers = [Thread(target=watch) for _ in range(WATCHERS)]
    for watcher in watchers:
        watcher.start()
    ready.wait(120.0)
    sleep(2.0)
    started = perf_counter()
    backend.job_events.notify("a job", 0.0)
    for watcher in watchers:
        watcher.join()
    assert len(received) == WATCHERS
    return f"until the last of {WATCHERS:,} watchers in one process has heard, ms", 1e3 * (max(received) - started)


def _memory(redis: RedisServer) -> list[tuple[str, float, float, str]]:
    backend = redis_backend(Connection(redis.url, "memory"), MemoryObjects())
    with Redis.from_url(redis.url) as client:
        queue = Queue("memory", connection=client)
        ours = _bytes_each(client, lambda number: backend.queue.submit(_real_job(number), PLENTY))
        theirs = _bytes_each(client, lambda number: queue.enqueue("benchmarks.rq_work.nothing", "photo", "style", f"painting-{number}"))
    return [(f"bytes of Redis for each of {QUEUED:,} queued jobs", ours, theirs, "the same")]


def _real_job(number: int) -> Job:
    return replace(a_job(f"{number % 100:032x}", created=1.8e9 + number), id=f"{number:032x}", token=f"{number:032x}")


def _bytes_each(client: "Redis[Any]", submit: Callable[[int], object]) -> float:
    before = client.info("memory")["used_memory"]
    for number in range(QUEUED):
        submit(number)
    return float((client.info("memory")["used_memory"] - before) / QUEUED)


def _scripts(redis: RedisServer) -> list[tuple[str, float, str, str]]:
    """The queue compared with a Redis consumer group and a hash for the record; one client, sequentially."""
    backend = redis_backend(Connection(redis.url, "scripts"), MemoryObjects())
    for number in range(CYCLES):
        backend.queue.submit(a_job(f"owner-{number % 50}"), PLENTY)
    began = perf_counter()
    while (lease := backend.queue.claim("worker", 1.0, 30.0)) is not None:
        backend.jobs.finish(lease.job.fencing_token, painted(lease.job), 2.0)
        backend.queue.acknowledge(lease.job.fencing_token)
    ours = (perf_counter() - began) / CYCLES
    note = f"a stream's: {1e3 * _stream_cycle(redis):.3g}, in order of arrival"
    return [("claim, finish and acknowledgement of one job, ms", 1e3 * ours, note, "")]


def _stream_cycle(redis: RedisServer) -> float:
    with redis.client() as client:
        client.xgroup_create("stream", "workers", "0", mkstream=True)
        for number in range(CYCLES):
            client.hset(f"record:{number}", mapping={"state": "queued", "attempt": 0})
            client.xadd("stream", {"job": number})
        began = perf_counter()
        while found := client.xreadgroup("workers", "worker", {"stream": ">"}, count=1):
            ((_, ((entry, fields),)),) = found
            client.hset(f"record:{fields['job']}", "state", "running")
            client.hset(f"record:{fields['job']}", "state", "succeeded")
            with client.pipeline() as both:
                both.xack("stream", "workers", entry)
                both.xdel("stream", entry)
                both.execute()
        return (perf_counter() - began) / CYCLES
