"""`python -m worker`: one worker or several, until they are told to leave.

SIGTERM and Ctrl-C close them: they take no further job, have NST_DRAIN_SECONDS to finish those at hand, and give the rest back to the
queue. A second signal ends the wait.

With NST_BACKEND=aws it paints nothing: it is the relay between the studio and AWS Batch.
"""

import argparse
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from nst import logs
from nst.bootstrap import open_backend, open_catalogue
from nst.domain import Preset
from nst.errors import StoreUnavailable
from nst.settings import Settings
from nst.store.ports import Backend
from worker.loop import Worker
from worker.process import ChildProcess

AWAY_SECONDS = 0.5  # between two looks at whether the store is back; the look itself takes about a second

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leaving:
    """What the signals say: leave, and then hurry."""

    soon: threading.Event = field(default_factory=threading.Event)
    at_once: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        (self.at_once if self.soon.is_set() else self.soon).set()


def main() -> None:
    options = _parser().parse_args()
    leaving = Leaving()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: leaving.ask())
    if options.with_parent:
        threading.Thread(target=_leave_at_end_of_input, args=(leaving,), daemon=True).start()
    settings = Settings() if options.device is None else Settings(device=options.device)
    logs.configure(settings.log_format)
    sys.exit(relay(settings, leaving) if settings.backend == "aws" else run(settings, leaving, options.concurrency, options.lanes))


def relay(settings: Settings, leaving: Leaving) -> int:
    """Where machines are somebody else's, what runs here hands over to them and hears of them."""
    from worker.cloud.relay import open_relay

    backend = open_backend(settings)
    _report_figures(settings, backend, leaving)
    return open_relay(settings, backend).run(leaving.soon)


def run(settings: Settings, leaving: Leaving, concurrency: int, lanes: tuple[Preset, ...]) -> int:
    """Works in threads, each with a child process of its own. When one of them breaks, all leave, and the exit code is 1."""
    backend, catalogue = open_backend(settings), open_catalogue(settings)
    note_end = _report_figures(settings, backend, leaving)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    workers = [
        Worker(f"{name}-{number}", backend, catalogue, settings, partial(ChildProcess, settings), lanes, note_end)
        for number in range(concurrency)
    ]
    broken = threading.Event()

    def serve(worker: Worker) -> None:
        try:
            work(worker, leaving, backend.clock, settings.drain_seconds)
        except BaseException:
            log.exception("the worker breaks down")
            broken.set()
            leaving.ask()

    threads = [threading.Thread(target=serve, args=(worker,), name=worker.name) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(broken.is_set())


def work(worker: Worker, leaving: Leaving, clock: Callable[[], float] = time.time, drain_seconds: float = 0.0) -> None:
    """Steps and rests until it is to leave.

    An outage of the store is waited for. Whatever else a step raises ends the process, with the job kept: its lease lapses and the attempt
    counts, so that a job that does this to every worker comes to an end.
    """
    worker.warm_up()
    while not leaving.soon.is_set():
        _step(worker, clock, leaving.soon)
    worker.close()
    deadline = time.monotonic() + drain_seconds
    while worker.is_busy and time.monotonic() < deadline and not leaving.at_once.is_set():
        _step(worker, clock, leaving.at_once)
    try:
        worker.stop(clock())
    except StoreUnavailable:
        log.warning("the store is away: what is at hand is not given back, and its lease lapses")


def _step(worker: Worker, clock: Callable[[], float], leave: threading.Event) -> None:
    try:
        worker.step(clock())
        worker.rest()
    except StoreUnavailable:
        log.warning("the store is away", exc_info=log.isEnabledFor(logging.DEBUG))
        worker.note_outage()
        leave.wait(AWAY_SECONDS)


def _report_figures(settings: Settings, backend: Backend, leaving: Leaving) -> Callable[..., None]:
    """What is told of every end."""
    if settings.metrics_port is None:
        return lambda *_: None
    from worker.metrics import Metrics, serve

    metrics = Metrics(backend)

    def is_ready() -> bool:
        try:
            backend.jobs.counts()
        except StoreUnavailable:
            return False
        return not leaving.soon.is_set()

    serve(metrics, is_ready, settings.metrics_port)
    return metrics.note_end


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=_positive, default=1, metavar="N", help="paintings at a time, each in a process of its own")
    parser.add_argument("--device", help="where to compute: auto, cpu, cuda, cuda:1 or mps, instead of NST_DEVICE")
    parser.add_argument("--lanes", type=_lanes, default=(), metavar="PRESET,…", help="paint these presets only; all by default")
    parser.add_argument("--with-parent", action="store_true", help="leave when standard input is closed, as by a parent that has died")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _lanes(text: str) -> tuple[Preset, ...]:
    known = list(Preset)
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no preset {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(map(Preset, text.split(",")))


def _leave_at_end_of_input(leaving: Leaving) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not `sys.stdin`, whose lock a thread that still reads would hold when Python leaves
        pass
    leaving.at_once.set()
    leaving.soon.set()


if __name__ == "__main__":
    main()
