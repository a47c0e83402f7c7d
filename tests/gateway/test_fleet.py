"""Two gateways and a worker with one Redis: a job submitted on one gateway is watched on the other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway.node import Node
from tests.gateway.server import ROOT, Server
from tests.support.gateway import a_submission
from tests.support.servers import RedisServer


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", "--appendonly", "yes").start()
    yield server
    server.kill()


@pytest.fixture
def gateways(tmp_path: Path, redis: RedisServer) -> Iterator[tuple[Server, Server]]:
    shared = {"backend": "redis", "redis_url": redis.url, "objects_url": f"file://{tmp_path}/objects"}
    one, two = Server(tmp_path, **shared).start(), Server(tmp_path, **shared).start()
    names = {"NST_BACKEND": "redis", "NST_REDIS_URL": redis.url, "NST_OBJECTS_URL": shared["objects_url"]}
    engine = {"NST_ENGINE": "tests.worker.engines.quick:engine", "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen([sys.executable, "-m", "worker"], env={**os.environ, **names, **engine}, cwd=ROOT, stderr=subprocess.DEVNULL)
    yield one, two
    worker.terminate()
    worker.wait(30)
    one.close()
    two.close()


@pytest.fixture
def node(gateways: tuple[Server, Server]) -> Iterator[Node]:
    node = Node(gateways[0].url)
    yield node
    node.close()


def test_a_job_submitted_on_one_gateway_sends_each_event_once_on_the_other(gateways: tuple[Server, Server], node: Node) -> None:
    one, two = gateways
    anna, ben = node.client("anna", one.url), node.client("ben", two.url)
    job_id = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    assert ben.emit("WATCH_JOB", {"requestId": job_id})[0] is None
    result = ben.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")["result"]
    assert result.startswith(two.url)
    assert httpx.get(result).status_code == 200
    assert anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")["result"].startswith(one.url)
    ben.wait_for("TRANSFER_STYLE_COMPLETED")
    private = ben.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    url = ben.wait_for(f"TRANSFER_STYLE_COMPLETED::{private}")["result"]
    last = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    for client in (anna, ben):
        client.wait_for("TRANSFER_STYLE_COMPLETED", 2)
        assert [told["result"].rpartition("/")[2] for told in client.received("TRANSFER_STYLE_COMPLETED")] == [
            f"{job_id}.jpg",
            f"{last}.jpg",
        ]
    assert httpx.get(url.replace(two.url, one.url)).status_code == 200, "a URL signed by one gateway is valid on the other"


def test_a_client_moves_to_the_other_gateway_when_its_own_dies(gateways: tuple[Server, Server], node: Node) -> None:
    one, two = gateways
    anna = node.client("anna", one.url, reconnection=False)
    job_id = anna.emit("TRANSFER_STYLE", a_submission())[1]["requestId"]
    one.kill()
    moved = node.client("moved", two.url)
    assert moved.emit("WATCH_JOB", {"requestId": job_id})[0] is None
    moved.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")


def test_an_outage_of_redis_is_reported_and_the_gateway_recovers(gateways: tuple[Server, Server], redis: RedisServer, node: Node) -> None:
    one, _ = gateways
    anna = node.client("anna", one.url)
    redis.kill()
    (error,) = anna.emit("TRANSFER_STYLE", a_submission())
    assert error["code"] == "store_unavailable"
    assert httpx.get(f"{one.url}/readyz", timeout=60).status_code == 503
    assert httpx.get(f"{one.url}/healthz").status_code == 200
    redis.restart()
    job_id = anna.emit("TRANSFER_STYLE", a_submission(isPrivate=False))[1]["requestId"]
    anna.wait_for(f"TRANSFER_STYLE_COMPLETED::{job_id}")
    anna.wait_for("TRANSFER_STYLE_COMPLETED")
