"""What an attack does to the server: how long it leaves others without an answer, and how much memory it takes."""

import argparse
import asyncio
import json
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_PAUSE_SECONDS = 0.05
_GIVE_UP_SECONDS = 120.0
Attack = Callable[[str], Awaitable[dict[str, Any]]]


@dataclass
class Figures:
    """
    Attributes:
        longest_silence: seconds of the slowest answer from /healthz.
        peak_rss: bytes of the server's process; None when its id was not given.
    """

    longest_silence: float = 0.0
    peak_rss: int | None = None


@contextmanager
def observed(url: str, pid: int | None = None, calm_seconds: float = 3.0) -> Iterator[Figures]:
    """Measures during the block, and for a while after it: a backlog is worked off then."""
    figures, is_over = Figures(), threading.Event()
    if pid is not None:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    probe = threading.Thread(target=_probe, args=(url, figures, is_over))
    probe.start()
    try:
        yield figures
        time.sleep(calm_seconds)
    finally:
        is_over.set()
        probe.join()
        if pid is not None:
            figures.peak_rss = memory(pid, "VmHWM")


def memory(pid: int, kind: str = "VmRSS") -> int:
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1]) * 1024


def _probe(url: str, figures: Figures, is_over: threading.Event) -> None:
    """An answer that does not come counts with the time that it was waited for."""
    with httpx.Client(timeout=_GIVE_UP_SECONDS) as client:
        while not is_over.wait(_PAUSE_SECONDS):
            begin = time.monotonic()
            with suppress(httpx.TransportError):
                client.get(f"{url}/healthz")
            figures.longest_silence = max(figures.longest_silence, time.monotonic() - begin)


def measured(attack: Attack, url: str, pid: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with observed(url, pid) as figures:
        found = asyncio.run(attack(url))
    rss = None if figures.peak_rss is None else round(figures.peak_rss / 1e6)
    return {"longest_silence_s": round(figures.longest_silence, 2), "peak_rss_mb": rss, **found}


def main(attack: Attack, what: str | None) -> None:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--url", required=True, help="of the studio: http://localhost:8501")
    parser.add_argument("--pid", type=int, help="of the studio's process on this machine, whose memory is measured")
    parser.add_argument("--source", help="an address of this machine, as which it attacks: 127.0.0.2")
    wanted = parser.parse_args()
    if wanted.source:
        _connect_from(wanted.source)
    sys.stdout.write(json.dumps(measured(attack, wanted.url, wanted.pid)) + "\n")


def _connect_from(address: str) -> None:
    """All connections of this process are from this address, unless they say otherwise."""
    create = asyncio.BaseEventLoop.create_connection

    async def create_from(self: asyncio.BaseEventLoop, *args: Any, **options: Any) -> Any:
        return await create(self, *args, **{**options, "local_addr": options.get("local_addr") or (address, 0)})

    asyncio.BaseEventLoop.create_connection = create_from  # type: ignore[assignment, method-assign]
