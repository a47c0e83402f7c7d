"""Load on the store by visitors, waiting jobs and changes: pages of the gallery, places in the queue, events, memory of records."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, cast

from redis import Redis

from benchmarks.report import Table
from nst.domain import Job, JobState, Outcome, Preset, StyleParams
from nst.gateway.connections import ConnectionRegistry
from nst.gateway.notifier import JobNotifier
from nst.gateway.pools import ThreadPools
from nst.gateway.socketio_server import create_server
from nst.images import Limits
from nst.service import Service
from nst.service.feed_head import HEAD_SECONDS, FeedHead
from nst.settings import Settings
from nst.store.ports import Backend, JobStore, Quota
from nst.store.redis import Connection, redis_backend
from nst.styles import Catalogue
from tests.support.jobs import a_job
from tests.support.memory_store import MemoryObjects
from tests.support.servers import RedisServer

WAITING, PUBLISHED, PLACES, PAGES, POLL_SECONDS, SUBMITTERS = 10_000, 1_000, 200, 200, 3.0, 8
PLENTY = Quota(10**9, 10**9, 10**9)
FINISHED = 2_000
EVENTS, LISTENING_SECONDS = 900, 1.0  # Redis keeps a thousand events
IN_ONE_PIECE = 4096  # hash-max-listpack-value of the deployments
_DIGEST = "0123456789abcdef" * 4
RECIPE = {
    "params": StyleParams().to_dict(),
    "size": [512, 384],
    "style_shares": [1.0],
    "encoder": {"name": "compact", "sha256": _DIGEST},
    "scales": [{"long_side": side, "pass": False, "steps": 100, "optimisers": ["lbfgs"]} for side in (256, 512)],
    "losses": {"style": 0.003742880187928, "content": 0.001556498231366, "smoothness": 0.053234811872243},
    "stopped": False,
    "device": "cuda",
    "precision": "bfloat16",
    "threads": 4,
    "versions": {"pastiche": "0.2.0", "torch": "2.14.1", "pillow": "13.0.0", "python": "3.11.14"},
    "seconds": 17.63,
}
"""As an optimised painting in standard quality has it."""


def run() -> Table:
    with tempfile.TemporaryDirectory() as name:
        redis = RedisServer(Path(name)).start()
        try:
            backend = redis_backend(Connection(redis.url), MemoryObjects())
            client = Redis.from_url(redis.url)
            rows = [*_records(backend, client), *_gallery(backend, client), *_events(backend), *_places(backend, client)]
        finally:
            redis.kill()
    return Table(
        "Scale",
        f"A Redis of its own on this machine, and one process. Viewers of the gallery ask for the first page (24 entries of {PUBLISHED:,})"
        f" every {POLL_SECONDS:g} s; the process reads it at most once in {HEAD_SECONDS:g} s for all of them. {WAITING:,} jobs wait, each"
        " of another visitor, in four presets. A gateway reads the record of each job that changes; nobody watches these.",
        ("what", "measured"),
        rows,
    )


def _records(backend: Backend, client: Redis) -> list[tuple[str, float]]:
    """Of private paintings, with their places in all indexes."""
    plain = _memory_of_records(backend, client, "a")
    client.config_set("hash-max-listpack-value", IN_ONE_PIECE)
    packed = _memory_of_records(backend, client, "b")
    client.config_set("hash-max-listpack-value", 64)
    return [("memory of a finished record with its recipe, kB", plain), ("the same, with the deployments' options, kB", packed)]


def _memory_of_records(backend: Backend, client: Redis, name: str) -> float:
    """
    Args:
        name: one character, part of owners and tokens: with the same ones, these would be the same jobs.
    """
    before = client.info("memory")["used_memory"]
    for number in range(FINISHED):
        own = f"{name}{number:031x}"
        job = backend.queue.submit(a_job(own, token=own), PLENTY)
        lease = backend.queue.claim("worker", float(number), 1e9)
        assert lease is not None
        output = job.input_key.replace("/input/", "/output/")
        backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(output, 2_000_000, RECIPE, has_thumbnails=True), number + 40.0)
        backend.queue.acknowledge(lease.job.fencing_token)
    return float(client.info("memory")["used_memory"] - before) / FINISHED / 1e3


def _gallery(backend: Backend, client: Redis) -> list[tuple[str, float]]:
    for number in range(PUBLISHED):
        job = a_job(f"painter-{number}", public=True)
        backend.queue.submit(job, PLENTY)
        lease = backend.queue.claim("worker", float(number), 1e9)
        assert lease is not None
        key = lease.job.input_key.replace("/input/", "/output/")
        backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(key, 1, {"seed": 7}, has_thumbnails=True), float(number))
    busy = _busy(client)
    read = _seconds(lambda: backend.feed.page(24), PAGES)
    busy = _busy(client) - busy
    head = FeedHead(backend.feed)
    kept = _seconds(lambda: head.page(24, None), PAGES)
    rows = [
        ("a page read from Redis, ms", 1e3 * read),
        ("of this, processor time of Redis, mean, ms", 1e3 * busy / PAGES),
        ("the page that the process has, ms", 1e3 * kept),
    ]
    for viewers in (1_000, 10_000):
        rows.append((f"reads of Redis by {viewers:,} viewers in a minute, if each read", round(viewers * 60 / POLL_SECONDS)))
        rows.append((f"reads of Redis by {viewers:,} viewers in a minute, counted", _counted(backend, viewers)))
    return rows


def _counted(backend: Backend, viewers: int) -> int:
    """The number of reads in a minute of polls, with a clock that runs as fast as the polls are made."""
    reads, now = 0, 0.0

    class Counted:
        def page(self, *arguments: object) -> object:
            nonlocal reads
            reads += 1
            return backend.feed.page(*arguments)  # type: ignore[arg-type]

    head = FeedHead(Counted(), lambda: now)  # type: ignore[arg-type]
    polls = round(viewers * 60 / POLL_SECONDS)
    for number in range(polls):
        now = 60 * number / polls
        head.page(24, None)
    return reads


def _places(backend: Backend, client: Redis) -> list[tuple[str, float]]:
    jobs = [a_job(f"visitor-{number}", preset=preset) for number, preset in zip(range(WAITING), _presets(), strict=False)]
    before = client.info("memory")["used_memory"]
    with ThreadPoolExecutor(SUBMITTERS) as pool:
        list(pool.map(lambda job: backend.queue.submit(job, PLENTY), jobs))
    assert backend.jobs.counts()[JobState.QUEUED] == WAITING
    memory = (client.info("memory")["used_memory"] - before) / WAITING
    last, middle = jobs[-1].id, jobs[WAITING // 2].id
    busy = _busy(client)
    spans = {name: _seconds(lambda job_id=job_id: backend.queue.position(job_id), PLACES) for name, job_id in _named(last, middle)}
    busy = _busy(client) - busy
    return [
        *((f"place in the queue of {name}, ms", 1e3 * span) for name, span in spans.items()),
        ("of this, processor time of Redis, mean, ms", 1e3 * busy / PLACES / len(spans)),
        ("memory of a waiting job, kB", memory / 1e3),
    ]


class _CountedJobs:
    """Job records that count how many were read."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs, self.reads = jobs, 0

    def get(self, job_id: str) -> Job | None:
        self.reads += 1
        return self._jobs.get(job_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


def _events(backend: Backend) -> list[tuple[str, float]]:
    """Of jobs that change, as one gateway without connections handles them: it is told in the same process, by another thread."""
    ids = [backend.queue.submit(a_job(f"changed-{number}"), PLENTY).id for number in range(EVENTS)]
    started = perf_counter()
    for job_id in ids:
        backend.job_events.notify(job_id, 0.0)
    sent = perf_counter() - started
    jobs, settings = _CountedJobs(backend.jobs), Settings()
    service = Service(replace(backend, jobs=cast(JobStore, jobs)), Catalogue(Limits.of(settings)), settings)
    handled, computed = asyncio.run(_handled(service, backend, jobs, ids))
    for job_id in ids:
        backend.jobs.delete(job_id)
    return [
        ("events of changed jobs that one thread sends in a second", EVENTS / sent),
        ("events that one gateway handles in a second", EVENTS / handled),
        ("processor time for each, of gateway and sender, ms", 1e3 * computed / EVENTS),
    ]


async def _handled(service: Service, backend: Backend, jobs: _CountedJobs, ids: list[str]) -> tuple[float, float]:
    """Seconds until all events are handled, and of processor time."""
    pools, settings = ThreadPools(), Settings()
    notifier = JobNotifier(service, pools, ConnectionRegistry(create_server(settings), settings), lambda _: None)
    running = asyncio.create_task(notifier.run())
    await asyncio.sleep(LISTENING_SECONDS)
    started, computed = perf_counter(), process_time()
    sending = asyncio.get_running_loop().run_in_executor(None, lambda: [backend.job_events.notify(job_id, 0.0) for job_id in ids])
    while jobs.reads < len(ids):
        await asyncio.sleep(0.005)
    handled = perf_counter() - started, process_time() - computed
    await sending
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    pools.close()
    return handled


def _busy(client: Redis) -> float:
    """Seconds of processor time that Redis has used. Unlike times of a clock, it hardly depends on what else runs."""
    used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def _named(last: str, middle: str) -> tuple[tuple[str, str], ...]:
    return (("the last job", last), ("one in the middle", middle))


def _presets() -> Iterator[Preset]:
    return cycle(Preset)


def _seconds(read: Callable[[], object], times: int) -> float:
    spans = []
    for _ in range(times):
        started = perf_counter()
        assert read() is not None
        spans.append(perf_counter() - started)
    return median(spans)
