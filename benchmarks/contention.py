"""Cost of a busy core for a painting by the command line, with OpenMP threads that spin while they wait and with threads that sleep."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import subjects
from benchmarks.report import Table

ROUNDS = 3
POLICIES = {"sleep (the default)": "PASSIVE", "spin (OpenMP's default)": "ACTIVE"}
STATES = {"idle": 0, "one core busy": 1}
BUSY = "while True: pass"


def run() -> Table:
    with tempfile.TemporaryDirectory() as folder:
        subjects.photo().save(Path(folder, "photo.png"))
        found: dict[tuple[str, str], list[float]] = {(policy, state): [] for policy in POLICIES for state in STATES}
        for _ in range(ROUNDS):
            for state, processes in STATES.items():
                with busy(processes):
                    for policy in POLICIES:
                        found[policy, state].append(_seconds(Path(folder), POLICIES[policy]))
    seconds = {key: median(values) for key, values in found.items()}
    best = min(seconds[policy, "idle"] for policy in POLICIES)
    return Table(
        "Contention",
        f"Seconds of the whole command `nst stylize photo.png --preset draft` on {os.cpu_count()} cores; medians of {ROUNDS}, "
        "interleaved. The other process is an endless loop.",
        ("waiting threads", *STATES, "idle, ratio", "busy, ratio"),
        [
            (policy, *(seconds[policy, state] for state in STATES), *(seconds[policy, state] / best for state in STATES))
            for policy in POLICIES
        ],
    )


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Run that many processes with an endless loop."""
    started = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def _seconds(folder: Path, policy: str) -> float:
    command = [sys.executable, "-m", "nst", "stylize", str(folder / "photo.png"), "--style", "starlit-swirl", "--preset", "draft"]
    target = folder / f"{perf_counter()}.png"
    started = perf_counter()
    subprocess.run([*command, "-o", str(target)], env={**os.environ, "OMP_WAIT_POLICY": policy}, check=True, capture_output=True)
    return perf_counter() - started
