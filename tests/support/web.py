"""Local servers and proxies that behave as oddly as real ones."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer
from threading import Thread
from typing import ClassVar, TypeVar

from nst.web import fetch

S = TypeVar("S", bound=TCPServer)
Handle = Callable[[BaseHTTPRequestHandler], None]


class Web(ThreadingHTTPServer):
    """Responds with the page for a path, and records the requests in `seen`."""

    def __init__(self, pages: dict[str, Handle] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.pages = pages or {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Asked(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        page = self.server.pages.get(self.path.partition("?")[0]) or self.server.pages.get("*")
        page(self) if page else self.send_error(404)

    do_CONNECT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Handle:
    """A page with this status, body and headers. Underscores in headers' names are hyphens."""

    def handle(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            asked.send_header(name.replace("_", "-"), value)
        asked.end_headers()
        asked.wfile.write(body)

    return handle


class Socks(ThreadingTCPServer):
    """A SOCKS5 proxy.

    Attributes:
        method: the authentication method that it selects: 0 for none, 2 for a password, 255 for no acceptable one.
        reply: its reply to the command; 0 for success.
    """

    allow_reuse_address = daemon_threads = True
    method, reply = 0, 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Way)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Way(BaseRequestHandler):
    server: Socks
    request: socket.socket

    def handle(self) -> None:
        take = self.request.makefile("rb").read
        take(take(2)[1])
        self.request.sendall(bytes([5, self.server.method]))
        if self.server.method == 255:
            return
        command = take(4)
        if not command:  # the client has left
            return
        kind = command[3]
        host = socket.inet_ntoa(take(4)) if kind == 1 else take(take(1)[0]).decode()
        port = int.from_bytes(take(2))
        self.server.asked.append(f"{host}:{port}")
        self.request.sendall(bytes([5, self.server.reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.server.reply == 0:
            self._pass_on(host, port)

    def _pass_on(self, host: str, port: int) -> None:
        with socket.create_connection((host, port)) as there:
            there.sendall(self.request.recv(65536))
            while data := there.recv(65536):
                self.request.sendall(data)


class Silent(ThreadingTCPServer):
    """Accepts connections and sends nothing but `says`."""

    allow_reuse_address = daemon_threads = True
    says: ClassVar[bytes] = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mute)

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Babbling(Silent):
    says = b"220 mail.example.org ESMTP\r\n"


class _Mute(BaseRequestHandler):
    server: Silent

    def handle(self) -> None:
        self.request.sendall(self.server.says)
        while self.request.recv(65536):
            pass


@contextmanager
def running(server: S) -> Iterator[S]:
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def body_of(url: str, most: int = 10**6, timeout: float = 10.0) -> bytes:
    return fetch(url, lambda response: b"".join(response.chunks(most)), timeout=timeout)
