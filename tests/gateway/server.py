"""The gateway as a process, started as users do."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 180.0
HIGH_LIMITS = {"NST_UPLOADS_PER_MINUTE": "1000", "NST_JOBS_PER_VISITOR": "1000", "NST_EVENTS_PER_SECOND": "200"}


class Server:
    """
    Args:
        engine: of tests/worker/engines.
        settings: NST_ variables, without NST_.
    """

    def __init__(self, folder: Path, engine: str = "quick", **settings: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"NST_DATA_DIR": str(folder), "NST_ENGINE": f"tests.worker.engines.{engine}:engine", "PYTHONPATH": str(ROOT)}
        changes = {f"NST_{name.upper()}": str(value) for name, value in settings.items()}
        self._environment = {**os.environ, **HIGH_LIMITS, **own, **changes}
        self._log = (folder / f"gateway-{self.port}.log").open("wb+")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        self._process = subprocess.Popen(self._command(), env=self._environment, cwd=ROOT, stdout=self._log, stderr=self._log)
        self.until_ready()
        return self

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "nst.gateway", "--port", str(self.port)]

    def until_ready(self) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.answers():
                    return
            except httpx.TransportError:
                time.sleep(0.05)
            assert self._process is not None
            assert self._process.poll() is None, self.log
        raise AssertionError(self.log)

    def kill(self) -> None:
        """Kill the process without a chance to clean up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)

    def close(self) -> None:
        self.stop()
        self._log.close()

    def answers(self) -> bool:
        return httpx.get(f"{self.url}/readyz").status_code == 200

    @property
    def log(self) -> str:
        self._log.flush()
        return Path(self._log.name).read_text(errors="replace", encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def memory(self) -> int:
        """Resident memory of the process in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024


class StudioServer(Server):
    """The studio, as users start it."""

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", str(self.port)]
