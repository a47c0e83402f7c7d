"""The parent's side of a model's process: starting it, and exchanging messages with it."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Protocol

from nst.model_process.frames import BadFrame, read_frame
from nst.model_process.messages import Configure, FromChild, Role, ToChild, frame_of, message_from_child
from nst.settings import Settings
from nst.threads import with_sleeping_threads

CHILD_SETTINGS = {"checkpoint_seconds", "device", "engine", "precision", "preview_engine", "preview_side", "weights_dir"}
"""The settings that a child is given: no secrets, no addresses."""
BROKEN = 1
"""The exit code of a child that was killed because it sent something else than messages."""
_KILL_SECONDS = 5.0
_DRAIN_SECONDS = 1.0  # for reading what a child sent before its death
_MOST_UNREAD = 1000  # messages; a child that sends more than are read is broken

log = logging.getLogger(__name__)


class Child(Protocol):
    """A model's process, as its parent sees it. Tests have one that is no process."""

    def send(self, message: ToChild) -> None:
        """Returns at once. A message to a dead child is dropped."""
        ...

    def received(self) -> list[FromChild]:
        """The messages since the last call. Returns at once."""
        ...

    @property
    def exit_code(self) -> int | None:
        """None while it lives; the negative number of the signal that killed it. After it, `received` has all that the child sent."""
        ...

    def wait(self, seconds: float) -> None:
        """Returns when there is a message, when the child is dead, or after that time."""
        ...

    def kill(self) -> None: ...


MakeChild = Callable[[], Child]


class ModelProcess:
    """A `Child` that is a process. For several threads.

    It is started as a program: CUDA does not survive a fork, and multiprocessing's spawn would run Streamlit's entry script in the child.
    """

    def __init__(self, settings: Settings, role: Role = Role.PAINTING) -> None:
        command, pipe = [sys.executable, "-m", "nst.model_process.child"], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=_environment())  # noqa: S603 -- our own
        self._inbox, self._outbox = list[FromChild](), SimpleQueue[ToChild | None]()
        self._changed = threading.Condition()  # the inbox, or whether it is complete
        self._is_complete = self._is_broken = False
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        threading.Thread(target=self._write, args=(self._process.stdin,), daemon=True).start()
        self.send(Configure(role, settings.model_dump(mode="json", include=CHILD_SETTINGS)))

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: ToChild) -> None:
        self._outbox.put(message)

    def received(self) -> list[FromChild]:
        with self._changed:
            messages, self._inbox = self._inbox, []
        return messages

    @property
    def exit_code(self) -> int | None:
        if (exit_code := self._process.poll()) is None:
            return None
        self._reader.join(_DRAIN_SECONDS)
        return BROKEN if self._is_broken else exit_code

    def wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._inbox or self._is_complete, seconds)
        if self._is_complete:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def kill(self) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_SECONDS)
        self._outbox.put(None)
        self._reader.join(_DRAIN_SECONDS)

    def _read(self, stream: IO[bytes]) -> None:
        """Reads messages, in a thread, until the child is dead."""
        try:
            with stream:
                while (frame := read_frame(stream)) is not None:
                    message = message_from_child(frame)
                    with self._changed:
                        self._inbox.append(message)
                        self._changed.notify_all()
                        if len(self._inbox) > _MOST_UNREAD:
                            raise BadFrame("too many messages")
        except BadFrame as error:
            log.error("a model's process is killed, which sent %s", error)
            self._is_broken = True
            self._process.kill()
        with self._changed:
            self._is_complete = True
            self._changed.notify_all()

    def _write(self, stream: IO[bytes]) -> None:
        """Writes messages, in a thread: a pipe holds less than a photo, and the writer waits for the reader."""
        with suppress(OSError), stream:  # a dead child: `exit_code` says so
            while (message := self._outbox.get()) is not None:
                frame_of(message).write(stream)


def _environment() -> dict[str, str]:
    """This process's, without the settings that a child is not given, and with threads that sleep."""
    withheld = {f"NST_{name.upper()}" for name in Settings.model_fields if name not in CHILD_SETTINGS}
    return with_sleeping_threads({name: value for name, value in os.environ.items() if name.upper() not in withheld})
