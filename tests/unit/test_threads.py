"""Threads of processes that compute sleep while they wait, unless the environment says otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nst.model_process.parent import ModelProcess
from nst.preview.sketch_process import SketchProcess
from nst.settings import Settings
from nst.threads import with_sleeping_threads

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc on this system")


def started_with(pid: int | None) -> dict[str, str]:
    """The environment that a process was started with."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


@needs_proc
def test_the_workers_child_starts_with_sleeping_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    child = ModelProcess(Settings(engine="tests.worker.engines.instant:engine"))
    try:
        assert started_with(child.pid)["OMP_WAIT_POLICY"] == "PASSIVE"
    finally:
        child.kill()


@needs_proc
def test_the_previews_child_starts_with_sleeping_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    process = SketchProcess(Settings(preview_engine="tests.preview.engines.playful:engine"))
    process.prepare()
    try:
        assert process._child is not None
        assert started_with(process._child.pid)["OMP_WAIT_POLICY"] == "PASSIVE"
    finally:
        process.close()


def test_the_command_line_computes_with_sleeping_threads() -> None:
    program = "import nst.cli, os, sys; nst.cli.app = lambda: print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules); nst.cli.main()"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    for chosen, wanted in (({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        found = subprocess.run(
            [sys.executable, "-c", program], env={**environment, **chosen}, capture_output=True, encoding="utf-8", check=True
        )
        assert found.stdout.split()[-2:] == [wanted, "False"]


def test_a_policy_of_the_environment_is_kept() -> None:
    chosen = {"OMP_WAIT_POLICY": "ACTIVE", "PATH": "/bin"}
    assert with_sleeping_threads(chosen) == chosen
    assert with_sleeping_threads({"PATH": "/bin"}) == {"PATH": "/bin", "OMP_WAIT_POLICY": "PASSIVE"}
