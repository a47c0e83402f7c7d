"""Pieces of work shared among threads, each of which computes by itself.

torch's own threads share one operation at a time. Where an operation of NNPACK is short, they mostly wait for each other.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier, Lock

import torch

# Each has memory of its own.
MOST_THREADS = 16
# Held while threads are started: meanwhile torch's number of threads for new ones is 1.
_starting = Lock()


def share(work: Callable[[int], None], pieces: Iterable[int]) -> None:
    """Call `work` with every piece, in as many threads as torch has, at most `MOST_THREADS`, without gradients."""
    threads = min(torch.get_num_threads(), MOST_THREADS)
    left = iter(pieces)
    if threads == 1:
        _work_off(work, left)
        return
    with _starting:
        workers = _workers(threads)
    for done in [workers.submit(_work_off, work, left) for _ in range(threads)]:
        done.result()


@torch.inference_mode()
def _work_off(work: Callable[[int], None], left: Iterator[int]) -> None:
    for piece in left:
        work(piece)


@cache
def _workers(threads: int) -> ThreadPoolExecutor:
    """So many threads, all started, with one thread of torch each."""
    started = Barrier(threads)

    def compute_alone() -> None:
        torch.get_num_threads()  # the first question would set torch's number for all threads
        torch.set_num_threads(1)
        started.wait()

    before = torch.get_num_threads()
    workers = ThreadPoolExecutor(threads, "bands")
    for done in [workers.submit(compute_alone) for _ in range(threads)]:
        done.result()
    torch.set_num_threads(before)  # for threads that are started later
    return workers
