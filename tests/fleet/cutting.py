"""A way to Redis that can be cut at the worst moment: when a command has been carried out, and before its answer is heard."""

import select
import socket
import threading
from contextlib import ExitStack
from typing import Self

_CHUNK = 65536


class CuttingProxy:
    """Passes everything on, until it is told what to cut at."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._open = ExitStack()
        self._listener = self._open.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._marker: bytes | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, marker: str) -> None:
        """The next command with this in it is carried out, and its answer is lost."""
        self._marker = marker.encode()

    def lead_to(self, port: int) -> None:
        """New connections go there; those that there are stay where they are."""
        self._target = ("127.0.0.1", port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(ours,), daemon=True).start()

    def _serve(self, ours: socket.socket) -> None:
        """Passes bytes on as they come: commands and answers may arrive in any number of pieces."""
        with ours, socket.create_connection(self._target) as theirs:
            marker = None
            while True:
                for side in select.select([ours, theirs], [], [])[0]:
                    if not (data := _received(side)):
                        return
                    if side is ours:
                        marker = self._marker if self._marker and self._marker in data else marker
                        theirs.sendall(data)
                    elif marker is not None and not data.startswith(b"-"):  # an error carried nothing out
                        self._marker = None
                        self.cuts += 1
                        return
                    else:
                        marker = None
                        ours.sendall(data)


def _received(side: socket.socket) -> bytes:
    try:
        return side.recv(_CHUNK)
    except OSError:
        return b""
