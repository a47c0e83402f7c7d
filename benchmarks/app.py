"""Start-up time of the app, from the command to the first page, and the memory of its idle processes."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import httpx
import psutil

from benchmarks.report import Table

ROOT = Path(__file__).parents[1]
STARTS = 5
PATIENCE = 120.0


@dataclass(frozen=True)
class Start:
    """Seconds from the command: to the first answer, to the page's frame, and to the end of the first visitor's script."""

    answer: float
    frame: float
    page: float


@dataclass(frozen=True)
class App:
    process: psutil.Process
    address: str
    begun: float

    def since(self) -> float:
        return perf_counter() - self.begun


def run() -> Table:
    starts = [_start() for _ in range(STARTS)]
    memory = _memory()
    rows = [
        ("from the command to the server's first answer, s", median(start.answer for start in starts)),
        ("to the frame of the first page, as HTML, s", median(start.frame for start in starts)),
        ("to the end of the first visitor's script: the page is complete, s", median(start.page for start in starts)),
        *((f"memory of the {name} at rest, MB", value / 1e6) for name, value in memory.items()),
    ]
    return Table(
        "App",
        f"`streamlit run streamlit_app.py` with an empty data folder, {STARTS} times; its files have been read before, by the first. "
        "Memory is resident, after a visit, with the model loaded.",
        ("what", "measured"),
        rows,
    )


def _start() -> Start:
    with _app() as app:
        answer = _until_answered(app, "/_stcore/health")
        frame = _until_answered(app, "/")
        _visit(app)
        return Start(answer, frame, app.since())


def _memory() -> dict[str, int]:
    with _app() as app:
        _until_answered(app, "/_stcore/health")
        _visit(app)
        worker = _found(app.process, "-m nst.worker")
        painter = _found(worker, "nst.model_process.child")
        _until_idle(painter)
        return {name: each.memory_info().rss for name, each in (("app", app.process), ("worker", worker), ("painter", painter))}


@contextmanager
def _app() -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
        environment = {**os.environ, "NST_DATA_DIR": folder, "STREAMLIT_SERVER_HEADLESS": "true"}
        begun = perf_counter()
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield App(psutil.Process(process.pid), f"127.0.0.1:{port}", begun)
            finally:
                process.terminate()
                process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _until_answered(app: App, path: str) -> float:
    while app.since() < PATIENCE:
        try:
            if httpx.get(f"http://{app.address}{path}").status_code == 200:
                return app.since()
        except httpx.TransportError:  # the server does not listen yet
            pass
        sleep(0.005)
    raise TimeoutError(path)


def _visit(app: App) -> None:
    """Request the page and wait until its script has run, as a browser does, in Streamlit's protocol."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect

    asking = BackMsg()
    asking.rerun_script.query_string = ""
    with connect(f"ws://{app.address}/_stcore/stream", subprotocols=["streamlit"], origin=f"http://{app.address}", max_size=None) as socket:  # type: ignore[call-overload]
        socket.send(asking.SerializeToString())
        while True:
            said = ForwardMsg()
            said.ParseFromString(socket.recv(PATIENCE))  # type: ignore[arg-type]
            if said.WhichOneof("type") == "script_finished":
                return


def _found(parent: psutil.Process, words: str) -> psutil.Process:
    """The child process with these words in its command."""
    begun = perf_counter()
    while perf_counter() - begun < PATIENCE:
        for child in parent.children():
            if words in " ".join(child.cmdline()):
                return child
        sleep(0.1)
    raise TimeoutError(words)


def _until_idle(process: psutil.Process) -> None:
    """Wait until a process has not computed for two seconds: its model is loaded then."""
    begun, before = perf_counter(), -1.0
    while perf_counter() - begun < PATIENCE:
        times = process.cpu_times()
        if times.user + times.system == before:
            return
        before = times.user + times.system
        sleep(2.0)
    raise TimeoutError("the model process is still busy")
