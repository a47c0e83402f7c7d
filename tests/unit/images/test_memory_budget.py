"""nst.images.memory_budget: which requests wait, and which do not."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from nst.images.memory_budget import MemoryBudget

PATIENCE = 60.0


class Holder:
    """A thread that reserves memory and keeps it until `let_go`."""

    def __init__(self, budget: MemoryBudget, need: int) -> None:
        self.has_it, self._may_go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(budget, need))
        self._thread.start()

    def _hold(self, budget: MemoryBudget, need: int) -> None:
        with budget.reserve(need):
            self.has_it.set()
            self._may_go.wait(PATIENCE)

    def let_go(self) -> None:
        assert self.has_it.wait(PATIENCE)
        self._may_go.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@contextmanager
def waiting(budget: MemoryBudget, *needs: int) -> Iterator[list[Holder]]:
    """Holders that start in this order: each waits or has its memory before the next one starts."""
    holders = []
    for number, need in enumerate(needs, 1):
        holders.append(Holder(budget, need))
        until(lambda number=number: in_line(budget) + sum(each.has_it.is_set() for each in holders) >= number)
    yield holders


def in_line(budget: MemoryBudget) -> int:
    return len(budget._small._waiting) + len(budget._large._waiting)


def until(is_so: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(int(PATIENCE * 200)):
        if is_so():
            return
        tick.wait(0.005)
    pytest.fail("it did not come about")


def test_requests_that_fit_are_granted_together() -> None:
    with waiting(MemoryBudget(100, 20, 5), 40, 40) as (first, second):
        second.let_go()
        first.let_go()


def test_a_request_that_does_not_fit_waits_for_a_release() -> None:
    with waiting(MemoryBudget(100, 20, 5), 50, 50) as (first, second):
        assert not second.has_it.is_set()
        first.let_go()
        second.let_go()


def test_a_request_larger_than_the_budget_is_granted_alone() -> None:
    with waiting(MemoryBudget(100, 20, 5), 10, 1000, 10) as (before, huge, after):
        assert not huge.has_it.is_set()
        before.let_go()
        assert huge.has_it.wait(PATIENCE)
        assert not after.has_it.is_set()
        huge.let_go()
        after.let_go()


def test_requests_are_granted_in_order_so_that_large_ones_do_not_starve() -> None:
    with waiting(MemoryBudget(100, 20, 5), 50, 70, 10) as (first, large, later):
        assert not large.has_it.is_set()
        assert not later.has_it.is_set()
        first.let_go()
        assert large.has_it.wait(PATIENCE)
        later.let_go()
        large.let_go()


def test_a_small_request_does_not_wait_for_large_ones() -> None:
    budget = MemoryBudget(100, 20, 5)
    with waiting(budget, 80, 80) as (first, second):
        with budget.reserve(5):
            assert not second.has_it.is_set()
        first.let_go()
        second.let_go()


def test_an_exception_releases_the_memory() -> None:
    budget = MemoryBudget(100, 20, 5)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), budget.reserve(80):
            raise ValueError("broken")
    with budget.reserve(80):
        pass


def test_many_threads_never_exceed_the_budget() -> None:
    budget, lock, held, most = MemoryBudget(100, 20, 5), threading.Lock(), 0, 0

    def work(number: int) -> None:
        nonlocal held, most
        need = 10 + number * 7 % 60
        with budget.reserve(need):
            with lock:
                held += need
                most = max(most, held)
            threading.Event().wait(0.001)
            with lock:
                held -= need

    with ThreadPoolExecutor(16) as threads:
        done: list[Future[None]] = [threads.submit(work, number) for number in range(200)]
        for each in done:
            each.result(PATIENCE)
    assert most <= 80
