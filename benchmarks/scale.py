"""Load on the store by the number of visitors and of waiting jobs: pages of the gallery, places in the queue, memory of records."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

from redis import Redis

from benchmarks.report import Table
from nst.domain import JobState, Outcome, Preset, StyleParams
from nst.service.feed_head import HEAD_SECONDS, FeedHead
from nst.store.ports import Backend, Quota
from nst.store.redis import Connection, redis_backend
from tests.support.jobs import a_job
from tests.support.memory_store import MemoryObjects
from tests.support.servers import RedisServer

WAITING, PUBLISHED, PLACES, PAGES, POLL_SECONDS, SUBMITTERS = 10_000, 1_000, 200, 200, 3.0, 8
PLENTY = Quota(10**9, 10**9, 10**9)
FINISHED = 2_000
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
            rows = [*_records(backend, client), *_gallery(backend), *_places(backend, client)]
        finally:
            redis.kill()
    return Table(
        "Scale",
        f"A Redis of its own on this machine, and one process. Viewers of the gallery ask for the first page (24 entries of {PUBLISHED:,})"
        f" every {POLL_SECONDS:g} s; the process reads it at most once in {HEAD_SECONDS:g} s for all of them. {WAITING:,} jobs wait, each"
        " of another visitor, in four presets.",
        ("what", "measured"),
        rows,
    )


def _records(backend: Backend, client: Redis) -> list[tuple[str, float]]:
    """Of private paintings, with their places in all indexes."""
    plain = _memory_of_records(backend, client)
    client.config_set("hash-max-listpack-value", IN_ONE_PIECE)
    packed = _memory_of_records(backend, client)
    client.config_set("hash-max-listpack-value", 64)
    return [("memory of a finished record with its recipe, kB", plain), ("the same, with the deployments' options, kB", packed)]


def _memory_of_records(backend: Backend, client: Redis) -> float:
    before = client.info("memory")["used_memory"]
    for number in range(FINISHED):
        job = backend.queue.submit(a_job(f"{number:032x}", token=f"{number:032x}"), PLENTY)
        lease = backend.queue.claim("worker", float(number), 1e9)
        assert lease is not None
        output = job.input_key.replace("/input/", "/output/")
        backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(output, 2_000_000, RECIPE, has_thumbnails=True), number + 40.0)
        backend.queue.acknowledge(lease.job.fencing_token)
    return float(client.info("memory")["used_memory"] - before) / FINISHED / 1e3


def _gallery(backend: Backend) -> list[tuple[str, float]]:
    for number in range(PUBLISHED):
        job = a_job(f"painter-{number}", public=True)
        backend.queue.submit(job, PLENTY)
        lease = backend.queue.claim("worker", float(number), 1e9)
        assert lease is not None
        key = lease.job.input_key.replace("/input/", "/output/")
        backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(key, 1, {"seed": 7}, has_thumbnails=True), float(number))
    read = _seconds(lambda: backend.feed.page(24), PAGES)
    head = FeedHead(backend.feed)
    kept = _seconds(lambda: head.page(24, None), PAGES)
    rows = [("a page read from Redis, ms", 1e3 * read), ("the page that the process has, ms", 1e3 * kept)]
    for viewers in (1_000, 10_000):
        rows.append((f"reads of Redis by {viewers:,} viewers in a minute, if each read", viewers * 60 / POLL_SECONDS))
        rows.append((f"reads of Redis by {viewers:,} viewers in a minute, counted", float(_counted(backend, viewers))))
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
    client.config_resetstat()
    spans = {name: _seconds(lambda job_id=job_id: backend.queue.position(job_id), PLACES) for name, job_id in _named(last, middle)}
    script = client.info("commandstats")["cmdstat_evalsha"]
    return [
        *((f"place in the queue of {name}, ms", 1e3 * span) for name, span in spans.items()),
        ("of this, time of Redis, mean, ms", script["usec_per_call"] / 1e3),
        ("memory of a waiting job, kB", memory / 1e3),
    ]


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
