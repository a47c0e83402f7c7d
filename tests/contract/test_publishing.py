"""Publishing, making private, hiding, deleting, expiring and sweeping by several servers at once, on every backend.

Every step that one server takes with records or pictures is a moment at which another may do the whole of what it does. All are tried.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from nst.domain import Job
from nst.domain.keys import locations_of
from nst.errors import PasticheError, StorageFull, StoreMisconfigured, StoreUnavailable
from nst.service import retention
from nst.service.publishing import Publisher
from nst.settings import Settings
from nst.store.ports import Backend, Cleanup
from tests.support.jobs import record, submitted, succeeded
from tests.support.memory_store import MemoryObjects, memory_backend

YEARS = 10.0**9
Act = Callable[[Backend, Job], object]

ACTS: dict[str, Act] = {
    "publish": lambda backend, job: Publisher(backend).set_public(job.id, "anna", 9.0, public=True),
    "publish with photo": lambda backend, job: Publisher(backend).set_public(job.id, "anna", 9.0, public=True, with_photo=True),
    "make private": lambda backend, job: Publisher(backend).set_public(job.id, "anna", 9.0, public=False),
    "hide": lambda backend, job: Publisher(backend).hide(job.id, 9.0, hidden=True),
    "show": lambda backend, job: Publisher(backend).hide(job.id, 9.0, hidden=False),
    "sweep": lambda backend, _job: retention.delete_orphans(backend, YEARS),
    "tidy": lambda backend, _job: retention.complete_cleanups(backend, YEARS),
    "expire": lambda backend, _job: retention.delete_expired(backend, Settings(keep_private_days=1.0), YEARS),
    "delete": lambda backend, job: retention.delete_job(backend, job, 9.0),
}
MOVES = ["publish", "publish with photo", "make private", "hide"]


@pytest.fixture
def records(backend: Backend) -> Backend:
    """Its records, with pictures in memory: there are many orders to try."""
    return replace(backend, objects=MemoryObjects())


class Stepping:
    """A port that calls `before` whenever it is used."""

    def __init__(self, port: object, before: Callable[[str], None]) -> None:
        self._port, self._before = port, before

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def called(*arguments: Any, **named: Any) -> Any:
            arguments = tuple(list(each) if isinstance(each, Iterator) else each for each in arguments)
            self._before(name)
            return method(*arguments, **named)

        return called


def stepping(backend: Backend, before: Callable[[str], None]) -> Backend:
    """One server's view of it. What it adds to the cleanups is no step that another could meet."""
    ports = {name: Stepping(getattr(backend, name), before) for name in ("jobs", "objects", "feed")}
    return replace(backend, **ports)


def stored(backend: Backend, *, public: bool) -> Job:
    job = succeeded(backend, public=public)
    for key in (job.input_key, job.output_key or ""):
        backend.objects.put(key, key.split("/")[1].encode())
    return job


def attempted(act: Act, backend: Backend, job: Job) -> None:
    try:
        act(backend, job)
    except PasticheError:  # unknown, since it was deleted meanwhile
        assert backend.jobs.get(job.id) is None


def assert_whole(backend: Backend, job: Job) -> None:
    """The pictures are where the record says, and nowhere else."""
    after = backend.jobs.get(job.id)
    left = {key for key in locations_of(job.input_key) if has(backend, key)}
    if after is None:
        assert left == set()
        return
    assert left == {after.input_key, after.output_key}
    assert after.output_key
    assert after.output_key.startswith("public/") is (after.public and not after.hidden)
    assert after.input_key.startswith("private/") or after.output_key.startswith("public/"), "no photo is public without its painting"
    assert backend.objects.get(after.input_key) == b"input"
    assert backend.objects.get(after.output_key or "") == b"output"
    assert backend.cleanups.pending(YEARS, 99) == []


def has(backend: Backend, key: str) -> bool:
    return key in {found.key for found in backend.objects.listing()}


def interleaved(backend: Backend, job: Job, plan: list[tuple[str, int]], depth: int = 0) -> int:
    """Does the first act of the plan; before the step of this number, the rest of the plan is done, in the same way.

    Returns:
        how many steps the first act took.
    """
    (name, moment), *rest = plan
    steps = itertools.count()
    taken = 0

    def before(_: str) -> None:
        nonlocal taken
        taken = next(steps)
        if taken == moment and rest:
            interleaved(backend, job, rest, depth + 1)

    attempted(ACTS[name], stepping(backend, before), job)
    return taken


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("name", [*MOVES, "sweep", "delete", "expire"])
def test_whatever_two_servers_do_at_once_no_picture_is_lost(records: Backend, name: str, public: bool) -> None:
    for other, moment in itertools.product(ACTS, range(40)):
        job = stored(records, public=public)
        steps = interleaved(records, job, [(name, moment), (other, 0)])
        retention.complete_cleanups(records, YEARS)
        assert_whole(records, job)
        records.jobs.delete(job.id)
        if steps < moment:
            break


@pytest.mark.parametrize("names", list(itertools.product(MOVES, repeat=3)), ids=", ".join)
def test_whatever_three_servers_do_at_once_no_picture_is_lost(names: tuple[str, str, str]) -> None:
    """In memory alone: there are thousands of orders."""
    for public, first, second in itertools.product([False, True], range(0, 20), range(0, 20, 3)):
        backend = memory_backend()
        job = stored(backend, public=public)
        interleaved(backend, job, [(names[0], first), (names[1], second), (names[2], 0)])
        retention.complete_cleanups(backend, YEARS)
        assert_whole(backend, job)


