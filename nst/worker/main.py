"""`python -m worker`: one worker or several, until a signal.

After SIGTERM or Ctrl-C they take no further job, have NST_DRAIN_SECONDS to finish the present ones, and give the others back to the
queue. A second signal ends the wait.

With NST_BACKEND=aws it paints nothing: it is the relay between the studio and AWS Batch. With --paint, it is a warm worker beside it, for
the lanes that NST_BATCH_LANES does not name.
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
from nst.errors import PasticheError, StoreFault, StoreMisconfigured, StoreUnavailable
from nst.model_process.parent import ModelProcess
from nst.settings import Settings, read_settings
from nst.store.ports import Backend
from nst.worker.backoff import Backoff
from nst.worker.cloud.warm import PREFIX, unused_settings, warm_lanes
from nst.worker.loop import Worker

AWAY_SECONDS = 0.5  # between two attempts during an outage; an attempt itself takes about a second
LONGEST_AWAY = 5.0  # when it does not pass by itself; well below a lease, so that the present job is kept

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExitRequest:
    """What the signals ask for: the first to exit soon, the second at once."""

    soon: threading.Event = field(default_factory=threading.Event)
    at_once: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        (self.at_once if self.soon.is_set() else self.soon).set()


def main() -> None:
    options = _parser().parse_args()
    exit_request = ExitRequest()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: exit_request.ask())
    if options.with_parent:
        threading.Thread(target=_exit_at_end_of_input, args=(exit_request,), daemon=True).start()
    try:
        settings = _settings(options)
        logs.configure(settings.log_format)
        if settings.backend == "aws" and not options.paint:
            code = relay(settings, exit_request)
        else:
            code = run(settings, exit_request, options.concurrency, options.lanes)
    except PasticheError as error:  # the settings, the store, or the folder of styles
        log.error("the worker cannot start: %s", error.reason if isinstance(error, StoreUnavailable) else error)
        code = error.exit_code
    sys.exit(code)


def _settings(options: argparse.Namespace) -> Settings:
    unused = unused_settings() if options.paint else {}
    return read_settings(**unused) if options.device is None else read_settings(device=options.device, **unused)


def relay(settings: Settings, exit_request: ExitRequest) -> int:
    """Runs the relay, which submits jobs to AWS Batch and reads its messages."""
    from nst.worker.cloud.relay import open_relay

    backend = open_backend(settings)
    _serve_metrics(settings, backend, exit_request)
    return open_relay(settings, backend).run(exit_request.soon)


def run(settings: Settings, exit_request: ExitRequest, concurrency: int, lanes: tuple[Preset, ...]) -> int:
    """Runs workers in threads, each with a model process of its own. When one of them breaks, all stop, and the exit code is 1.

    Raises:
        StoreMisconfigured: when waiting for the store makes no sense.
    """
    backend, catalogue = open_backend(settings), open_catalogue(settings)
    _check_store(backend)
    note_end = _serve_metrics(settings, backend, exit_request)
    is_warm = settings.backend == "aws"
    name = f"{PREFIX if is_warm else ''}{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    own = lanes or (warm_lanes(settings) if is_warm else ())
    workers = [
        Worker(f"{name}-{number}", backend, catalogue, settings, partial(ModelProcess, settings), own, note_end, maintains=not is_warm)
        for number in range(concurrency)
    ]
    broken = threading.Event()

    def serve(worker: Worker) -> None:
        try:
            work(worker, exit_request, backend.clock, settings.drain_seconds)
        except BaseException:
            log.exception("the worker breaks down")
            broken.set()
            exit_request.ask()

    threads = [threading.Thread(target=serve, args=(worker,), name=worker.name) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(broken.is_set())


def work(worker: Worker, exit_request: ExitRequest, clock: Callable[[], float] = time.time, drain_seconds: float = 0.0) -> None:
    """Steps and rests until it is asked to exit.

    It waits while the store cannot be used, whatever the reason, and while the machine has no file or process left. Any other exception
    ends the process and keeps the job: its lease lapses and the attempt counts, so that a job that breaks every worker fails in the end.
    """
    steps = Steps(worker, clock)
    steps.warm_up()
    while not exit_request.soon.is_set():
        steps.take(exit_request.soon)
    worker.close()
    deadline = time.monotonic() + drain_seconds
    while worker.is_busy and time.monotonic() < deadline and not exit_request.at_once.is_set():
        steps.take(exit_request.at_once)
    try:
        worker.stop(clock())
    except StoreUnavailable:
        log.warning("the store is away: the present job is not given back, and its lease lapses")


class Steps:
    """The steps of a worker, with a pause after each that failed; the pauses grow when the failure does not pass by itself."""

    def __init__(self, worker: Worker, clock: Callable[[], float]) -> None:
        self._worker, self._clock, self._backoff = worker, clock, Backoff(AWAY_SECONDS, LONGEST_AWAY)

    def warm_up(self) -> None:
        try:
            self._worker.warm_up()
        except OSError:  # no process is left; the first job tries again
            log.exception("the model's process could not be started yet")

    def take(self, leave: threading.Event) -> None:
        try:
            self._worker.step(self._clock())
            self._worker.rest()
            self._backoff.reset()
        except StoreUnavailable as error:
            log.warning("the store is away: %s", error.reason, exc_info=log.isEnabledFor(logging.DEBUG))
            self._worker.note_outage()
            self._wait(leave, grows=isinstance(error, StoreMisconfigured | StoreFault))
        except OSError:
            log.exception("the machine has no file or process left; the step is repeated")
            self._wait(leave, grows=True)

    def _wait(self, leave: threading.Event, *, grows: bool) -> None:
        if not grows:
            self._backoff.reset()
        leave.wait(self._backoff.pause())


def _check_store(backend: Backend) -> None:
    """Ends the start when the store is misconfigured. An outage is waited for later, as any other."""
    try:
        backend.queue.lane_stats()
    except StoreMisconfigured:
        raise
    except StoreUnavailable as error:
        log.warning("the store is away: %s", error.reason)


def _serve_metrics(settings: Settings, backend: Backend, exit_request: ExitRequest) -> Callable[..., None]:
    """Serves metrics, if settings say so. Returns the function to call after every job."""
    if settings.metrics_port is None:
        return lambda *_: None
    from nst.worker.metrics import Metrics, serve

    metrics = Metrics(backend)

    def is_ready() -> bool:
        try:
            backend.jobs.counts()
        except StoreUnavailable:
            return False
        return not exit_request.soon.is_set()

    serve(metrics, is_ready, settings.metrics_port)
    return metrics.note_end


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=_positive, default=1, metavar="N", help="paintings at a time, each in a process of its own")
    parser.add_argument("--device", help="where to compute: auto, cpu, cuda, cuda:1 or mps, instead of NST_DEVICE")
    parser.add_argument("--lanes", type=_lanes, default=(), metavar="PRESET,…", help="paint these presets only; all by default")
    parser.add_argument("--paint", action="store_true", help="with NST_BACKEND=aws, paint here rather than hand jobs to AWS Batch")
    parser.add_argument("--with-parent", action="store_true", help="exit when standard input is closed, as by a parent that has died")
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


def _exit_at_end_of_input(exit_request: ExitRequest) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not `sys.stdin`, whose lock this thread would hold when Python exits
        pass
    exit_request.at_once.set()
    exit_request.soon.set()


if __name__ == "__main__":
    main()
