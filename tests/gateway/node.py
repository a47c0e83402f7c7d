"""socket.io-client under Node, controlled by tests."""

import base64
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 180.0


def node() -> str:
    program = shutil.which("node")
    if program is None or not (ROOT / "clients/javascript/node_modules/socket.io-client").is_dir():
        pytest.fail("There is no Node with socket.io-client here. scripts/install-clients installs both.")
    return program


class Node:
    """A Node process with any number of clients."""

    def __init__(self, url: str) -> None:
        self._url = url
        command = [node(), str(Path(__file__).parent / "driver.mjs")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._messages: list[dict[str, Any]] = []
        self._condition = threading.Condition()
        self._ids = count(1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join()
        self._process.stdout.close()

    def client(self, name: str = "anna", url: str | None = None, **options: Any) -> "JsClient":
        refused = self._ask(op="connect", client=name, url=url or self._url, options=options)
        assert refused is None, refused
        return JsClient(self, name)

    def refused(self, name: str = "anna", **options: Any) -> dict[str, Any]:
        """The error of a connection that is refused."""
        answer: dict[str, Any] = self._ask(op="connect", client=name, url=self._url, options=options)
        assert answer is not None, "it was accepted"
        return answer

    def do(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _ask(self, **command: Any) -> Any:
        number = next(self._ids)
        self.do(id=number, **command)
        return self.until(lambda messages: next((one for one in messages if one.get("id") == number), None))["answer"]

    ask = _ask

    def received(self, client: str, event: str) -> list[Any]:
        """The first arguments of all events of this name so far."""
        with self._condition:
            return [(one["args"] or [None])[0] for one in self._messages if one.get("client") == client and one["event"] == event]

    def until(self, what: Callable[[list[dict[str, Any]]], Any]) -> Any:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        with self._condition:
            while not (found := what(self._messages)):
                assert self._condition.wait(deadline - time.monotonic()), f"nothing after minutes; received {self._messages[-20:]}"[:2000]
            return found

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._condition:
                self._messages.append(json.loads(line))
                self._condition.notify_all()


class JsClient:
    """A client in a `Node`."""

    def __init__(self, process: Node, name: str) -> None:
        self._node, self.name = process, name

    def emit(self, event: str, *args: Any, **special: Any) -> Any:
        """Send an event, and return its acknowledgement."""
        return self._node.ask(op="emit", client=self.name, event=event, args=args, **special)

    def emit_bytes(self, event: str, body: dict[str, Any], data: bytes) -> Any:
        return self.emit(event, body, bytes=base64.b64encode(data).decode())

    def send(self, event: str, *args: Any) -> None:
        """Send an event without asking for an acknowledgement."""
        self._node.do(op="send", client=self.name, event=event, args=args)

    def raw(self, text: str = "", data: bytes = b"") -> None:
        self._node.do(op="raw", client=self.name, text=text, bytes=base64.b64encode(data).decode())

    def flood(self, event: str, times: int) -> dict[str, int]:
        answer: dict[str, int] = self._node.ask(op="flood", client=self.name, event=event, count=times)
        return answer

    def drop(self) -> None:
        self._node.do(op="drop", client=self.name)

    def leave(self) -> None:
        self._node.do(op="leave", client=self.name)

    def received(self, event: str) -> list[Any]:
        return self._node.received(self.name, event)

    def wait_for(self, event: str, times: int = 1) -> Any:
        """Wait until an event has arrived `times` times, and return the last one's argument."""
        self._node.until(lambda _: len(self.received(event)) >= times)
        return self.received(event)[-1]
