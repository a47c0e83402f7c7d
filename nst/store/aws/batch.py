"""AWS Batch. A batch job has the id of its job as its name, so that each is found from the other."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nst.domain import Job, Preset, digests_of, longest_seconds
from nst.store.aws.errors import AWS, translate_errors
from nst.store.ports.batch import BatchCompute, BatchJob, BatchPhase
from nst.store.wire import NO_EARLIER, attempt_in, reason_in, request_id

PHASES = {
    "SUBMITTED": BatchPhase.WAITING,
    "PENDING": BatchPhase.WAITING,
    "RUNNABLE": BatchPhase.WAITING,
    "STARTING": BatchPhase.STARTING,
    "RUNNING": BatchPhase.PAINTING,
    "SUCCEEDED": BatchPhase.SUCCEEDED,
    "FAILED": BatchPhase.FAILED,
}
_AT_ONCE = 100  # jobs that one request describes
_MARGIN_SECONDS = 300  # the agent ends a painting that takes too long, and reports it; Batch ends an agent that does not


class AwsBatch(BatchCompute):
    """
    Args:
        queue, definition: by name or ARN.
        job_seconds: the longest that a painting may take, unless it is large (see `nst.domain.longest_seconds`).
        memory: MiB by preset, instead of the definition's.
    """

    def __init__(self, client: Any, queue: str, definition: str, job_seconds: float, memory: Mapping[Preset, int] | None = None) -> None:
        self._client, self._queue, self._definition = client, queue, definition
        self._job_seconds, self._memory = job_seconds, memory or {}

    def submit(self, job: Job) -> None:
        preset = job.params.preset
        timeout = {"attemptDurationSeconds": int(longest_seconds(job.params, self._job_seconds)) + _MARGIN_SECONDS}
        places = {"jobQueue": self._queue, "jobDefinition": self._definition}
        memory = [{"type": "MEMORY", "value": str(self._memory[preset])}] if preset in self._memory else []
        overrides = {"containerOverrides": {"resourceRequirements": memory}} if memory else {}
        with translate_errors(AWS):
            self._client.submit_job(jobName=job.id, **places, parameters=parameters_of(job), timeout=timeout, **overrides)

    def find(self, job_id: str) -> list[BatchJob]:
        named = [{"name": "JOB_NAME", "values": [job_id]}]
        with translate_errors(AWS):
            pages = self._client.get_paginator("list_jobs").paginate(jobQueue=self._queue, filters=named)
            ids = [found["jobId"] for page in pages for found in page["jobSummaryList"]]
            parts = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
            details = [found for part in parts for found in self._client.describe_jobs(jobs=part)["jobs"]]
        return [_batch_job(found) for found in details]

    def stop(self, batch_job_id: str, reason: str) -> None:
        """TerminateJob also cancels a job that has not started, and ignores one that is over: no race between checking and acting."""
        with translate_errors(AWS), suppress(self._client.exceptions.ClientException):  # which Batch has forgotten
            self._client.terminate_job(jobId=batch_job_id, reason=reason)


def parameters_of(job: Job) -> dict[str, str]:
    """Every agent understands `contentKey`, `style` and `requestId`; the others are newer, and have defaults in the job definition."""
    return {
        "contentKey": job.input_key,
        "style": job.styles[0].name,
        "requestId": request_id(job.id),
        "attempt": str(job.attempt),
        "params": json.dumps(job.params.to_dict(), separators=(",", ":")),
        "blend": json.dumps([[style.name, style.share] for style in job.styles], separators=(",", ":")),
        "digests": json.dumps(digests_of(job.styles), separators=(",", ":")),
        "regions": json.dumps([region.to_dict() for region in job.regions], separators=(",", ":")),
        "earlier": job.earlier_key or NO_EARLIER,
    }


def _batch_job(found: dict[str, Any]) -> BatchJob:
    container = found.get("container", {})
    return BatchJob(
        found["jobId"],
        found["jobName"],
        attempt_in(found.get("parameters", {})) or 0,
        PHASES[found["status"]],
        reason_in(found),
        container.get("exitCode"),
        _waiting_since(found),
    )


def _waiting_since(found: dict[str, Any]) -> float | None:
    """When it was submitted, or its last attempt ended; in seconds since the epoch (Batch counts in milliseconds)."""
    ends = [attempt.get("stoppedAt") or 0 for attempt in found.get("attempts", [])]
    return max(found.get("createdAt") or 0, *ends, 0) / 1000 or None
