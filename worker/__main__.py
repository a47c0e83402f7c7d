"""`python -m worker`: one worker, until it is told to leave. SIGTERM and Ctrl-C give the job at hand back to the queue."""

import argparse
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from functools import partial

from nst.bootstrap import open_backend, open_catalogue
from nst.settings import Settings
from worker.loop import Worker
from worker.process import ChildProcess


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--with-parent", action="store_true", help="leave when standard input is closed, as by a parent that has died")
    stop = threading.Event()
    _stop_at_signals(stop)
    if parser.parse_args().with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings()
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    work(Worker(name, open_backend(settings), open_catalogue(settings), settings, partial(ChildProcess, settings)), stop)


def work(worker: Worker, stop: threading.Event) -> None:
    """Steps and rests until it is to stop.

    Whatever a step raises ends the process, with the job kept: its lease lapses and the attempt counts, so that a job that does this to
    every worker comes to an end.
    """
    worker.warm_up()
    while not stop.is_set():
        worker.step(time.time())
        worker.rest()
    worker.stop(time.time())


def _stop_at_signals(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())


def _stop_at_end_of_input(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not `sys.stdin`, whose lock a thread that still reads would hold when Python leaves
        pass
    stop.set()


if __name__ == "__main__":
    main()
