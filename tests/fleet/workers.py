"""A fleet for tests: real workers, as many as wanted, on a real Redis. Waits end when what they wait for has happened."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from nst.bootstrap import open_backend, open_catalogue
from nst.domain import Job, JobState, StyleParams
from nst.errors import StoreUnavailable
from nst.service import Order, Service, StyleChoice
from nst.settings import Settings
from tests.support.pictures import picture_bytes
from tests.support.servers import RedisServer

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
QUOTAS = {"uploads_per_minute": 10**6, "jobs_per_visitor": 10**6, "queue_length": 10**6}
PLAIN = ("-m", "worker")


class Worker:
    """A process, and its children, which go with it."""

    def __init__(self, environment: dict[str, str], command: tuple[str, ...], log: Path) -> None:
        with log.open("ab") as file:
            self._process = subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT, stderr=file)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def leave(self) -> int:
        """Asks it to, and says its exit code."""
        self._process.terminate()
        return self._process.wait(PATIENCE)


class Fleet:
    """An app server and its workers.

    Args:
        folder: for pictures and logs.
        settings: of the app and, by default, of every worker.
    """

    def __init__(self, redis: RedisServer, folder: Path, **settings: Any) -> None:
        wanted = {"engine": "tests.worker.engines.quick:engine", "redis_prefix": folder.name.replace("_", "-"), **QUOTAS, **settings}
        self.settings = Settings(backend="redis", redis_url=redis.url, data_dir=folder, log_format="json", **wanted)  # type: ignore[arg-type]
        self.redis, self.folder = redis, folder
        self.log = folder / "workers.log"
        self.backend = open_backend(self.settings)
        self.service = self.another_app()
        self._workers = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._workers.close()

    def another_app(self) -> Service:
        backend = open_backend(self.settings)
        return Service(backend, open_catalogue(self.settings), self.settings)

    def start(self, *options: str, program: tuple[str, ...] = PLAIN, **settings: Any) -> Worker:
        worker = Worker(self._environment(settings), (*program, *options), self.log)
        self._workers.callback(worker.kill)
        return worker

    def submit(self, number: int = 0, owner: str = "anna", public: bool = True, **params: Any) -> Job:
        order = Order(picture_bytes(), [StyleChoice("starlit-swirl")], f"form-{number}", StyleParams(**params), public)
        return self.service.submit(owner, order)

    def record(self, job: Job) -> Job:
        return self.service.get(job.id, job.owner)

    def state(self, job: Job) -> JobState:
        return self.record(job).state

    def shown(self) -> list[str]:
        """What the feed shows, page by page."""
        ids, page = list[str](), self.service.feed(50)
        while True:
            ids += [entry.job_id for entry in page.entries]
            if page.following is None:
                return ids
            page = self.service.feed(50, page.following)

    def until(self, what: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Waits, through outages, too."""
        deadline = time.monotonic() + seconds
        while not _tried(what):
            assert time.monotonic() < deadline, f"waited in vain; the workers say:\n{self.log.read_text(encoding='utf-8')[-3000:]}"
            time.sleep(0.02)

    def _environment(self, changes: dict[str, Any]) -> dict[str, str]:
        chosen = self.settings.model_copy(update=changes)
        names = {
            "backend",
            "checkpoint_seconds",
            "redis_prefix",
            "data_dir",
            "engine",
            "lease_seconds",
            "max_attempts",
            "drain_seconds",
            "log_format",
            *QUOTAS,
            *changes,
        }
        mine = {f"NST_{name.upper()}": str(getattr(chosen, name)) for name in names}
        return {**os.environ, **mine, "NST_REDIS_URL": self.redis.url, "PYTHONPATH": str(ROOT)}


def _tried(what: Callable[[], object]) -> object:
    try:
        return what()
    except StoreUnavailable:
        return None


def stopped(worker: Worker) -> None:
    """Stands still, as in a debugger or on a machine that swaps."""
    worker.signal(signal.SIGSTOP)
