"""Overhead of the pipeline around the rendering: time until a job starts, jobs a second, time to read the feed."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from PIL import Image

from benchmarks.report import Table
from nst.bootstrap import open_backend, open_catalogue
from nst.domain import Cursor, JobState, Preset, StyleParams
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker.supervisor import Supervisor

LATENCIES, JOBS, PUBLISHED, PAGES = 60, 200, 100_000, 40
NO_LIMITS = {"uploads_per_minute": 10**6, "jobs_per_visitor": 10**6, "queue_length": 10**6}


def run() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), engine="tests.worker.engines.instant:engine", **NO_LIMITS)
        backend = open_backend(settings)
        service = Service(backend, open_catalogue(settings), settings)
        with _worker(settings):
            latencies = sorted(_latency(service, number) for number in range(LATENCIES))
            rate = _jobs_a_second(service, backend)
        _publish(settings, backend, service)
        rows = [
            ("from submission to start, idle worker, median, ms", 1e3 * median(latencies)),
            ("from submission to start, idle worker, 95th percentile, ms", 1e3 * latencies[int(0.95 * LATENCIES)]),
            ("jobs a second with an engine that takes no time", rate),
            *((f"a page of 24 of {PUBLISHED:,} published, {name}, ms", 1e3 * value) for name, value in _pages(service).items()),
        ]
    return Table(
        "Pipeline",
        "The embedded backend on a disk of this machine, every commit synced; one worker process, pictures of 96 x 64 pixels.",
        ("what", "measured"),
        rows,
    )


@contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    mine = {"NST_DATA_DIR": str(settings.data_dir), "NST_ENGINE": settings.engine, "PYTHONPATH": "."}
    supervisor = Supervisor(environment={**os.environ, **mine})
    supervisor.start()
    try:
        yield
    finally:
        supervisor.stop()


def _order(token: str) -> Order:
    buffer = BytesIO()
    Image.new("RGB", (96, 64), "teal").save(buffer, "PNG")
    return Order(buffer.getvalue(), [StyleChoice("starlit-swirl")], token, StyleParams(preset=Preset.DRAFT))


def _latency(service: Service, number: int) -> float:
    """Seconds from the return of `submit` until the record says that a worker has begun."""
    job = service.submit("anna", _order(f"latency-{number}"))
    accepted = perf_counter()
    _until(lambda: service.get(job.id, "anna").started is not None)
    started = perf_counter() - accepted
    _until(lambda: service.get(job.id, "anna").state.is_terminal)
    sleep(0.05)  # the worker is idle again
    return started


def _jobs_a_second(service: Service, backend: Backend) -> float:
    """Jobs a second of the worker, once all are queued. It is polled rarely, since polling competes with what is measured."""
    jobs = [service.submit(f"owner-{number % 7}", _order(f"rate-{number}")) for number in range(JOBS)]
    before = backend.jobs.counts().get(JobState.SUCCEEDED, 0)
    started = perf_counter()
    _until(lambda: backend.jobs.counts().get(JobState.SUCCEEDED, 0) == LATENCIES + len(jobs), every=0.02)
    return (LATENCIES + len(jobs) - before) / (perf_counter() - started)


def _until(what: Callable[[], bool], every: float = 0.001) -> None:
    while not what():
        sleep(every)


def _publish(settings: Settings, backend: Backend, service: Service) -> None:
    """Publish one painting and copy its record in the database: only reading is measured."""
    job = service.publish(service.mine("anna", 1)[0].id, "anna")
    styles = [entry.id for entry in service.styles()]
    with sqlite3.connect(settings.data_dir / "studio.sqlite3") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(jobs)")]
        own = {"id": "printf('%032x', n)", "token": "n", "published": "n", "owner": "'owner-' || (n % 5000)"}
        values = ", ".join(own.get(name, name) for name in columns)
        numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {PUBLISHED})"
        connection.execute(f"INSERT INTO jobs ({', '.join(columns)}) {numbers} SELECT {values} FROM jobs, numbers WHERE id = ?", (job.id,))
        rows = [(style, float(n), f"{n:032x}") for n in range(1, PUBLISHED + 1) for style in ("", styles[n % len(styles)])]
        connection.executemany("INSERT INTO feed VALUES (?, ?, ?)", rows)
    connection.close()
    assert backend.feed.page(1).entries


def _pages(service: Service) -> dict[str, float]:
    middle = Cursor(PUBLISHED / 2, "")
    style = service.styles()[0].id
    return {
        "the first page": _seconds(lambda: service.feed()),
        "from the middle": _seconds(lambda: service.feed(before=middle)),
        "of one style, from the middle": _seconds(lambda: service.feed(before=middle, style=style)),
    }


def _seconds(read: Callable[[], object]) -> float:
    spans = []
    for _ in range(PAGES):
        started = perf_counter()
        read()
        spans.append(perf_counter() - started)
    return median(spans)
