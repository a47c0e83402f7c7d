"""The cache of bounded size."""

import pytest

from nst.lru import LRUCache


def test_the_least_recently_used_value_is_forgotten_first() -> None:
    cache = LRUCache[str, int](2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)
    assert len(cache) == 2


def test_a_value_is_made_once() -> None:
    cache = LRUCache[str, int](2)
    assert cache.get_or_make("a", lambda: 1) == 1
    assert cache.get_or_make("a", lambda: pytest.fail("it is there already")) == 1


def test_a_value_that_could_not_be_made_is_made_the_next_time() -> None:
    cache = LRUCache[str, int](2)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("a", lambda: 1 // 0)
    assert cache.get_or_make("a", lambda: 1) == 1


def test_a_value_that_is_popped_is_gone_and_popping_it_again_is_no_error() -> None:
    cache = LRUCache[str, int](2)
    cache.put("a", 1)
    cache.pop("a")
    cache.pop("a")
    assert cache.get("a") is None