class Crash(BaseException):
    """The process is killed."""


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("name", [*MOVES, "show", "delete"])
def test_a_crash_between_any_two_steps_loses_nothing_and_is_made_up_for(records: Backend, name: str, public: bool) -> None:
    for moment in range(40):
        job = stored(records, public=public)
        steps = itertools.count()

        def before(_: str, steps: Any = steps, moment: int = moment) -> None:
            if next(steps) == moment:
                raise Crash

        try:
            attempted(ACTS[name], stepping(records, before), job)
        except Crash:
            after = records.jobs.get(job.id)
            if after is not None:
                assert all(has(records, key) for key in (after.input_key, after.output_key or ""))
            retention.complete_cleanups(records, 9.0 + 61.0)
        assert_whole(records, job)
        records.jobs.delete(job.id)
        if next(steps) <= moment:
            break


@pytest.mark.parametrize("name", [*MOVES, "delete"])
@pytest.mark.parametrize("error", [StoreMisconfigured("AWS refuses: AccessDenied"), StoreUnavailable("away")])
@pytest.mark.parametrize("step", ["delete", "size", "get", "copy"])
def test_a_store_that_refuses_a_step_is_asked_again_within_minutes(name: str, error: Exception, step: str) -> None:
    backend = memory_backend()
    job = stored(backend, public="publish" not in name)

    def before(called: str) -> None:
        if called == step:
            raise error

    try:
        ACTS[name](replace(backend, objects=Stepping(backend.objects, before)), job)  # type: ignore[arg-type]
    except (StoreUnavailable, StorageFull):
        assert record(backend, job.id).output_key == job.output_key
    for now in (70.0, 140.0):
        retention.complete_cleanups(backend, now)
    assert_whole(backend, job)


def test_a_painting_is_published_alone_or_with_its_photo(backend: Backend) -> None:
    job, publisher = stored(backend, public=False), Publisher(backend)
    for with_photo in (False, True, False):
        published = publisher.set_public(job.id, "anna", 9.0, public=True, with_photo=with_photo)
        assert published.input_key.startswith("public/") is with_photo
        assert_whole(backend, job)
        (entry,) = backend.feed.page(9).entries
        assert (entry.input_key, entry.output_key) == (published.input_key if with_photo else None, published.output_key)
    publisher.set_public(job.id, "anna", 9.0, public=False)
    assert backend.feed.page(9).entries == ()


def test_a_painting_that_was_hidden_comes_back_without_its_photo(backend: Backend) -> None:
    job, publisher = stored(backend, public=True), Publisher(backend)
    for hidden in (True, False):
        publisher.hide(job.id, 9.0, hidden=hidden)
        assert_whole(backend, job)
    assert record(backend, job.id).input_key.startswith("private/")


def test_a_painting_that_is_published_while_it_expires_is_kept(backend: Backend) -> None:
    job = stored(backend, public=False)
    (old,) = backend.jobs.oldest_private(YEARS, 9)
    Publisher(backend).set_public(job.id, "anna", 9.0, public=True)
    assert not retention.delete_job(backend, old, 9.0, only_private=True)
    assert_whole(backend, job)


def test_one_job_that_cannot_be_deleted_holds_up_no_other(backend: Backend) -> None:
    first, second = stored(backend, public=False), stored(backend, public=False)

    class Refusing(Stepping):
        def delete(self, keys: Any) -> None:
            if first.input_key in (doomed := list(keys)):
                raise StoreMisconfigured("AWS refuses: AccessDenied")
            backend.objects.delete(doomed)

    refusing = replace(backend, objects=Refusing(backend.objects, lambda _: None))  # type: ignore[arg-type]
    assert retention.delete_expired(refusing, Settings(), YEARS) == 2
    assert not has(backend, second.input_key)
    retention.complete_cleanups(refusing, YEARS + 61)
    retention.complete_cleanups(backend, YEARS + 122)
    assert not has(backend, first.input_key)


def test_a_record_changes_only_for_who_knows_where_its_pictures_are(backend: Backend) -> None:
    job = stored(backend, public=False)
    there = ("public/input/x.jpg", "public/output/x.jpg")
    assert not backend.jobs.set_public(job.id, True, *there, 5.0, "public/output/elsewhere.jpg")
    assert record(backend, job.id) == job
    assert backend.jobs.set_public(job.id, True, *there, 5.0, job.output_key)
    assert not backend.jobs.set_public(job.id, False, job.input_key, job.output_key or "", 6.0, job.output_key)
    assert record(backend, job.id).output_key == there[1]


def test_a_record_that_is_not_private_or_not_final_is_not_deleted_as_such(backend: Backend) -> None:
    public = succeeded(backend, public=True)
    private = succeeded(backend)
    waiting = submitted(backend)
    assert [backend.jobs.delete(job.id, only_private=True) for job in (public, waiting, private)] == [False, False, True]
    assert backend.jobs.known([public.id, private.id, waiting.id]) == {public.id, waiting.id}


def test_cleanups_are_kept_until_they_are_settled_and_can_be_put_off(backend: Backend) -> None:
    first, second, third = (Cleanup(f"private/input/{'0' * 31}{number}.jpg", "a1") for number in range(3))
    for at, cleanup in enumerate((first, second, third)):
        backend.cleanups.put(cleanup, float(at))
    assert backend.cleanups.pending(2.0, 9) == [first, second]
    backend.cleanups.put(first, 5.5)
    assert backend.cleanups.pending(9.0, 9) == [second, third, first]
    assert backend.cleanups.pending(9.0, 1) == [second]
    for cleanup in (second, second, third):
        backend.cleanups.settle(cleanup)
    assert backend.cleanups.pending(9.0, 9) == [first]
