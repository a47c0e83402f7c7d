"""deploy/aws/deploy.sh, with programs in the place of Docker and the AWS CLI that note what they are asked for."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.templates import FOLDER, STACKS

_AWS = """#!/bin/sh
echo "$@" >> "$NOTES"
case "$*" in
    *get-service-quota*L-3819A6DF*) echo "${SPOT:-${QUOTA:-8.0}}" ;;
    *get-service-quota*) echo "${QUOTA:-8.0}" ;;
    *get-caller-identity*) [ -z "$EXPIRED" ] || exit 255 ;;
    *StackStatus*) case "$*" in *"$FAILED"*) [ -z "$FAILED" ] || echo ROLLBACK_COMPLETE ;; esac ;;
    *describe-stacks*AppRepository*) echo 1.dkr.ecr/pastiche-staging-app ;;
    *describe-stacks*AgentRepository*) echo 1.dkr.ecr/pastiche-staging-agent ;;
    *describe-stacks*JobQueue*) echo arn:aws:batch:eu-central-1:1:job-queue/q ;;
    *describe-stacks*-workers*ServiceName*) echo "$WORKERS" ;;
    *get-login-password*) echo secret ;;
    *run-task*) echo arn:task ;;
    *exitCode*) echo "${CODE:-0}" ;;
    *describe-services*taskDefinition*) echo arn:definition:7 ;;
    *describe-services*networkConfiguration*) echo '{"awsvpcConfiguration":{}}' ;;
esac
"""
# An image that was built from the same files for another environment is the same image, and has a digest in each repository.
_DOCKER = """#!/bin/sh
echo "docker $*" >> "$NOTES"
case "$*" in
    login*) cat > /dev/null ;;
    *"index .RepoDigests 0"*) echo 1.dkr.ecr/pastiche-development-app@sha256:aa ;;
    inspect*) for each in development-app staging-app development-agent staging-agent; do echo "1.dkr.ecr/pastiche-$each@sha256:aa"; done ;;
esac
"""


CERTIFICATE = "arn:aws:acm:eu-central-1:1:certificate/c"


class Deploys:
    """Runs the script. `notes` is what the AWS CLI was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("aws", _AWS), ("docker", _DOCKER)):
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)

    def __call__(self, *options: str, certificate: str = CERTIFICATE, **variables: str) -> "subprocess.CompletedProcess[str]":
        own = {"PATH": f"{self.folder}:{os.environ['PATH']}", "NOTES": str(self.folder / "notes"), "AWS_DEFAULT_REGION": "eu-central-1"}
        command = [FOLDER / "deploy.sh", "staging", "--certificate", certificate, *options]
        return subprocess.run(command, env={**os.environ, **own, **variables}, capture_output=True, encoding="utf-8", check=False)

    @property
    def notes(self) -> str:
        return (self.folder / "notes").read_text(encoding="utf-8")


@pytest.fixture
def deploy(tmp_path: Path) -> Deploys:
    return Deploys(tmp_path)


@pytest.fixture
def deployed(deploy: Deploys) -> dict[str, str]:
    """What each stack is deployed with."""
    done = deploy("--alarms", "arn:a", "--warm", "1")
    assert done.returncode == 0, done.stderr
    notes = deploy.notes
    return {found[1]: found[0] for found in re.finditer(r"cloudformation deploy .*--template-file deploy/aws/(\w+)\.yaml.*", notes)}


def test_every_stack_is_deployed_after_those_that_it_imports_from(deployed: dict[str, str]) -> None:
    assert tuple(deployed) == STACKS


def test_an_environment_runs_images_from_its_own_repositories(deployed: dict[str, str]) -> None:
    """Another's go with that environment, or when it has newer ones."""
    assert "AppImage=1.dkr.ecr/pastiche-staging-app@sha256:aa " in deployed["app"]
    assert "AgentImage=1.dkr.ecr/pastiche-staging-agent@sha256:aa " in deployed["jobs"]


