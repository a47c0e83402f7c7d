"""The gateway's capacity: latency of an event for a thousand clients, memory of each client, photos submitted a second."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from statistics import median
from typing import Any

import httpx

from benchmarks.pipeline import NO_LIMITS
from benchmarks.report import Table
from nst.bootstrap import open_backend
from nst.domain import Job, Outcome, StyleParams, StyleRef, object_key
from nst.settings import Settings
from nst.store.ports import Backend, Quota
from tests.support.gateway import a_submission
from tests.support.servers import free_port

CLIENTS, BROADCASTS, SUBMISSIONS, SUBMITTERS = 1000, 20, 200, 8
NODE = Path(__file__).parent / "node"


def run() -> Table:
    if not (NODE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=NODE, check=True)
    with tempfile.TemporaryDirectory() as folder:
        ours, rate = _gateway(Path(folder))
    plain = _plain()
    rows = [(name, ours[name], plain[name]) for name in ours]
    return Table(
        "Gateway",
        f"{CLIENTS:,} clients (socket.io-client 4, websockets, all in one Node process) receive the event of a public painting, "
        f"{BROADCASTS} times; for comparison, a minimal Node socket.io server. Clients and server share the machine. The gateway's "
        "time starts when a worker finishes the record; the plain server's, with a line on its standard input.",
        ("what", "gateway", "plain Node server"),
        [*rows, ("photos submitted a second (96 x 64 pixels, 8 submitters)", rate, "")],
    )


def _gateway(folder: Path) -> tuple[dict[str, float], float]:
    names = {"NST_DATA_DIR": str(folder), "NST_OWN_WORKER": "false", "NST_CONNECTIONS": "5000", "NST_CONNECTIONS_PER_ADDRESS": "5000"}
    limits = {f"NST_{name.upper()}": str(value) for name, value in NO_LIMITS.items()}
    backend = open_backend(Settings(data_dir=folder))
    port = free_port()
    command = [sys.executable, "-m", "nst.gateway", "--port", str(port)]
    with _process(command, {**os.environ, **names, **limits}) as server:
        _until_answers(f"http://127.0.0.1:{port}/readyz")
        rate = _submissions_a_second(f"http://127.0.0.1:{port}/api/jobs")
        return _broadcasts(server, port, lambda: _publish(backend)), rate


def _plain() -> dict[str, float]:
    port = free_port()
    with _process(["node", str(NODE / "plain.mjs"), str(port)], None) as server:
        assert server.stdout is not None
        server.stdout.readline()
        numbers = iter(range(10**6))

        def publish() -> tuple[str, int]:
            assert server.stdin is not None
            name, now = str(next(numbers)), time.monotonic_ns()
            server.stdin.write(f"{name}\n")
            server.stdin.flush()
            return name, now

        return _broadcasts(server, port, publish)


def _broadcasts(server: "subprocess.Popen[str]", port: int, publish: Any) -> dict[str, float]:
    before = _memory(server.pid)
    with _process(["node", str(NODE / "audience.mjs"), f"http://127.0.0.1:{port}", str(CLIENTS)], None) as audience:
        assert audience.stdout is not None
        assert audience.stdout.readline() == "connected\n"
        time.sleep(2)
        memory = _memory(server.pid) - before
        found = [_latencies(publish, audience) for _ in range(BROADCASTS)]
    return {
        "median arrival, ms": median(median(times) for times in found),
        "99th percentile of arrivals, ms": median(sorted(times)[int(0.99 * CLIENTS)] for times in found),
        "from the first client to the last, ms": median(max(times) - min(times) for times in found),
        "memory a connected client, kB": memory / CLIENTS / 1e3,
    }


def _latencies(publish: Any, audience: "subprocess.Popen[str]") -> list[float]:
    """Milliseconds from the publication to each client."""
    name, started = publish()
    assert audience.stdout is not None
    received = json.loads(audience.stdout.readline())
    assert name in received["result"]
    time.sleep(0.2)
    return [(int(at) - started) / 1e6 for at in received["times"]]


def _publish(backend: Backend) -> tuple[str, int]:
    """Finish a public job as a worker does."""
    job_id, now = token_hex(16), time.time()
    input_key, output_key = (object_key(job_id, kind, ".jpg", public=True) for kind in ("input", "output"))
    job = Job(job_id, "anna", job_id, StyleParams(), (StyleRef("starlit-swirl"),), True, input_key, now)
    backend.queue.submit(job, Quota(10**6, 10**6, 10**6))
    while (lease := backend.queue.claim("bench", now, 30)) is not None and lease.job.id != job_id:
        backend.jobs.finish(lease.job.fencing_token, Outcome.cancelled(), now)  # left in the queue by the other benchmark
    assert lease is not None
    started = time.monotonic_ns()
    backend.jobs.finish(lease.job.fencing_token, Outcome.succeeded(output_key, 1, {}), now)
    backend.job_events.notify(job_id, now)
    return job_id, started


def _submissions_a_second(url: str) -> float:
    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(SUBMITTERS) as pool:
        started = time.perf_counter()
        answers = list(pool.map(lambda _: http.post(url, json=a_submission()).status_code, range(SUBMISSIONS)))
        assert set(answers) == {202}
        return SUBMISSIONS / (time.perf_counter() - started)


@contextmanager
def _process(command: list[str], environment: dict[str, str] | None) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _until_answers(url: str) -> None:
    while True:
        try:
            if httpx.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)


def _memory(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1]) * 1024
