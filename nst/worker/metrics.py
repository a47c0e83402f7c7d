"""A worker's metrics for Prometheus, and its readiness: GET /metrics and /readyz.

Metrics of the store (queue, workers) are read at every scrape, and are the same from every worker: take their maximum, not their sum.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Counter, Histogram, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import ThreadingWSGIServer

from nst.domain import Job, JobState, Outcome
from nst.errors import StoreUnavailable
from nst.store.ports import Backend

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_BUCKETS = (0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
_SILENCE_SECONDS = 60.0  # after which a worker's heartbeat is not shown any more


class Metrics:
    """The metrics of one worker process."""

    def __init__(self, backend: Backend) -> None:
        self.registry = CollectorRegistry()
        text = "Jobs that this worker has brought to an end."
        self._ended = Counter("pastiche_jobs_ended", text, ["preset", "state"], registry=self.registry)
        text = "From claim to success."
        self._seconds = Histogram("pastiche_painting_seconds", text, ["preset"], buckets=_BUCKETS, registry=self.registry)
        self.registry.register(_Store(backend))

    def note_end(self, job: Job, outcome: Outcome, seconds: float) -> None:
        self._ended.labels(job.params.preset.value, outcome.state.value).inc()
        if outcome.state is JobState.SUCCEEDED:
            self._seconds.labels(job.params.preset.value).observe(seconds)


class _Store:
    """Read at every scrape."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def collect(self) -> Iterator[Metric]:
        try:
            yield from self._families()
            is_up = 1
        except StoreUnavailable:
            is_up = 0
        yield GaugeMetricFamily("pastiche_store_up", "Whether the store answers.", value=is_up)

    def _families(self) -> Iterator[Metric]:
        now, line = self._backend.clock(), self._backend.queue.lane_stats()
        lanes = [(lane.value, found) for lane, found in line.items()]
        yield _gauges("queue_jobs", "Jobs that wait.", "preset", ((lane, found.jobs) for lane, found in lanes))
        oldest = ((lane, now - found.oldest) for lane, found in lanes)
        yield _gauges("queue_oldest_seconds", "Age of the oldest job that waits.", "preset", oldest)
        counts = self._backend.jobs.counts()
        yield _gauges("jobs", "Jobs that are kept.", "state", ((state.value, counts.get(state, 0)) for state in JobState))
        yield GaugeMetricFamily("pastiche_stored_bytes", "Of all pictures.", value=self._backend.jobs.stored_bytes())
        workers = ((worker.name, now - worker.seen) for worker in self._backend.workers.present(now - _SILENCE_SECONDS))
        yield _gauges("worker_heartbeat_seconds", "Since a worker's last report.", "worker", workers)


def _gauges(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"pastiche_{name}", text, labels=[label])
    for value, number in values:
        family.add_metric([value], number)
    return family


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Probes come every few seconds."""


def serve(metrics: Metrics, is_ready: Callable[[], bool], port: int) -> ThreadingWSGIServer:
    """Answers requests in threads until the server is shut down. Port 0 takes a free one."""
    metrics_app: Callable[..., Iterable[bytes]] = make_wsgi_app(metrics.registry)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                return metrics_app(environ, start_response)
            case "/readyz":
                ready = is_ready()
                start_response("200 OK" if ready else "503 Service Unavailable", [("Content-Type", "text/plain")])
                return [b"ready" if ready else b"not ready"]
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"/metrics or /readyz"]

    server = make_server("", port, answer, ThreadingWSGIServer, _Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
