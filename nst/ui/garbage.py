"""Garbage collection of the app's process: all pages together from time to time, instead of each after every run of its script.

That is so for Python's objects, and for the files behind download buttons.
"""

import asyncio
import gc
import time

from streamlit import config
from streamlit.runtime.media_file_manager import MediaFileManager

_PAUSE_SECONDS = 2.0
_PAUSE_FACTOR = 30.0
"""A collection stops the whole process. Its pause is so many times as long, however many objects the open pages have."""

_SWEEP_SECONDS = 60.0
"""The file of a download is deleted with the second sweep: at the earliest so long after the browser has been told its URL."""


def configure() -> None:
    """Streamlit collects after every run of a script: with a hundred visitors, for half of the time that scripts take."""
    config.set_option("runner.postScriptGC", False)


async def collect(pause_seconds: float = _PAUSE_SECONDS) -> None:
    """Collects until it is cancelled. What exists at first, all modules and shared objects, is excluded from then on."""
    await asyncio.to_thread(_freeze)
    while True:
        began = time.monotonic()
        await asyncio.to_thread(gc.collect)
        await asyncio.sleep(max(pause_seconds, _PAUSE_FACTOR * (time.monotonic() - began)))


def _freeze() -> None:
    gc.collect()
    gc.freeze()


async def sweep_files(files: MediaFileManager, pause_seconds: float = _SWEEP_SECONDS) -> None:
    """Deletes files that no page shows any more, until it is cancelled.

    Streamlit does it after every run of any visitor's script. With some open galleries, which run several times a second, the file of a
    download is deleted before a browser with a slow connection can request it.
    """
    sweep = files.remove_orphaned_files
    setattr(files, "remove_orphaned_files", lambda: None)  # noqa: B010 -- mypy refuses the assignment to a method
    try:
        while True:
            await asyncio.sleep(pause_seconds)
            await asyncio.to_thread(sweep)
    finally:
        delattr(files, "remove_orphaned_files")
