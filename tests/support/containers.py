"""Images and containers of Docker or Podman, whichever `scripts/images` has found."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import httpx
import pytest

from tests.support.pictures import picture_bytes
from tests.support.waiting import until

sys.path.insert(0, str(Path(__file__).parents[2] / "clients" / "python"))
from pastiche_client import Client

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "images"
ENGINE = os.environ.get("CONTAINER_ENGINE", "")
CANNOT = 69
"""The exit code of `scripts/images` where images cannot be built; its last line says why."""


def engine(*words: str, check: bool = True) -> str:
    """A command of Docker or Podman: its output, with what it has written to standard error."""
    done = subprocess.run([ENGINE, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    assert not check or done.returncode == 0, done.stdout
    return done.stdout.strip()


def built(name: str, *options: str) -> str:
    """The name of an image, once it is built; a test that needs it is skipped where images cannot be built."""
    done = subprocess.run([SCRIPT, "build", "--tag", name, *options], stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT)
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return name


@dataclass(frozen=True)
class Container:
    """A running studio."""

    name: str
    url: str

    def run(self, *command: str, check: bool = True) -> str:
        return engine("exec", self.name, *command, check=check)

    def state(self, field: str) -> str:
        return engine("inspect", "--format", "{{.State." + field + "}}", self.name)

    def is_healthy(self) -> bool:
        """Whether the image's own check passes. Docker makes it by itself; Podman asks systemd to, which is not everywhere."""
        if ENGINE == "docker":
            return self.state("Health.Status") == "healthy"
        return subprocess.run([ENGINE, "healthcheck", "run", self.name], capture_output=True).returncode == 0

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).is_success
        except httpx.HTTPError:
            assert self.state("Running") == "true", engine("logs", self.name)
            return False


@contextmanager
def started(image: str, *options: str) -> Iterator[Container]:
    """A container with the studio, ready, until the end of the block."""
    name = f"pastiche-{token_hex(4)}"
    engine("run", "--detach", "--name", name, "--publish", "127.0.0.1::8501", *options, image)
    try:
        container = Container(name, f"http://{engine('port', name, '8501')}")
        until(container.is_ready, pause=2)
        yield container
    finally:
        print(engine("logs", name, check=False))  # noqa: T201 -- pytest shows it when the test fails
        engine("rm", "--force", "--volumes", name, check=False)


@contextmanager
def volume() -> Iterator[str]:
    """A volume, until the end of the block."""
    name = f"pastiche-{token_hex(4)}"
    engine("volume", "create", name)
    try:
        yield name
    finally:
        engine("volume", "rm", "--force", name, check=False)


def in_image(image: str, *command: str, options: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    """A command in a container of its own that ends with it; Podman's own warnings are in `stderr`, too."""
    return subprocess.run([ENGINE, "run", "--rm", *options, image, *command], capture_output=True, encoding="utf-8")


def painted(url: str) -> tuple[str, bytes]:
    """The id and the file of a private painting that this studio has made."""
    with Client(url) as studio:
        painting = studio.stylize(picture_bytes(320, 240), "starlit-swirl", params={"preset": "draft", "mode": "instant"}, timeout=600)
        return painting.job.id, painting.data


def painting_of(url: str, job_id: str) -> bytes:
    """The file of a painting that this studio has."""
    with Client(url) as studio:
        return studio.result(studio.job(job_id)).data
