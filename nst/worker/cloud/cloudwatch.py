"""Figures of the studio for CloudWatch: once a minute a line in its embedded metric format, which it finds in the log of a container.

Every relay writes the same figures of the store: take their maximum, not their sum. Failures and refusals are those since its last line.
"""

import json
import sys
import threading
from collections.abc import Callable

from nst.domain import JobState
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker.cloud.warm import warm_lanes, warm_workers

REST_SECONDS = 60.0
NAMESPACE = "Pastiche"
UNITS = {
    "Waiting": "Count",
    "OldestWaitingSeconds": "Seconds",
    "Running": "Count",
    "Failed": "Count",
    "RefusedSubmits": "Count",
    "StoredPercent": "Percent",
    "WarmWorkers": "Count",
    "WarmBacklog": "Count",
    "WarmUnserved": "Count",
}
"""Every figure, with its unit.

WarmBacklog: paintings, waiting or in progress, for each warm worker. WarmUnserved: those that wait while there is no warm worker.
"""


class CloudWatch:
    """
    Args:
        refusals: how many submissions AWS Batch has refused so far.
        write: takes one line.
    """

    def __init__(
        self, backend: Backend, settings: Settings, refusals: Callable[[], int], write: Callable[[str], object] | None = None
    ) -> None:
        self._backend, self._settings, self._refusals = backend, settings, refusals
        self._write = write or _write_line
        self._failed: int | None = None
        self._refused = 0

    def step(self, now: float) -> bool:
        """Writes one line; always False.

        Raises:
            StoreUnavailable: when the figures cannot be read.
        """
        figures = self._figures(now)
        metrics = [{"Name": name, "Unit": unit} for name, unit in UNITS.items()]
        about = {"Namespace": NAMESPACE, "Dimensions": [["Deployment"]], "Metrics": metrics}
        line = {"_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [about]}, "Deployment": self._settings.cloudwatch, **figures}
        self._write(json.dumps(line))
        return False

    def rest(self, stop: threading.Event) -> None:
        stop.wait(REST_SECONDS)

    def _figures(self, now: float) -> dict[str, float]:
        lanes, counts, workers = self._backend.queue.lane_stats(), self._backend.jobs.counts(), warm_workers(self._backend, now)
        failed, refused = counts.get(JobState.FAILED, 0), self._refusals()
        waiting_warm = sum(stats.jobs for lane, stats in lanes.items() if lane in warm_lanes(self._settings))
        busy = sum(worker.job_id is not None for worker in workers)
        figures = {
            "Waiting": sum(stats.jobs for stats in lanes.values()),
            "OldestWaitingSeconds": max((now - stats.oldest for stats in lanes.values()), default=0.0),
            "Running": counts.get(JobState.RUNNING, 0),
            "Failed": max(0, failed - (failed if self._failed is None else self._failed)),
            "RefusedSubmits": refused - self._refused,
            "StoredPercent": 100 * self._backend.jobs.stored_bytes() / self._settings.disk_bytes,
            "WarmWorkers": len(workers),
            "WarmBacklog": (waiting_warm + busy) / max(1, len(workers)),
            "WarmUnserved": 0 if workers else waiting_warm,
        }
        self._failed, self._refused = failed, refused
        return figures


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
