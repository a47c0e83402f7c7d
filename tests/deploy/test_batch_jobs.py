"""What the template says of AWS Batch's jobs: their machines, their time, and which are tried again."""

import re

import pytest

from nst.worker.cloud import agent
from tests.support.aws import camel
from tests.support.batch_executor import may_retry
from tests.support.templates import on_machines, resource


def test_spot_comes_first_and_on_demand_after_it() -> None:
    for queue, kinds in (("GpuQueue", ["SPOT", "EC2"]), ("CpuQueue", ["FARGATE_SPOT", "FARGATE"])):
        order = sorted(resource("jobs", queue)["ComputeEnvironmentOrder"], key=lambda entry: entry["Order"])
        assert [resource("jobs", entry["ComputeEnvironment"]["Ref"])["ComputeResources"]["Type"] for entry in order] == kinds


def test_known_fault_no_retry_and_no_timeout() -> None:
    definition = resource("jobs", "JobDefinition")
    assert definition["Timeout"]["AttemptDurationSeconds"] >= 60
    assert definition["RetryStrategy"]["Attempts"] == 3
    assert len(definition["RetryStrategy"]["EvaluateOnExit"]) <= 5, "AWS Batch takes no more"
    for queue in ("GpuQueue", "CpuQueue"):
        assert {action["State"] for action in resource("jobs", queue)["JobStateTimeLimitActions"]} == {"RUNNABLE"}


EXITED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("machines", "status", "reason", "code", "action"),
    [
        ("gpu", "Host EC2 (instance i-0123456789abcdef0) terminated.", "", None, "RETRY"),
        ("gpu", "Host EC2 (instance i-0123456789abcdef0) terminated.", "", 143, "RETRY"),
        ("gpu", "Task failed to start", "CannotPullContainerError: i/o timeout", None, "RETRY"),
        ("gpu", "Task failed to start", "CgroupError: Agent could not create task's platform resources", None, "RETRY"),
        ("cpu", "Your Spot Task was interrupted.", "", 143, "RETRY"),
        ("cpu", "ResourceInitializationError: unable to pull secrets or registry auth", "", None, "RETRY"),
        ("cpu", "CannotPullContainerError: pull image manifest has been retried 5 time(s)", "", None, "RETRY"),
        ("cpu", "Timeout waiting for network interface provisioning to complete.", "", None, "RETRY"),
        *(
            (machines, EXITED, reason, code, action)
            for machines in ("gpu", "cpu")
            for reason, code, action in [
                ("", agent.TRY_AGAIN, "RETRY"),
                ("", agent.FAILED, "EXIT"),
                ("", 139, "EXIT"),
                ("OutOfMemoryError: Container killed due to memory usage", 137, "EXIT"),
            ]
        ),
        ("cpu", "OutOfMemoryError: container killed due to memory usage", "", 137, "EXIT"),
    ],
)
def test_batch_tries_again_what_its_machines_ended_and_not_what_failed(
    machines: str, status: str, reason: str, code: int | None, action: str
) -> None:
    rules = camel(on_machines(machines, resource("jobs", "JobDefinition")["RetryStrategy"]["EvaluateOnExit"]))
    patterns = [pattern for rule in rules for name, pattern in rule.items() if name != "action"]
    assert all(re.fullmatch(r"[\w.: ]*\*?", pattern, re.ASCII) for pattern in patterns), "what AWS Batch takes"
    assert may_retry(rules, code, status, reason) == (action == "RETRY")


def test_batch_lets_the_agent_end_by_itself_what_takes_too_long() -> None:
    (allowed,) = [
        int(entry["Value"])
        for entry in resource("jobs", "JobDefinition")["ContainerProperties"]["Environment"]
        if entry["Name"] == "NST_JOB_SECONDS"
    ]
    assert resource("jobs", "JobDefinition")["Timeout"]["AttemptDurationSeconds"] > allowed
