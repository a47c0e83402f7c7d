"""What `nst.store.ports.Rates` promises."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from nst.store.ports import Backend
from nst.store.redis.rates import RedisRates
from tests.support.servers import connected, shared_cluster

MINUTE = 60.0


def taken(backend: Backend, event: str, now: float, key: str = "here", most: int = 2) -> bool:
    return backend.rates.take(key, event, most, MINUTE, now)


def test_so_many_events_of_a_key_are_recorded_in_a_time(backend: Backend) -> None:
    assert [taken(backend, event, now) for now, event in enumerate(["one", "two", "three"])] == [True, True, False]
    assert taken(backend, "three", 2.0, "elsewhere")
    assert backend.rates.recent("here", MINUTE, 2.0) == ["one", "two"]
    assert [taken(backend, event, 60.5) for event in ("four", "five")] == [True, False]
    assert backend.rates.recent("here", MINUTE, 60.5) == ["two", "four"]
    assert backend.rates.recent("here", MINUTE, 500.0) == backend.rates.recent("nowhere", MINUTE, 0.0) == []


def test_an_event_counts_once_and_keeps_its_time(backend: Backend) -> None:
    assert [taken(backend, event, now) for now, event in enumerate(["one", "one", "two", "one"])] == [True] * 4
    assert backend.rates.recent("here", MINUTE, 60.5) == ["two"]


def test_an_event_that_is_given_back_makes_room(backend: Backend) -> None:
    backend.rates.give_back("here", "one")
    assert taken(backend, "one", 0.0, most=1)
    assert not taken(backend, "two", 1.0, most=1)
    backend.rates.give_back("here", "one")
    backend.rates.give_back("here", "another")
    assert taken(backend, "two", 2.0, most=1)
    assert backend.rates.recent("here", MINUTE, 2.0) == ["two"]


def test_nobody_shares_the_last_place(backend: Backend) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: taken(backend, f"event {number}", 1.0, most=5), range(40)))
    assert sum(answers) == len(backend.rates.recent("here", MINUTE, 1.0)) == 5


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_processes_of_a_fleet_count_together_and_leave_nothing(scheme: str) -> None:
    server = shared_cluster() if scheme == "redis+cluster" else None
    first = connected(server, scheme)
    second = connected(server, scheme, first.key().removeprefix("{").removesuffix("}:"))
    one, other = RedisRates(first), RedisRates(second)
    assert [rates.take("here", event, 2, MINUTE, 0.0) for event, rates in (("a", one), ("b", other), ("c", one))] == [True, True, False]
    assert one.recent("here", MINUTE, 1.0) == other.recent("here", MINUTE, 1.0) == ["a", "b"]
    assert 0 < first.call("TTL", first.key("rates", "here")) <= MINUTE + 1
    for connection in (first, second):
        connection.close()
