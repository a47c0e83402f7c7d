"""Sockets that send a rerun again and again, and are closed: `--sockets 3 --rate 20 --seconds 8` are 480 messages of two bytes."""

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import SMALLEST_RERUN, stream_url


async def attack(
    url: str, sockets: int = 3, rate: float = 20.0, seconds: float = 8.0, is_over: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """
    Args:
        rate: messages of a socket in a second.
        is_over: ends the attack before its time.
    """
    sent = await asyncio.gather(*(_flood(url, rate, seconds, is_over) for _ in range(sockets)))
    return {"messages": sum(sent)}


async def _flood(url: str, rate: float, seconds: float, is_over: Callable[[], bool]) -> int:
    """How many messages were sent. What the server says is not read."""
    loop, sent = asyncio.get_running_loop(), 0
    try:
        async with connect(stream_url(url), compression=None, close_timeout=1, max_size=None) as socket:
            end = loop.time() + seconds
            while loop.time() < end and not is_over():
                await socket.send(SMALLEST_RERUN)
                sent += 1
                await asyncio.sleep(1 / rate)
    except (ConnectionClosed, InvalidStatus, TimeoutError, OSError):
        pass
    return sent


if __name__ == "__main__":
    figures.main(attack, __doc__)
