"""One worker for a data folder, however many servers have it open."""

import logging
import threading

from filelock import FileLock, Timeout

from nst.settings import Settings
from worker.supervisor import Supervisor

_TAKEOVER_SECONDS = 2.0

log = logging.getLogger(__name__)


class OwnWorker:
    """Keeps one worker running for a data folder: the server that holds the lock file does.

    When that one ends, in whatever way, the system frees the lock, and the next takes over.
    """

    def __init__(self, settings: Settings, supervisor: Supervisor | None = None) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(settings.data_dir / "worker.lock", thread_local=False)
        self._supervisor = supervisor or Supervisor()
        self._leaving = threading.Event()
        self._waiting = threading.Thread(target=self._wait_for_turn, name="own-worker", daemon=True)

    def start(self) -> None:
        if not self.step():
            log.info("another server looks after the worker of this data folder")
            self._waiting.start()

    def step(self) -> bool:
        """Starts the worker if it is this server's turn, and says whether it is."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        self._supervisor.start()
        return True

    def stop(self) -> None:
        self._leaving.set()
        if self._waiting.is_alive():
            self._waiting.join()
        self._supervisor.stop()
        self._lock.release()

    def _wait_for_turn(self) -> None:
        while not self._leaving.wait(_TAKEOVER_SECONDS):
            if self.step():
                return
