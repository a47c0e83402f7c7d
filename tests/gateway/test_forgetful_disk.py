"""A studio on one machine that loses its disk with every restart, such as a Space: its records are in a Redis, its pictures in a bucket."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.server import Server
from tests.support.gateway import a_submission
from tests.support.servers import AWS, BUCKET, RedisServer, s3_client, s3_endpoint
from tests.support.waiting import until


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings of the studio: what is kept elsewhere."""
    s3_client()
    for name, value in {**AWS, "AWS_ENDPOINT_URL": s3_endpoint()}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "redis").mkdir()
    redis = RedisServer(tmp_path / "redis").start()
    yield {"backend": "redis", "redis_url": redis.url, "objects_url": f"s3://{BUCKET}/forgetful", "own_worker": "true"}
    redis.kill()


def painted(server: Server) -> tuple[str, bytes]:
    """The id and the file of a private painting."""
    job_id = httpx.post(f"{server.url}/api/jobs", json=a_submission()).json()["requestId"]
    until(lambda: httpx.get(f"{server.url}/api/jobs/{job_id}").json()["state"] == "succeeded", pause=0.1)
    return job_id, result(server, job_id)


def result(server: Server, job_id: str) -> bytes:
    return httpx.get(f"{server.url}/api/jobs/{job_id}/result", follow_redirects=True).raise_for_status().content


def test_a_restart_on_an_empty_disk_loses_no_painting_and_paints_on(tmp_path: Path, outside: dict[str, str]) -> None:
    for life in ("first", "second"):
        (tmp_path / life).mkdir()
    first = Server(tmp_path / "first", **outside).start()
    job_id, painting = painted(first)
    first.close()
    second = Server(tmp_path / "second", **outside).start()
    assert result(second, job_id) == painting
    assert painted(second)
    second.close()
