"""Threads for the service's blocking calls, and admission to them."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from nst.gateway.guard.memory_budget import server_busy

Answer = TypeVar("Answer")
_READERS = 8
TURN_SECONDS = 10.0
"""For which a submission waits for a thread: less than servers wait for an answer to a ping, which is not read meanwhile."""


class ThreadPools:
    """Three pools: submissions decode a photo, conversions encode a painting, and neither must delay reads, which take a millisecond."""

    def __init__(self, turn_seconds: float = TURN_SECONDS) -> None:
        self._readers = ThreadPoolExecutor(_READERS, "gateway-read")
        self._submitters = _Turns("gateway-submit", max(2, (os.cpu_count() or 2) // 2), turn_seconds)
        self._converters = _Turns("gateway-convert", 1, turn_seconds)

    async def read(self, call: Callable[..., Answer], *args: Any) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(call, *args))

    async def submit(self, call: Callable[..., Answer], *args: Any) -> Answer:
        """
        Raises:
            ServerBusy: when no thread is free within `turn_seconds`.
        """
        return await self._submitters.run(partial(call, *args))

    async def convert(self, call: Callable[..., Answer], *args: Any) -> Answer:
        """One at a time; raises as `submit`."""
        return await self._converters.run(partial(call, *args))

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._submitters.close()
        self._converters.close()


class _Turns:
    """A few threads, for which calls wait a limited time."""

    def __init__(self, name: str, threads: int, turn_seconds: float) -> None:
        self._turn_seconds, self._turns = turn_seconds, asyncio.Semaphore(threads)
        self._threads = ThreadPoolExecutor(threads, name)

    async def run(self, call: Callable[[], Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._turn_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise server_busy() from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._turns.release()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
