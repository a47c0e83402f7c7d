"""Garbage collection of the app's process: all pages together every few seconds, instead of each after every run of its script."""

import asyncio
import gc
import time

from streamlit import config

_PAUSE_SECONDS = 2.0
_PAUSE_FACTOR = 30.0
"""A collection stops the whole process. Its pause is so many times as long, however many objects the open pages have."""


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
