"""AWS Batch as machines. A Batch job is named as our job is, so that each is found from the other."""

import json
from contextlib import suppress
from typing import Any

from nst.domain import Job
from nst.store.aws.clients import in_our_words
from nst.store.machines import Assignment, Phase
from nst.store.wire import attempt_in, reason_in, request_id

PHASES = {
    "SUBMITTED": Phase.WAITING,
    "PENDING": Phase.WAITING,
    "RUNNABLE": Phase.WAITING,
    "STARTING": Phase.STARTING,
    "RUNNING": Phase.PAINTING,
    "SUCCEEDED": Phase.SUCCEEDED,
    "FAILED": Phase.FAILED,
}
_AT_ONCE = 100  # jobs that one request describes
_MARGIN_SECONDS = 300  # the agent ends a painting that takes too long by itself, and says so; Batch ends an agent that does not


class AwsBatch:
    """`Machines`.

    Args:
        queue, definition: by name or ARN.
        job_seconds: the longest that a painting may take.
    """

    def __init__(self, client: Any, queue: str, definition: str, job_seconds: float) -> None:
        self._client, self._queue, self._definition = client, queue, definition
        self._timeout = {"attemptDurationSeconds": int(job_seconds) + _MARGIN_SECONDS}

    def submit(self, job: Job) -> None:
        with in_our_words():
            self._client.submit_job(
                jobName=job.id, jobQueue=self._queue, jobDefinition=self._definition, parameters=parameters_of(job), timeout=self._timeout
            )

    def find(self, job_id: str) -> list[Assignment]:
        named = [{"name": "JOB_NAME", "values": [job_id]}]
        with in_our_words():
            pages = self._client.get_paginator("list_jobs").paginate(jobQueue=self._queue, filters=named)
            ids = [found["jobId"] for page in pages for found in page["jobSummaryList"]]
            parts = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
            details = [found for part in parts for found in self._client.describe_jobs(jobs=part)["jobs"]]
        return [_assignment(found) for found in details]

    def stop(self, assignment_id: str, reason: str) -> None:
        """TerminateJob also cancels what has not begun, and does nothing to what is over: there is no moment between looking and acting."""
        with in_our_words(), suppress(self._client.exceptions.ClientException):  # which Batch has forgotten
            self._client.terminate_job(jobId=assignment_id, reason=reason)


def parameters_of(job: Job) -> dict[str, str]:
    """`contentKey`, `style` and `requestId` every agent understands; the others are ours, and have defaults in the job definition."""
    return {
        "contentKey": job.input_key,
        "style": job.styles[0].name,
        "requestId": request_id(job.id),
        "attempt": str(job.attempt),
        "params": json.dumps(job.params.to_dict(), separators=(",", ":")),
        "blend": json.dumps([[style.name, style.share] for style in job.styles], separators=(",", ":")),
    }


def _assignment(found: dict[str, Any]) -> Assignment:
    container = found.get("container", {})
    return Assignment(
        found["jobId"],
        found["jobName"],
        attempt_in(found.get("parameters", {})) or 0,
        PHASES[found["status"]],
        reason_in(found),
        container.get("exitCode"),
    )
