"""nst.allocator: what is freed goes back to the system."""

import ctypes
import subprocess
import sys

import pytest

from nst import allocator

MEGABYTE = 1_000_000
# As a server's memory looks after uploads: large blocks that are gone, between small ones that stay.
MEASURED = """
import sys
from pathlib import Path
from nst import allocator

def memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "server":
    allocator.give_back_large_blocks()
block = bytearray(20_000_000)
del block
before, kept = memory(), []
for _ in range(20):
    kept += [bytearray(8_000_000), bytes(1000)]
kept = kept[1::2]
print(memory() - before)
"""

on_glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not glibc")


def left(process: str) -> int:
    child = subprocess.run([sys.executable, "-c", MEASURED, process], capture_output=True, encoding="utf-8", check=True)
    return int(child.stdout)


@on_glibc
def test_a_server_gives_large_blocks_back_when_they_are_freed() -> None:
    assert left("server") < 10 * MEGABYTE
    assert left("other") > 100 * MEGABYTE, "glibc has learnt to give them back by itself: this module is superfluous"


@pytest.mark.parametrize("broken", [OSError(), TypeError()])
def test_without_glibc_nothing_happens(broken: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: object) -> object:
        raise broken

    monkeypatch.setattr(ctypes, "CDLL", missing)
    allocator.give_back_large_blocks()
    allocator.give_back_freed()
