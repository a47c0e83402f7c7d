"""The templates created in moto, as far as it knows their resources: what they say of each other is what is there.

It knows no CloudFront, queue policies and alarms by CloudFormation, and no dynamic references, which cache and app are made of. The README
lists what only a real account proves.
"""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.parsing import resource_class_from_type

from tests.support.templates import ENVIRONMENTS, template

REGION = "eu-central-1"
IMAGE = "1.dkr.ecr.eu-central-1.amazonaws.com/agent@sha256:" + "a" * 64


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr("moto.batch.models.Job.start", lambda _: None)  # it would look for Docker
    with mock_aws():
        yield boto3.client("cloudformation", REGION)


def as_far_as_known(whole: dict[str, Any]) -> dict[str, Any]:
    """Without what moto does not know, and what says something of that."""
    kept = deepcopy(whole)
    for made in kept["Resources"].values():
        if made["Type"] == "AWS::Batch::ComputeEnvironment":  # AWS has a role of its own for it; moto asks for one
            made["Properties"]["ServiceRole"] = {"Fn::GetAtt": ["AgentRole", "Arn"]}
    missing = {name for name, made in whole["Resources"].items() if resource_class_from_type(made["Type"]) is None}
    while missing:
        named = re.compile(rf"\b({'|'.join(missing)})\b")
        missing = set()
        for section in ("Resources", "Outputs"):
            found = {name for name, value in kept[section].items() if named.search(json.dumps([name, value])) or name in missing}
            missing |= found if section == "Resources" else set()
            kept[section] = {name: value for name, value in kept[section].items() if name not in found}
    return kept


def create(cloudformation: Any, stack: str, environment: str, **parameters: str) -> dict[str, str]:
    """Outputs by name."""
    wanted = {"Environment": environment, **parameters}
    name = f"pastiche-{environment}-{stack}"
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(as_far_as_known(template(stack))),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in wanted.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (created,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert created["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in created.get("Outputs", [])}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_network_is_created_and_only_production_pays_for_nat(cloudformation: Any, environment: str) -> None:
    network = create(cloudformation, "network", environment)
    ec2 = boto3.client("ec2", REGION)
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    assert len(gateways) == (2 if environment == "production" else 0)
    private, compute = network["PrivateSubnets"], network["ComputeSubnets"]
    assert (compute == private) == (environment == "production")
    assert network["AssignPublicIp"] == ("DISABLED" if environment == "production" else "ENABLED")
    zones = ec2.describe_subnets(SubnetIds=compute.split(","))["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in zones}) == 2


@pytest.mark.parametrize("machines", ["gpu", "cpu"])
def test_queues_and_batch_are_created_and_a_job_can_be_submitted(cloudformation: Any, machines: str) -> None:
    create(cloudformation, "network", "development")
    storage = create(cloudformation, "storage", "development")
    jobs = create(cloudformation, "jobs", "development", Machines=machines, AgentImage=IMAGE)
    batch, sqs = boto3.client("batch", REGION), boto3.client("sqs", REGION)
    (definition,) = batch.describe_job_definitions(jobDefinitionName=jobs["JobDefinition"])["jobDefinitions"]
    environment = {entry["name"]: entry["value"] for entry in definition["containerProperties"]["environment"]}
    assert environment["IMAGE_BUCKET_NAME"] == storage["BucketName"]
    assert environment["JOB_DONE_QUEUE_URL"] == jobs["DoneQueueUrl"]
    redrive = sqs.get_queue_attributes(QueueUrl=jobs["DoneQueueUrl"], AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    assert json.loads(redrive)["maxReceiveCount"] == 5
    wanted = {"contentKey": "k", "style": "s", "requestId": "a::b"}
    batch.submit_job(jobName="job-1", jobQueue=jobs["JobQueue"], jobDefinition=jobs["JobDefinition"], parameters=wanted)
    assert batch.list_jobs(jobQueue=jobs["JobQueue"], filters=[{"name": "JOB_NAME", "values": ["job-1"]}])["jobSummaryList"]


@pytest.mark.parametrize("machines", [["gpu", "cpu"], ["cpu", "gpu"]])
def test_machines_with_gpus_can_be_changed_for_others_and_no_export_changes(cloudformation: Any, machines: list[str]) -> None:
    create(cloudformation, "network", "development")
    create(cloudformation, "storage", "development")
    before, after = machines
    first = create(cloudformation, "jobs", "development", Machines=before, AgentImage=IMAGE)["JobQueue"]
    exports = exported(cloudformation)
    cloudformation.update_stack(
        StackName="pastiche-development-jobs",
        TemplateBody=json.dumps(as_far_as_known(template("jobs"))),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in {"Environment": "development", "Machines": after, "AgentImage": IMAGE}.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    (changed,) = cloudformation.describe_stacks(StackName="pastiche-development-jobs")["Stacks"]
    assert changed["StackStatus"] == "UPDATE_COMPLETE"
    second = next(output["OutputValue"] for output in changed["Outputs"] if output["OutputKey"] == "JobQueue")
    assert first != second, "a queue's kind cannot be changed"
    assert exported(cloudformation) == exports, "the app's stack imports them"


def exported(cloudformation: Any) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in cloudformation.list_exports()["Exports"]}
