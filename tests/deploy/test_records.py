"""How much room records take with the options that the deployments give to Redis."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale import IN_ONE_PIECE, RECIPE
from nst.domain import Job
from nst.store.files import FileObjects
from nst.store.ports import Backend
from nst.store.redis import redis_backend
from tests.support.jobs import PLENTY, a_job, painted
from tests.support.servers import RedisServer, connected

pytestmark = pytest.mark.servers

FINISHED = 1000
A_WEEK = 7 * 100_000
ROOM = 5.1e9  # of cache.m7g.large's 6.38 GiB, less the quarter that ElastiCache reserves


def finish(backend: Backend, numbers: Iterable[int]) -> Job:
    """Paintings of as many visitors."""
    for number in numbers:
        job = backend.queue.submit(a_job(f"{number:032x}"), PLENTY)
        lease = backend.queue.claim("worker", 1e9 + number, 30)
        assert lease is not None
        backend.jobs.finish(lease.job.fencing_token, replace(painted(job), recipe=RECIPE), 1e9 + number)
        backend.queue.acknowledge(lease.job.fencing_token)
    return job


def test_a_week_of_a_hundred_thousand_paintings_a_day_fits_into_half_the_memory(tmp_path: Path) -> None:
    """With `noeviction`, a full memory takes nothing in. The other half is for the gallery, the queue, and busier weeks."""
    server = RedisServer(tmp_path, "--hash-max-listpack-value", str(IN_ONE_PIECE)).start()
    connection = connected(server)
    backend = redis_backend(connection, FileObjects(tmp_path / "objects"))
    with server.client() as client:
        finish(backend, range(100))  # so that what is there once, such as scripts, is not counted
        before = client.info("memory")["used_memory"]
        job = finish(backend, range(100, 100 + FINISHED))
        client.delete(*client.scan_iter(connection.key("uploads", "*")))  # which are forgotten within the hour
        each = (client.info("memory")["used_memory"] - before) / FINISHED
        assert client.object("ENCODING", connection.key("job", job.id)) == "listpack"
        assert json.loads(client.hget(connection.key("job", job.id), "recipe") or "") == RECIPE
    connection.close()
    server.kill()
    assert each * A_WEEK < ROOM / 2
