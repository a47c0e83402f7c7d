"""Workers as processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nst.domain import StyleParams
from nst.service import Order, StyleChoice
from nst.settings import Settings
from tests.support.pictures import picture_bytes
from tests.support.workers import QUOTAS

ROOT = Path(__file__).parents[2]


def order(token: str = "form", public: bool = False, strength: float = 0.5) -> Order:
    return Order(picture_bytes(), [StyleChoice("starlit-swirl")], token, StyleParams(strength=strength), public)


def environment(settings: Settings) -> dict[str, str]:
    mine = {
        "NST_DATA_DIR": settings.data_dir,
        "NST_CHECKPOINT_SECONDS": settings.checkpoint_seconds,
        "NST_ENGINE": settings.engine,
        "NST_LEASE_SECONDS": settings.lease_seconds,
        "NST_MAX_ATTEMPTS": settings.max_attempts,
        "PYTHONPATH": ROOT,
        **{f"NST_{name.upper()}": value for name, value in QUOTAS.items()},
    }
    return {**os.environ, **{name: str(value) for name, value in mine.items()}}


@contextmanager
def worker_process(settings: Settings, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    with program(settings, "worker", *options) as process:
        yield process


@contextmanager
def program(settings: Settings, module: str, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs until the end of the block, and is then killed."""
    command, pipe = [sys.executable, "-m", module, *options], subprocess.PIPE
    process = subprocess.Popen(command, env=environment(settings), cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    with process:
        try:
            yield process
        finally:
            process.kill()
