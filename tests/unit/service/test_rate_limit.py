"""nst.service.rate_limit: limits that several servers enforce together, and each by itself during an outage of the store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from nst.domain import StyleParams, new_id
from nst.errors import NotAllowed, Refused, StoreUnavailable, TooManyJobs, TooManyUploads
from nst.service import AddressQuota, Order, Service, StyleChoice
from nst.service.rate_limit import RateLimit
from nst.store.ports import Rates
from nst.store.rates import ProcessRates
from tests.support.gateway import Clock
from tests.support.memory_store import memory_backend
from tests.support.pictures import picture_bytes
from tests.support.studio import Studio

TOKEN, LONG_AGO = "sesame-of-16-characters", float("-inf")
ADDRESS = "192.0.2.1"


class Away(Rates):
    """A store that does not answer."""

    def take(self, *_: object) -> bool:
        raise StoreUnavailable("away")

    def recent(self, *_: object) -> list[str]:
        raise StoreUnavailable("away")

    def give_back(self, *_: object) -> None:
        raise StoreUnavailable("away")


def another_server(studio: Studio) -> Service:
    return Studio(studio.changes, backend=studio.backend).service


def test_a_limit_is_that_of_all_servers_together() -> None:
    shared, clock = ProcessRates(), Clock()
    one, other = (RateLimit("tries", 3, 60.0, clock, shared) for _ in range(2))
    assert [limit.take("a") for limit in (one, other, one, other)] == [True, True, True, False]
    assert other.take("b")
    clock.now = 60.5
    assert other.take("a")


def test_during_an_outage_a_limit_is_neither_lifted_nor_closed() -> None:
    limit = RateLimit("tries", 2, 60.0, Clock(), Away())
    assert [limit.take("a", event) for event in ("one", "two", "three")] == [True, True, False]
    assert limit.recent("a") == ["one", "two"]
    limit.give_back("a", "one")
    assert limit.take("a")


def test_a_store_is_told_no_address() -> None:
    class Told(ProcessRates):
        def take(self, key: str, *arguments: object) -> bool:
            keys.append(key)
            return super().take(key, *arguments)  # type: ignore[arg-type]

    keys: list[str] = []
    RateLimit("tries", 1, 60.0, Clock(), Told()).take(ADDRESS)
    assert keys
    assert ADDRESS not in keys[0]


@pytest.mark.parametrize("studio", [{"admin_token": TOKEN}], indirect=True)
def test_who_guesses_at_several_servers_has_the_tries_of_one(studio: Studio) -> None:
    servers = studio.service, another_server(studio)
    for number in range(5):
        with pytest.raises(NotAllowed):
            servers[number % 2].check_administrator("a guess", ADDRESS)
    for server in servers:
        with pytest.raises(Refused):
            server.check_administrator(TOKEN, ADDRESS)


@pytest.mark.parametrize("studio", [{"admin_token": TOKEN}], indirect=True)
def test_guesses_at_the_same_time_are_counted_one_by_one(studio: Studio) -> None:
    def guess(_: int) -> type[Exception] | None:
        try:
            studio.service.check_administrator("a guess", ADDRESS)
        except (NotAllowed, Refused) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(40)))
    assert (answers.count(NotAllowed), answers.count(Refused)) == (5, 35)


@pytest.mark.parametrize("studio", [{"admin_token": TOKEN}], indirect=True)
def test_right_tokens_are_not_counted(studio: Studio) -> None:
    for _ in range(20):
        studio.service.check_administrator(TOKEN, ADDRESS)


def test_a_neighbourhood_reports_no_more_at_several_servers(studio: Studio) -> None:
    servers = studio.service, another_server(studio)
    jobs = [studio.painted(token=str(number), public=True) for number in range(11)]
    for number, job in enumerate(jobs[:10]):
        servers[number % 2].report(job.id, "bert", "", ADDRESS, since=LONG_AGO)
    for server in servers:
        with pytest.raises(Refused):
            server.report(jobs[10].id, "carl", "", ADDRESS, since=LONG_AGO)


def test_visitors_of_an_address_submit_no_more_at_several_servers() -> None:
    studio = Studio({"uploads_per_minute": 2, "jobs_per_visitor": 9})
    servers = studio.service, another_server(studio)

    def submit(number: int) -> None:
        order = Order(picture_bytes(), [StyleChoice("starlit-swirl")], new_id(), StyleParams())
        servers[number % 2].submit(f"visitor {number}", order, network=ADDRESS, has_cookie=False)

    submit(0)
    submit(1)
    for number in (2, 3):
        with pytest.raises(TooManyUploads):
            submit(number)


@pytest.mark.parametrize("away", [False, True])
def test_unfinished_jobs_of_an_address_are_those_of_all_servers(away: bool) -> None:
    under_way = {"one", "two", "three"}
    rates: Callable[[], Rates] = Away if away else ProcessRates
    shared = rates()
    one, other = (AddressQuota("programs", 9, 2, Clock(), shared) for _ in range(2))

    def submit(quota: AddressQuota, job_id: str) -> None:
        with quota.counted(ADDRESS, job_id, under_way.__contains__):
            pass

    submit(one, "one")
    submit(one if away else other, "two")
    with pytest.raises(TooManyJobs):
        one.check(ADDRESS, under_way.__contains__)
    with pytest.raises(TooManyJobs):
        submit(one, "three")
    under_way.discard("one")
    one.check(ADDRESS, under_way.__contains__)
    submit(one, "three")


def test_reports_and_tokens_go_on_while_limits_are_out_of_reach() -> None:
    studio = Studio({"admin_token": TOKEN}, backend=replace(memory_backend(), rates=Away()))
    service, job = studio.service, studio.painted(public=True)
    service.report(job.id, "bert", "", ADDRESS, since=LONG_AGO)
    service.check_administrator(TOKEN, ADDRESS)
    for _ in range(5):
        with pytest.raises(NotAllowed):
            service.check_administrator(new_id(), ADDRESS)
    with pytest.raises(Refused):
        service.check_administrator(TOKEN, ADDRESS)
