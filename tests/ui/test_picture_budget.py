"""Limits on pictures in drafts."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from nst.errors import ServerBusy
from nst.ui.picture_budget import DECODED_AT_A_TIME, PictureBudget


class Picture:
    """Like a draft's, it can be referred to weakly."""


def keep(budget: PictureBudget, size: int, network: str) -> Picture:
    picture = Picture()
    with budget.reserve(size, network) as kept:
        kept(picture, size)
    return picture


def test_a_network_has_half_and_gets_it_back_when_its_pages_close() -> None:
    budget = PictureBudget(100)
    pictures = [keep(budget, 25, "here") for _ in range(2)]
    with pytest.raises(ServerBusy):
        keep(budget, 1, "here")
    assert keep(budget, 50, "there")
    pictures.pop()
    gc.collect()
    assert keep(budget, 25, "here")


def test_all_together_have_no_more_than_the_capacity() -> None:
    budget = PictureBudget(100)
    pictures = [keep(budget, 10, f"network {number}") for number in range(10)]
    with pytest.raises(ServerBusy):
        keep(budget, 1, "there")
    assert len(pictures) == 10


def test_a_picture_counts_from_before_it_is_decoded_and_not_when_that_fails() -> None:
    budget = PictureBudget(100)
    with pytest.raises(ValueError, match="damaged"), budget.reserve(50, "here"):
        with pytest.raises(ServerBusy):
            keep(budget, 1, "here")
        raise ValueError("damaged")
    assert keep(budget, 50, "here")


def test_a_network_decodes_few_at_a_time_and_others_do_not_wait_for_it() -> None:
    budget, over = PictureBudget(10_000), Event()
    decoding = Barrier(DECODED_AT_A_TIME + 1, timeout=60)

    def decode() -> None:
        with budget.reserve(1, "here"):
            if not over.is_set():
                decoding.wait()  # one thread too many would pass it together with others, and break it
                over.wait(60)

    with ThreadPoolExecutor(20) as threads:
        pages = [threads.submit(decode) for _ in range(20)]
        decoding.wait()
        assert keep(budget, 1, "there")
        assert decoding.n_waiting == 0
        over.set()
        for page in pages:
            page.result()
