"""The app's own worker process: started with the app, restarted when it dies, and ended with the app.

It needs the standard library alone, so that an app may import it before anything else.
"""

import atexit
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from nst.worker.backoff import Backoff

COMMAND = (sys.executable, "-m", "nst.worker", "--with-parent")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
CALM_SECONDS = 60.0  # of life, after which a death is not taken for a failed start
_LOOK_SECONDS = 0.5
_EXIT_SECONDS = 10.0

log = logging.getLogger(__name__)


class Supervisor:
    """Keeps one process running. `start` watches in a thread; tests call `step` themselves.

    Args:
        environment: of the process; by default the app's own, so that both read the same settings.
    """

    def __init__(self, command: Sequence[str] = COMMAND, environment: Mapping[str, str] | None = None) -> None:
        self._command, self._environment = command, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = float("-inf")
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The running process's, if there is one."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Starts the process and watches it. A second call changes nothing."""
        if self._watch is None:
            self.step(time.monotonic())
            atexit.register(self.stop)
            self._watch = threading.Thread(target=self._watch_on, name="worker-supervisor", daemon=True)
            self._watch.start()

    def step(self, now: float) -> None:
        """Starts the process if there is none and its pause is over."""
        if self._process is not None and self._process.poll() is not None:
            self._note_death(self._process.returncode, now)
        if self._process is None and now >= self._not_before:
            self._started = now
            try:
                # The pipe is never written to: it closes when the app dies, however it dies, and the worker exits.
                self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=self._environment)  # noqa: S603 -- our own
            except OSError:  # no memory or no process left on this machine, perhaps temporarily
                log.exception("the worker could not be started")
                self._not_before = now + self._backoff.pause()

    def stop(self) -> None:
        """Asks the process to exit, which gives its job back, and kills it when it does not."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.join()
            atexit.unregister(self.stop)
        if self._process is not None:
            _end(self._process)
            self._process = None

    def _note_death(self, exit_code: int, now: float) -> None:
        self._close_pipe()
        if now - self._started >= CALM_SECONDS:
            self._backoff.reset()
        pause = self._backoff.pause()
        self._not_before = now + pause
        log.warning("the worker died with %d; the next one starts in %.0f s", exit_code, pause)

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _watch_on(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            self.step(time.monotonic())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
