"""deploy/compose.yaml, started: an app, two workers and Valkey."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
import yaml

from tests.support.containers import ENGINE, ROOT, engine, painted, painting_of
from tests.support.servers import free_port
from tests.support.waiting import until

COMPOSE = ROOT / "deploy" / "compose.yaml"
REDIS_OF_DEBIAN = """
FROM localhost/python-of-debian:bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
WORKDIR /data
ENTRYPOINT ["redis-server"]
"""


@dataclass(frozen=True)
class Fleet:
    """The services of deploy/compose.yaml, as a project of their own."""

    name: str
    override: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *words: str, check: bool = True) -> str:
        program = ["docker", "compose"] if ENGINE == "docker" else [str(Path(sys.executable).with_name("podman-compose"))]
        command = [*program, "-p", self.name, "-f", str(COMPOSE), "-f", str(self.override), *words]
        own = {"PORT": f"127.0.0.1:{self.port}", "NST_ADMIN_TOKEN": token_hex(16)}
        done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, encoding="utf-8")
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        self.compose("up", "--no-build", "--detach")
        until(self._is_ready, pause=2)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).is_success
        except httpx.HTTPError:
            return False


def redis_image(folder: Path) -> str:
    """The image that compose.yaml names; or, where no registry can be reached, Debian's Redis."""
    named: str = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["redis"]["image"]
    if subprocess.run([ENGINE, "pull", "--quiet", f"docker.io/{named}"], capture_output=True).returncode == 0:
        return named
    (folder / "Dockerfile").write_text(REDIS_OF_DEBIAN, encoding="utf-8")
    engine("build", "--tag", "localhost/redis-of-debian", str(folder))
    return "localhost/redis-of-debian"


@pytest.fixture
def fleet(image: str, tmp_path: Path) -> Iterator[Fleet]:
    images = {"redis": redis_image(tmp_path), "app": image, "worker": image}
    override = tmp_path / "override.yaml"
    override.write_text(yaml.safe_dump({"services": {name: {"image": image} for name, image in images.items()}}), encoding="utf-8")
    fleet = Fleet(f"pastiche-{token_hex(4)}", override, free_port())
    yield fleet
    print(fleet.compose("logs", check=False))  # noqa: T201 -- pytest shows it when the test fails
    fleet.compose("down", "--volumes", check=False)


def test_a_fleet_paints_and_keeps_its_paintings_when_it_is_made_anew(fleet: Fleet) -> None:
    fleet.start()
    job_id, painting = painted(fleet.url)
    queue = json.loads(fleet.compose("exec", "-T", "worker", "python", "-m", "nst", "admin", "queue", "--json"))
    assert len(queue["workers"]) == 2
    fleet.compose("down")
    fleet.start()
    assert painting_of(fleet.url, job_id) == painting
