"""An AWS of our own: moto's server on a free port, with what the studio needs in it, made from the templates that deploy it."""

import json
import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.batch.models import Job as BatchJob
from moto.moto_api import state_manager
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # type: ignore[attr-defined]
from werkzeug.serving import BaseWSGIServer, make_server

from nst.settings import MADE_FOR_ONE_MACHINE, Settings
from nst.store.aws.clients import Clients
from tests.support.aws_failures import AwsFailures
from tests.support.templates import on_machines, resource

REGION = "eu-central-1"
CHOSEN = {f"NST_{name.upper()}": str(Settings.model_fields[name].default) for name in MADE_FOR_ONE_MACHINE if name != "redis_url"}
"""The limits of one machine, which is what tests run on, chosen as a deployment has to. The URL of Redis is the test's own."""
ACCOUNT = "123456789012"
_ANY_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Aws:
    """A server, and one deployment of the studio in it. `environment` is what a process needs to find both."""

    def __init__(self, url: str, failures: AwsFailures) -> None:
        self.url, self.failures = url, failures
        name = secrets.token_hex(4)
        self.session = boto3.session.Session("test", "test", region_name=REGION)
        self.bucket = f"pictures-{name}"
        self.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.dead_letters, _ = self._queue(f"dead-{name}")
        self.done_queue, self.done_arn = self._queue(f"done-{name}", _redrive(self._arn(self.dead_letters)))
        self.job_queue, self.job_queue_arn, self.definition = self._batch(name)
        self._rule(name)

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.url)

    @property
    def clients(self) -> Clients:
        """As the studio makes them, to this server."""
        return Clients(_At(self.session, self.url))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_MAX_ATTEMPTS": "3",  # so that tests wait for seconds only
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "NST_BACKEND": "aws",
            "NST_OBJECTS_URL": f"s3://{self.bucket}",
            "NST_BATCH_QUEUE": self.job_queue,
            "NST_BATCH_DEFINITION": self.definition,
            "NST_DONE_QUEUE_URL": self.done_queue,
            **CHOSEN,
        }

    def keys(self) -> set[str]:
        """The keys in the bucket."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    def messages(self, url: str) -> int:
        """The number of messages in a queue, those in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def say(self, body: str | dict[str, Any]) -> None:
        """Puts a message into the done queue, as anybody might."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.client("sqs").send_message(QueueUrl=self.done_queue, MessageBody=text)

    def _queue(self, name: str, attributes: dict[str, str] | None = None) -> tuple[str, str]:
        url = self.client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1", **(attributes or {})})["QueueUrl"]
        return url, self._arn(url)

    def _arn(self, url: str) -> str:
        found = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn: str = found["Attributes"]["QueueArn"]
        return arn

    def _batch(self, name: str) -> tuple[str, str, str]:
        """A queue of nothing, since moto starts no machines, and the definition that is deployed."""
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_ANY_TRUST))["Role"]["Arn"]
        batch = self.client("batch")
        environment = batch.create_compute_environment(
            computeEnvironmentName=name, type="UNMANAGED", state="ENABLED", serviceRole=role, unmanagedvCpus=4
        )["computeEnvironmentArn"]
        order = [{"order": 1, "computeEnvironment": environment}]
        queue = batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
        deployed = resource("jobs", "JobDefinition")
        batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            parameters=deployed["Parameters"],
            retryStrategy=camel(on_machines("gpu", deployed["RetryStrategy"])),
            containerProperties={
                "image": "pastiche",
                "command": deployed["ContainerProperties"]["Command"],
                "vcpus": 4,
                "memory": 2048,
                "environment": [
                    {"name": "IMAGE_BUCKET_NAME", "value": self.bucket},
                    {"name": "JOB_DONE_QUEUE_URL", "value": self.done_queue},
                ],
            },
        )
        return name, queue["jobQueueArn"], name

    def _rule(self, name: str) -> None:
        pattern = json.loads(json.dumps(resource("jobs", "StateChanges")["EventPattern"]))
        pattern["detail"]["jobQueue"] = [self.job_queue_arn]
        events = self.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "done-queue", "Arn": self.done_arn}])


@contextmanager
def open_aws() -> Iterator[tuple[str, AwsFailures]]:
    """A server; any number of deployments fit into it. Its Batch does nothing by itself: `tests.support.batch_executor` is what does."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    state_manager.set_transition("batch::job", {"progression": "manual", "times": 10**9})
    BatchJob.start = lambda _self: None  # type: ignore[method-assign,assignment]  # it would look for Docker
    failures = AwsFailures(DomainDispatcherApplication(create_backend_app))
    server: BaseWSGIServer = make_server("127.0.0.1", 0, failures, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", failures
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _At:
    """A session whose clients speak to one address."""

    def __init__(self, session: Any, url: str) -> None:
        self._session, self._url = session, url

    def client(self, service: str, **options: Any) -> Any:
        return self._session.client(service, endpoint_url=self._url, **options)


def _redrive(arn: str) -> dict[str, str]:
    count = resource("jobs", "DoneQueue")["RedrivePolicy"]["maxReceiveCount"]
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": count})}


def camel(value: Any) -> Any:
    """CloudFormation's spelling as the API's."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: camel(inner) for name, inner in value.items()}
    return [camel(inner) for inner in value] if isinstance(value, list) else value


def process_environment(extra: dict[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NST_"))}, **extra}