@pytest.mark.parametrize(
    ("options", "variables", "sentence"),
    [
        ([], {"QUOTA": "0.0"}, "or deploy with --machines cpu"),
        ([], {"EXPIRED": "yes"}, "AWS does not accept the credentials"),
        ([], {"AWS_DEFAULT_REGION": ""}, "There is no region"),
        ([], {"AWS_DEFAULT_REGION": "us-east-1"}, "is not one of the region us-east-1"),
        (["--machines", "fast"], {}, "--machines must be gpu or cpu"),
        (["--warm", "7"], {}, "0 or 1, not 7"),
        (["--app-image", "pastiche:latest"], {}, "pastiche:latest is not named by digest"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_made(
    deploy: Deploys, options: list[str], variables: dict[str, str], sentence: str
) -> None:
    done = deploy(*options, **variables)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert not (deploy.folder / "notes").exists() or "cloudformation deploy" not in deploy.notes


def test_machines_without_gpus_need_no_quota(deploy: Deploys) -> None:
    assert deploy("--machines", "cpu", QUOTA="0.0").returncode == 0
    assert "get-service-quota" not in deploy.notes


def test_a_quota_that_cannot_be_read_is_said_and_is_no_reason_to_stop(deploy: Deploys) -> None:
    done = deploy(QUOTA="None")
    assert done.returncode == 0
    assert "L-DB2E81BA" in done.stderr


@pytest.mark.parametrize("quotas", [{"QUOTA": "0.0", "SPOT": "8.0"}, {"QUOTA": "8.0", "SPOT": "0.0"}])
def test_one_kind_of_machines_with_gpus_is_enough(deploy: Deploys, quotas: dict[str, str]) -> None:
    done = deploy(**quotas)
    assert done.returncode == 0, done.stderr
    assert "may run 0 vCPUs" in done.stderr


def test_the_roles_of_services_that_were_never_used_are_made(deploy: Deploys) -> None:
    assert deploy().returncode == 0
    made = re.findall(r"create-service-linked-role --aws-service-name (\S+)\.amazonaws\.com", deploy.notes)
    assert set(made) == {"ecs", "batch", "spot", "elasticache", "ecs.application-autoscaling"}


def test_a_stack_that_could_not_be_created_is_deleted_on_request_only(deploy: Deploys) -> None:
    done = deploy(FAILED="pastiche-staging-storage")
    assert done.returncode != 0
    assert "pastiche-staging-storage is in ROLLBACK_COMPLETE" in done.stderr
    assert "delete-stack" not in deploy.notes
    assert deploy("--remove-failed", "yes", FAILED="pastiche-staging-storage").returncode == 0
    assert re.findall(r"delete-stack --stack-name (\S+)", deploy.notes) == ["pastiche-staging-storage"]


def test_images_that_are_named_are_deployed_and_nothing_is_built(deploy: Deploys) -> None:
    old = {"--app-image": "1.dkr.ecr/pastiche-staging-app@sha256:01", "--agent-image": "1.dkr.ecr/pastiche-staging-agent@sha256:02"}
    (deploy.folder / "docker").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    done = deploy(*(word for pair in old.items() for word in pair))
    assert done.returncode == 0, done.stderr
    assert f"AppImage={old['--app-image']} " in deploy.notes
    assert f"AgentImage={old['--agent-image']} " in deploy.notes


def test_other_machines_have_another_job_queue_which_the_others_are_told(deployed: dict[str, str]) -> None:
    """By a parameter: no export may change while it is imported."""
    for stack in ("workers", "app"):
        assert "JobQueue=arn:aws:batch:eu-central-1:1:job-queue/q" in deployed[stack]


def test_warm_workers_are_deployed_on_request_and_told_to_the_app(deployed: dict[str, str], deploy: Deploys) -> None:
    assert "Machines=gpu WorkerImage=1.dkr.ecr/pastiche-staging-agent@sha256:aa " in deployed["workers"]
    assert "Minimum=1" in deployed["workers"]
    assert " Warm=gpu " in deployed["app"]
    assert "delete-stack" not in deploy.notes


def test_without_them_batch_paints_all_before_they_go(deploy: Deploys) -> None:
    assert deploy(WORKERS="pastiche-workers").returncode == 0
    assert " Warm=none " in deploy.notes
    assert "workers.yaml" not in deploy.notes
    assert deploy.notes.index("deploy/aws/app.yaml") < deploy.notes.index("delete-stack --stack-name pastiche-staging-workers")


def test_where_there_were_none_nothing_is_deleted(deploy: Deploys) -> None:
    assert deploy().returncode == 0
    assert "delete-stack" not in deploy.notes


def test_a_snapshot_is_named_when_it_is_to_be_restored_and_never_again(deploy: Deploys) -> None:
    assert deploy("--restore", "pastiche-1").returncode == 0
    assert "RestoreFrom=pastiche-1" in deploy.notes
    (deploy.folder / "notes").unlink()
    assert deploy().returncode == 0
    assert "RestoreFrom" not in deploy.notes, "another name, and none, would make another Valkey"


def test_the_door_the_rate_and_the_logs_are_options(deploy: Deploys) -> None:
    assert deploy().returncode == 0
    assert "Door=closed RequestsPerAddress=0 AccessLogBucket=\n" in deploy.notes + "\n"
    (deploy.folder / "notes").unlink()
    assert deploy("--door", "open", "--requests-per-address", "5000", "--access-logs", "logs").returncode == 0
    assert "Door=open RequestsPerAddress=5000 AccessLogBucket=logs" in deploy.notes


@pytest.mark.parametrize(("machines", "builds"), [("gpu", 1), ("cpu", 2)])
def test_machines_without_gpus_get_an_image_without_cuda(deploy: Deploys, machines: str, builds: int) -> None:
    assert deploy("--machines", machines).returncode == 0
    built = [line for line in deploy.notes.splitlines() if line.startswith("docker build ")]
    assert len(built) == 2
    assert sum("TORCH_INDEX=https://download.pytorch.org/whl/cpu" in line for line in built) == builds


def test_after_a_deployment_the_studio_paints_a_sample(deploy: Deploys) -> None:
    done = deploy()
    assert done.returncode == 0
    assert "It has painted a sample photo." in done.stdout
    (run,) = re.findall(r"^ecs run-task .*$", deploy.notes, re.MULTILINE)
    assert '"command":["python","-m","nst","admin","smoke"]' in run
    assert "--task-definition arn:definition:7 --network-configuration {" in run
    assert deploy.notes.index("deploy/aws/app.yaml") < deploy.notes.index("ecs run-task")


def test_a_studio_that_does_not_paint_is_no_success(deploy: Deploys) -> None:
    done = deploy(CODE="32")
    assert done.returncode != 0
    assert "has not painted a sample photo" in done.stderr
    assert "--agent-image" in done.stderr


def test_the_sample_can_be_left_out(deploy: Deploys) -> None:
    assert deploy("--smoke", "no").returncode == 0
    assert "run-task" not in deploy.notes
