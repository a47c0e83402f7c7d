"""One worker for each data folder, however many servers use it."""

import logging
import threading

from filelock import FileLock, Timeout

from nst.settings import Settings
from nst.worker.supervisor import Supervisor

_TAKEOVER_SECONDS = 2.0

log = logging.getLogger(__name__)


class OwnWorker:
    """Keeps one worker running for a data folder, if this server holds the folder's lock file.

    When a server ends, however it ends, the system frees its lock, and another server takes over.
    """

    def __init__(self, settings: Settings, supervisor: Supervisor | None = None) -> None:
        self._folder = settings.data_dir
        self._lock = FileLock(settings.data_dir / "worker.lock", thread_local=False, mode=0o600)
        self._supervisor = supervisor or Supervisor()
        self._leaving = threading.Event()
        self._trouble = ""
        self._waiting = threading.Thread(target=self._wait_for_turn, name="own-worker", daemon=True)

    def start(self) -> None:
        if not self.step():
            log.info("another server runs the worker of this data folder; this one takes over when that one ends")
            self._waiting.start()

    def step(self) -> bool:
        """Starts the worker if this server holds or gets the lock; returns whether it does."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:  # the folder cannot be used, perhaps temporarily
            if self._trouble != str(error):
                log.error("the worker cannot be started: the data folder cannot be used: %s", error)
            self._trouble = str(error)
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
