"""The gateway's threads."""

import asyncio
import threading
import time

import pytest

from nst.errors import ServerBusy
from nst.gateway.pools import ThreadPools


def test_paintings_are_converted_one_at_a_time_while_others_read() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def convert() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1

    async def all_at_once() -> None:
        pools = ThreadPools()
        try:
            conversions = [asyncio.create_task(pools.convert(convert)) for _ in range(4)]
            await asyncio.sleep(0.01)
            assert await pools.read(lambda: running) == 1
            assert await pools.submit(lambda: running) == 1
            await asyncio.gather(*conversions)
        finally:
            pools.close()

    asyncio.run(all_at_once())
    assert most == 1


def test_a_conversion_that_waits_too_long_is_refused() -> None:
    async def crowded() -> None:
        pools, release = ThreadPools(turn_seconds=0.05), threading.Event()
        try:
            first = asyncio.create_task(pools.convert(release.wait, 10))
            await asyncio.sleep(0.01)
            with pytest.raises(ServerBusy):
                await pools.convert(lambda: None)
            release.set()
            assert await first
            assert await pools.convert(lambda: "next") == "next"
        finally:
            pools.close()

    asyncio.run(crowded())
