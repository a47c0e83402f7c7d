"""Garbage collection of the app's process."""

import asyncio
import gc
import weakref

import pytest
from streamlit import config
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

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


def test_the_file_of_a_download_outlives_the_runs_of_other_pages_and_is_deleted_later() -> None:
    async def live() -> None:
        manager = MediaFileManager(MemoryMediaFileStorage("/media"))
        sweeping = asyncio.create_task(garbage.sweep_files(manager, pause_seconds=0.05))
        await asyncio.sleep(0)
        address = manager.execute_deferred(manager.add_deferred(lambda: b"a painting", "image/png", "0.1", "a.png"))
        name = address.rpartition("/")[2].partition(".")[0]
        manager.clear_session_refs()
        for _ in range(5):
            manager.remove_orphaned_files()  # after a run of any visitor's script
        assert manager.read_file(name) is not None
        async with asyncio.timeout(30):
            while manager.read_file(name) is not None:
                await asyncio.sleep(0.01)
        sweeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sweeping
        assert "remove_orphaned_files" not in vars(manager)

    asyncio.run(live())
