"""The parent's end of the child: a spawned process, since a CUDA context does not survive a fork, and the pipe to it."""

import threading
from collections.abc import Callable
from multiprocessing import connection, get_context
from queue import SimpleQueue
from typing import Protocol

from nst.settings import Settings
from worker import child
from worker.messages import FromChild, ToChild

_KILL_SECONDS = 5.0


class Child(Protocol):
    """What the loop asks of a child. Tests have one that is no process."""

    def send(self, message: ToChild) -> None:
        """Does not wait, and does not mind a child that is dead."""
        ...

    def received(self) -> list[FromChild]:
        """What it has said since the last look; does not wait."""
        ...

    @property
    def exit_code(self) -> int | None:
        """None while it lives; negative is the signal that killed it."""
        ...

    def wait(self, seconds: float) -> None:
        """Returns when it has said something or died, or after so many seconds."""
        ...

    def kill(self) -> None: ...


MakeChild = Callable[[], Child]


class ChildProcess:
    """A `Child` that is a process."""

    def __init__(self, settings: Settings) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=child.main, args=(theirs, settings), name="painter", daemon=True)
        self._process.start()
        theirs.close()
        self._outbox: SimpleQueue[ToChild | None] = SimpleQueue()
        threading.Thread(target=self._deliver, daemon=True).start()

    def send(self, message: ToChild) -> None:
        self._outbox.put(message)

    def received(self) -> list[FromChild]:
        messages: list[FromChild] = []
        try:
            while self._connection.poll():
                messages.append(self._connection.recv())
        except (EOFError, OSError):  # dead, which `exit_code` tells
            pass
        return messages

    @property
    def exit_code(self) -> int | None:
        return self._process.exitcode

    def wait(self, seconds: float) -> None:
        connection.wait([self._connection, self._process.sentinel], seconds)

    def kill(self) -> None:
        self._process.kill()
        self._process.join(_KILL_SECONDS)
        self._outbox.put(None)

    def _deliver(self) -> None:
        """A photo is larger than a pipe: whoever writes it waits for the reader, and that must not be the loop."""
        while (message := self._outbox.get()) is not None:
            try:
                self._connection.send(message)
            except OSError:
                return
