"""What AWS Batch would do, on this machine: it takes jobs that were submitted to moto, puts their parameters into the job definition's
command, runs it as a process, and sends every change of state as an EventBridge event.

Retries go by the job definition's retry strategy; TerminateJob and time limits by SIGTERM, and SIGKILL after it. There is one machine.
"""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any  # for jobs, whose parts moto declares as optional

from moto.batch.models import Job, batch_backends

from tests.support.aws import ACCOUNT, REGION, Aws, process_environment

ROOT = Path(__file__).parents[2]
_LOOK_SECONDS = 0.02
_GRACE_SECONDS = 5.0  # Batch gives thirty


class Executor:
    """Runs until it is left.

    Args:
        environment: of the agent, besides what the job definition says: the endpoint, and the engine of the test.

    Attributes:
        holds: while it is set, there is no machine.
        host_ends: once set, the machine is taken away at the next look: the process gets SIGTERM, and Batch says why.
        agents: every process that it has started.
    """

    def __init__(self, aws: Aws, environment: dict[str, str]) -> None:
        self._aws, self._environment = aws, environment
        self._events = aws.client("events")
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="executor", daemon=True)
        self.holds = threading.Event()
        self.host_ends = threading.Event()
        self.agents: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Executor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join()

    def jobs(self) -> list[Job]:
        found = list(batch_backends[ACCOUNT][REGION]._jobs.values())
        return [job for job in found if job.job_queue.arn == self._aws.job_queue_arn]

    def _serve(self) -> None:
        while not self._leaving.wait(_LOOK_SECONDS):
            for job in self.jobs():
                if job.status in (None, "SUBMITTED"):
                    self._move(job, "RUNNABLE")
                if job.status == "RUNNABLE" and job.stop:
                    self._end(job, "FAILED", job.job_stopped_reason or "", None)
                elif job.status == "RUNNABLE" and not self.holds.is_set():
                    self._run(job)

    def _run(self, job: Any) -> None:
        number = len(job.attempts) + 1
        self._move(job, "STARTING")
        process = subprocess.Popen(_command(job), env=self._agent_environment(job, number), cwd=ROOT)
        self.agents.append(process)
        self._move(job, "RUNNING")
        reason = self._watch(job, process)
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        job.attempts.append({"container": {"exitCode": code, "reason": reason}})
        if code == 0:
            self._end(job, "SUCCEEDED", "Essential container in task exited", 0)
        elif not job.stop and number < job.job_definition.retry_strategy["attempts"] and may_retry(_rules(job), code, reason, reason):
            self._move(job, "RUNNABLE")
        else:
            self._end(job, "FAILED", reason, code)

    def _watch(self, job: Job, process: "subprocess.Popen[bytes]") -> str:
        """Until the process has ended; why, in Batch's words."""
        reason = "Essential container in task exited"
        while process.poll() is None:
            if self._leaving.is_set() or job.stop or self.host_ends.is_set():
                reason = job.job_stopped_reason or reason
                if self.host_ends.is_set():
                    self.host_ends.clear()
                    reason = "Host EC2 (instance i-0123456789abcdef0) terminated."
                process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE_SECONDS)
                if process.poll() is None:
                    process.kill()
                process.wait()
                return reason
            time.sleep(_LOOK_SECONDS)
        return reason

    def _agent_environment(self, job: Any, number: int) -> dict[str, str]:
        defined = {entry["name"]: entry["value"] for entry in job.job_definition.container_properties["environment"]}
        batch = {"AWS_BATCH_JOB_ID": job.job_id, "AWS_BATCH_JOB_ATTEMPT": str(number)}
        names = ("AWS_MAX_ATTEMPTS", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
        aws = {name: self._aws.environment[name] for name in names}
        return process_environment({**aws, **self._environment, **defined, **batch})

    def _move(self, job: Job, status: str, reason: str = "", exit_code: int | None = None) -> None:
        job.status = status
        container = {} if exit_code is None else {"exitCode": exit_code}
        detail = {
            "jobName": job.job_name,
            "jobId": job.job_id,
            "jobQueue": job.job_queue.arn,
            "status": status,
            "statusReason": reason,
            "parameters": job.parameters,
            "container": container,
            "attempts": job.attempts,
        }
        entry = {"Source": "aws.batch", "DetailType": "Batch Job State Change", "Detail": json.dumps(detail)}
        self._events.put_events(Entries=[entry])

    def _end(self, job: Job, status: str, reason: str, exit_code: int | None) -> None:
        job.job_stopped, job.job_stopped_reason, job.exit_code = True, reason, exit_code
        self._move(job, status, reason, exit_code)


def _command(job: Any) -> list[str]:
    words = [
        job.parameters.get(word.removeprefix("Ref::"), word) if word.startswith("Ref::") else word
        for word in job.job_definition.container_properties["command"]
    ]
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


def _rules(job: Any) -> list[dict[str, str]]:
    rules: list[dict[str, str]] = job.job_definition.retry_strategy["evaluateOnExit"]
    return rules


def may_retry(rules: Iterable[Mapping[str, str]], code: int | None, status_reason: str, reason: str) -> bool:
    """The first rule whose patterns all fit decides; with none, it is tried again."""
    said = {"onExitCode": "" if code is None else str(code), "onReason": reason, "onStatusReason": status_reason}
    for rule in rules:
        if all(fnmatch(said[name], rule[name]) for name in said if name in rule):
            return rule["action"].upper() == "RETRY"
    return True
