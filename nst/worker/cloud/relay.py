"""The relay between the studio and AWS Batch: submits jobs, reads messages, checks overdue jobs. Any number of servers may run one.

Each duty has a thread, since each waits for something else. It repeats a step after an outage; any other exception ends the process,
and its supervisor starts the next one.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from nst.bootstrap import open_batch
from nst.errors import StoreUnavailable
from nst.settings import Settings
from nst.store.ports import Backend
from nst.worker.cloud.cloudwatch import CloudWatch
from nst.worker.cloud.dispatcher import Dispatcher
from nst.worker.cloud.message_reader import MessageReader
from nst.worker.cloud.reconciler import REST_SECONDS, Reconciler

AWAY_SECONDS = 1.0
_EXIT_SECONDS = 9.5

log = logging.getLogger(__name__)


class Duty(Protocol):
    def step(self, now: float) -> bool:
        """One unit of work; False when there was nothing to do."""
        ...


class Relay:
    """All duties of one server."""

    def __init__(self, backend: Backend, duties: list[tuple[Duty, Callable[[threading.Event], object]]]) -> None:
        self._backend, self._duties = backend, duties
        self._is_broken = False

    def run(self, stop: threading.Event) -> int:
        """Until it is to stop. The exit code is 1 when a duty broke down."""
        threads = [threading.Thread(target=self._serve, args=(*duty, stop), daemon=True) for duty in self._duties]
        for thread in threads:
            thread.start()
        stop.wait()
        for thread in threads:
            thread.join(_EXIT_SECONDS)
        return int(self._is_broken)

    def _serve(self, duty: Duty, rest: Callable[[threading.Event], object], stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                if not self._step(duty, stop):
                    rest(stop)
        except BaseException:
            log.exception("the relay breaks down")
            self._is_broken = True
            stop.set()

    def _step(self, duty: Duty, stop: threading.Event) -> bool:
        try:
            return duty.step(self._backend.clock())
        except (StoreUnavailable, OSError) as error:
            log.warning("%s waits: %s", type(duty).__name__, error.reason if isinstance(error, StoreUnavailable) else error)
            stop.wait(AWAY_SECONDS)
            return True


def open_relay(settings: Settings, backend: Backend) -> Relay:
    batch, messages = open_batch(settings)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    dispatcher = Dispatcher(name, backend, batch, settings)
    duties: list[tuple[Duty, Callable[[threading.Event], object]]] = [
        (dispatcher, dispatcher.rest),
        (MessageReader(backend, batch, messages, settings), lambda _: None),
        (Reconciler(backend, batch, settings), lambda stop: stop.wait(REST_SECONDS)),
    ]
    if settings.cloudwatch:
        figures = CloudWatch(backend, settings, lambda: dispatcher.refusals)
        duties.append((figures, figures.rest))
    return Relay(backend, duties)
