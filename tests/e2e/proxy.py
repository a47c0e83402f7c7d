"""A reverse proxy that passes requests below one path of its host to the studio, and refuses all others."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """
    Args:
        port: of the studio.
        path: the path that is passed on, as "/studio".
        strips: whether it removes the path from requests, and sends it as X-Forwarded-Prefix.
    """

    def __init__(self, port: int, path: str, strips: bool = False) -> None:
        self._port, self._path, self._strips = port, path, strips
        self.refused: list[str] = []
        self.url = ""

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.url = f"http://localhost:{server.sockets[0].getsockname()[1]}{self._path}"
        return server

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            if path != self._path and not path.startswith((f"{self._path}/", f"{self._path}?")):
                self.refused.append(path)
                writer.write(_NOTHING)
                await writer.drain()
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            back.write(self._rewritten(head).encode("latin-1"))
            await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _rewritten(self, head: str) -> str:
        if "upgrade: websocket" not in head.lower():  # one request a connection
            head = re.sub(r"(?i)\r\nconnection:[^\r]*", "", head).replace("\r\n", "\r\nConnection: close\r\n", 1)
        if self._strips:
            head = head.replace(f" {self._path}", " ", 1).replace(" ?", " /?", 1).replace("  HTTP", " / HTTP", 1)
            head = head.replace("\r\n", f"\r\nX-Forwarded-Prefix: {self._path}\r\n", 1)
        return head


async def _pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()


@contextmanager
def proxied(port: int, path: str, strips: bool = False) -> Iterator[Proxy]:
    loop, proxy = asyncio.new_event_loop(), Proxy(port, path, strips)
    thread = Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(proxy.serve(), loop).result(30)
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
