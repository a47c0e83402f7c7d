"""The parent's side of one child process: starting it, talking to it, and starting another one when it dies or hangs."""

import logging
import os
import pickle
import subprocess
import sys
import threading

from nst.errors import PreviewFailed
from nst.preview.messages import Answer, Failed, Order, Painted, Ready
from nst.settings import Settings

log = logging.getLogger(__name__)

LOADING_SECONDS = 120.0
"""The longest that loading the model may take, on a busy machine."""
WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""How the child's threads wait for each other. By default they burn their cores meanwhile, and keep the very thread that they wait for from
its core as soon as a worker or a browser wants one, too: ten times slower there, where this is a third slower on an idle machine."""
_DIED = "The preview broke off. Try again; the painting itself may still succeed."


class Easel:
    """A child that paints. For one thread at a time, except for `close`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def prepare(self) -> None:
        """Starts the child, while nobody waits. What goes wrong is met again, and told, when somebody does."""
        try:
            self._child()
        except PreviewFailed:
            log.warning("the preview's child could not be started yet")

    def paint(self, order: Order) -> bytes:
        """The preview, encoded.

        Raises:
            PreviewFailed: with a sentence for the visitor.
        """
        answer = self._exchange(self._child(), order, self._settings.preview_seconds)
        if isinstance(answer, Painted):
            return answer.picture
        raise PreviewFailed(answer.sentence if isinstance(answer, Failed) else _DIED)

    def close(self) -> None:
        """Ends the child, also in the middle of a preview."""
        with self._lock:
            self._closed = True
        self._end()

    def _child(self) -> "subprocess.Popen[bytes]":
        """The living child, with its model loaded."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        with self._lock:
            if self._closed:
                raise PreviewFailed(_DIED)
            # Not multiprocessing: it would run the app's own script again in the child.
            command = [sys.executable, "-m", "nst.preview.child"]
            environment = {**WAITING, **os.environ}
            self._process = process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603
        if not isinstance(self._exchange(process, self._settings, LOADING_SECONDS), Ready):
            raise PreviewFailed(_DIED)
        return process

    def _exchange(self, process: "subprocess.Popen[bytes]", message: Order | Settings, seconds: float) -> Answer:
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        try:
            pickle.dump(message, process.stdin)
            process.stdin.flush()
            answer: Answer = pickle.load(process.stdout)  # noqa: S301  # from our child
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            self._end()
            raise PreviewFailed(_DIED) from error
        finally:
            watchdog.cancel()
        return answer

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was still to be written has nobody to read it
                    log.debug("the preview's child left in the middle of an order")
