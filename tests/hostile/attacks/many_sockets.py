"""A hundred and fifty pages of one address at a time."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import SMALLEST_RERUN, stream_url


async def attack(url: str, sockets: int = 150, seconds: float = 5.0) -> dict[str, Any]:
    answers: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        await asyncio.gather(*(_open(url, stack, answers) for _ in range(sockets)))
        await asyncio.sleep(seconds)
    return {"answers": dict(answers)}


async def _open(url: str, stack: AsyncExitStack, answers: Counter[str]) -> None:
    try:
        connection = connect(stream_url(url), compression=None, open_timeout=60, close_timeout=1, max_size=None)
        socket = await stack.enter_async_context(connection)
        await socket.send(SMALLEST_RERUN)
        answers["open"] += 1
    except InvalidStatus as refused:
        answers[str(refused.response.status_code)] += 1
    except (ConnectionClosed, OSError) as error:
        answers[type(error).__name__] += 1


if __name__ == "__main__":
    figures.main(attack, __doc__)
