"""Garbage collection of the app's process."""

import asyncio
import gc
import weakref

from streamlit import config

from nst.ui import garbage


class Cycle:
    """Refers to itself: only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_streamlit_does_not_collect_after_every_run() -> None:
    garbage.configure()
    assert not config.get_option("runner.postScriptGC")


def test_cycles_are_collected_again_and_again() -> None:
    async def live() -> None:
        collecting = asyncio.create_task(garbage.collect(pause_seconds=0.01))
        async with asyncio.timeout(30):
            while not gc.get_freeze_count():
                await asyncio.sleep(0.01)
            for _ in range(2):
                cycle = weakref.ref(Cycle())
                while cycle() is not None:
                    await asyncio.sleep(0.01)
        collecting.cancel()

    gc.unfreeze()
    gc.disable()  # so that nothing else collects
    try:
        asyncio.run(live())
    finally:
        gc.enable()
        gc.unfreeze()
