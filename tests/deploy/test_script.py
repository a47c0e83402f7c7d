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
    *describe-stacks*AppRepository*) echo 1.dkr.ecr/pastiche-staging-app ;;
    *describe-stacks*AgentRepository*) echo 1.dkr.ecr/pastiche-staging-agent ;;
    *get-login-password*) echo secret ;;
esac
"""
# An image that was built from the same files for another environment is the same image, and has a digest in each repository.
_DOCKER = """#!/bin/sh
case "$*" in
    login*) cat > /dev/null ;;
    *"index .RepoDigests 0"*) echo 1.dkr.ecr/pastiche-development-app@sha256:aa ;;
    inspect*) for each in development-app staging-app development-agent staging-agent; do echo "1.dkr.ecr/pastiche-$each@sha256:aa"; done ;;
esac
"""


@pytest.fixture
def deployed(tmp_path: Path) -> dict[str, str]:
    """What each stack is deployed with."""
    for name, text in (("aws", _AWS), ("docker", _DOCKER)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "NOTES": str(tmp_path / "notes")}
    subprocess.run([FOLDER / "deploy.sh", "staging", "--certificate", "arn:c", "--alarms", "arn:a"], env=environment, check=True)
    notes = (tmp_path / "notes").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in re.finditer(r"cloudformation deploy .*--template-file deploy/aws/(\w+)\.yaml.*", notes)}


def test_every_stack_is_deployed_after_those_that_it_imports_from(deployed: dict[str, str]) -> None:
    assert tuple(deployed) == STACKS


def test_an_environment_runs_images_from_its_own_repositories(deployed: dict[str, str]) -> None:
    """Another's go with that environment, or when it has newer ones."""
    assert "AppImage=1.dkr.ecr/pastiche-staging-app@sha256:aa " in deployed["app"]
    assert "AgentImage=1.dkr.ecr/pastiche-staging-agent@sha256:aa " in deployed["jobs"]
