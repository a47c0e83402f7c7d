"""Real servers for tests, on free ports of this machine: Redis, and an S3 endpoint. They are started when they are asked for."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from redis import Redis
from redis.exceptions import RedisError

from nst.store.aws.clients import S3_COMPATIBLE
from nst.store.aws.message_queue import SqsMessageQueue
from nst.store.aws.objects import S3Objects
from nst.store.redis import Connection

_PATIENCE = 30.0
_numbers = count(1)
_running = ExitStack()


def stop_all() -> None:
    """At the end of a test run."""
    _running.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class RedisServer:
    """A redis-server (or valkey-server) in a folder of its own. What it has written to its append-only file is there again after a restart.

    Args:
        options: as on its command line; without `--appendonly yes` it forgets everything.
    """

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder, self._options = folder, options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RedisServer":
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            pytest.fail("There is no redis-server here. Debian's package is redis-server; scripts/test installs it when it may.")
        own = ("--port", str(self.port), "--dir", str(self._folder), "--save", "", "--bind", "127.0.0.1")
        self._process = subprocess.Popen([program, *own, *self._options], stdout=subprocess.DEVNULL)
        self._wait_for_answer()
        return self

    def kill(self) -> None:
        """As when the power fails: nothing is written any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def client(self) -> "Redis[Any]":
        return Redis.from_url(self.url, decode_responses=True)

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except RedisError:
                    assert time.monotonic() < deadline, "redis-server does not answer"
                    time.sleep(0.02)


@cache
def shared_redis(*options: str) -> RedisServer:
    """One for all tests, which keep apart by their prefixes. It forgets everything when it ends."""
    folder = _running.enter_context(tempfile.TemporaryDirectory(prefix="redis-"))
    server = RedisServer(Path(folder), *options).start()
    _running.callback(server.kill)
    return server


@cache
def shared_cluster() -> RedisServer:
    """A cluster of one node, which has all slots."""
    # A port of its own for the nodes' talk: by itself it would be ten thousand above the other, which may be none at all.
    server = shared_redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with server.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        while "cluster_state:ok" not in str(client.execute_command("CLUSTER", "INFO")):
            time.sleep(0.02)
    return server


def connected(server: RedisServer | None = None, scheme: str = "redis", prefix: str | None = None) -> Connection:
    """To keys that nobody else has."""
    url = (server or shared_redis()).url.replace("redis:", f"{scheme}:", 1)
    return Connection(url, prefix or f"test-{next(_numbers)}")


BUCKET = "pictures"
AWS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}


@cache
def s3_endpoint() -> str:
    """An S3 endpoint, with a bucket. A process of its own: moto within this one forgets everything when a test mocks AWS."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _running.callback(process.wait)
    _running.callback(process.terminate)
    _wait_for_port(port)
    return f"http://127.0.0.1:{port}"


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"there is no answer on port {port}"
            time.sleep(0.05)


@cache
def s3_client() -> Any:
    """One for all tests, which keep apart by their prefixes."""
    names = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": AWS["AWS_DEFAULT_REGION"]}
    client = boto3.client("s3", endpoint_url=s3_endpoint(), config=S3_COMPATIBLE, **names)
    _running.callback(client.close)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": AWS["AWS_DEFAULT_REGION"]})
    return client


def new_s3_objects() -> S3Objects:
    """Of a prefix that nobody else has."""
    return S3Objects(BUCKET, f"studio-{next(_numbers)}", s3_client())


@cache
def _sqs_client() -> Any:
    client = boto3.client("sqs", "eu-central-1", endpoint_url=s3_endpoint(), aws_access_key_id="test", aws_secret_access_key="test")
    _running.callback(client.close)
    return client


def new_mailbox() -> SqsMessageQueue:
    """A queue that nobody else has."""
    return SqsMessageQueue(_sqs_client(), _sqs_client().create_queue(QueueName=f"done-{next(_numbers)}")["QueueUrl"])
