"""glibc's allocator: how memory that a server has freed goes back to the system. Elsewhere, nothing here has an effect.

By default, glibc keeps what was freed for the thread that used it, and after the first large block that is freed, blocks of up to 32 MB are
cut from such memory, too. A server with a thread for each page then keeps pictures and uploads of pages that are long closed.
"""

import ctypes
from typing import Any

LARGE_BLOCK = 1 << 20
"""Bytes from which a block is a mapping of its own, which is given back when it is freed."""
_KEPT = 4 << 20  # bytes at the end of each thread's memory that are kept rather than given back at once

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def give_back_large_blocks() -> None:
    """Call it where a server starts, before it has threads. Not where a model computes: its tensors are large, and made again at once."""
    if (glibc := _glibc()) is not None:
        glibc.mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)
        glibc.mallopt(_M_TRIM_THRESHOLD, _KEPT)


def give_back_freed() -> None:
    """Give back all whole pages that are free now."""
    if (glibc := _glibc()) is not None:
        glibc.malloc_trim(0)


def _glibc() -> Any:
    """None where another C library is used."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
