"""What is known to go wrong with redis-py and Redis, shown not to."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from nst.domain import JobState, Outcome, Preset, StyleParams
from nst.errors import StoreUnavailable
from nst.store.ports import Backend, Quota
from nst.store.redis import Connection, redis_backend
from nst.store.redis.clock import SharedClock
from nst.store.redis.job_events import _KEEP, RedisJobEvents
from nst.store.redis.queue import RedisQueue
from tests.fleet.cutting import CuttingProxy
from tests.support.jobs import PLENTY, a_job, painted, record, submitted
from tests.support.memory_store import MemoryObjects, memory_backend
from tests.support.servers import RedisServer, connected, free_port, shared_redis

OwnRedis = Callable[..., RedisServer]


@pytest.fixture
def connection() -> Iterator[Connection]:
    connection = connected()
    yield connection
    connection.close()


@pytest.fixture
def backend(connection: Connection) -> Backend:
    return redis_backend(connection, MemoryObjects())


@pytest.fixture
def proxy() -> Iterator[CuttingProxy]:
    with CuttingProxy(shared_redis().port) as proxy:
        yield proxy


@pytest.fixture
def cut(proxy: CuttingProxy) -> Iterator[Backend]:
    """A backend behind the proxy. Every script is known to Redis already, so that it is sent by its hash."""
    connection = Connection(f"redis://127.0.0.1:{proxy.port}/0", "cut-" + str(proxy.port))
    yield redis_backend(connection, MemoryObjects())
    connection.close()


class TestLostAnswers:
    """redis-py sends again what it has had no answer to, whether it was carried out or not."""

    def test_a_submission_is_one_job(self, cut: Backend, proxy: CuttingProxy) -> None:
        submitted(cut, "anna", token="warm-up")
        proxy.cut_at("the-form")
        job = cut.queue.submit(a_job("anna", token="the-form"), Quota(99, 2, 99))  # the second would be over the quota
        assert proxy.cuts == 1
        assert job.id in {found.id for found in cut.jobs.of_owner("anna", 9)}
        assert cut.jobs.counts() == {JobState.QUEUED: 2}

    def test_a_claim_takes_one_job_and_one_attempt(self, cut: Backend, proxy: CuttingProxy) -> None:
        first, second = submitted(cut), submitted(cut)
        proxy.cut_at("the-worker")
        lease = cut.queue.claim("the-worker", 1.0, 30.0)
        assert proxy.cuts == 1
        assert lease is not None
        assert (lease.job.id, lease.job.attempt) == (first.id, 1)
        again = cut.queue.claim("the-worker", 2.0, 30.0)
        assert again is not None
        assert again.job.id == second.id

    def test_a_finish_has_finished(self, cut: Backend, proxy: CuttingProxy) -> None:
        job = submitted(cut, public=True)
        lease = cut.queue.claim("worker", 1.0, 30.0)
        assert lease is not None
        proxy.cut_at("the-recipe")
        ended = replace(painted(job), recipe={"is": "the-recipe"})
        assert cut.jobs.finish(lease.job.fencing_token, ended, 2.0)
        assert proxy.cuts == 1
        assert not cut.jobs.finish(lease.job.fencing_token, Outcome.failed("no"), 3.0)
        assert [entry.job_id for entry in cut.feed.page(9).entries] == [job.id]


class TestBlocking:
    def test_a_wait_that_is_longer_than_the_sockets_patience_is_quiet(self) -> None:
        redis = shared_redis()
        connection = Connection(redis.url, "patience", answer_seconds=2.0)
        backend = redis_backend(connection, MemoryObjects())
        listener = backend.job_events.listen()
        with redis.client() as client:
            backend.queue.wait(0.0)
            before = client.info("stats")["total_connections_received"]
            began = monotonic()
            backend.queue.wait(2.5)
            assert listener.wait(2.5) == []
            assert monotonic() - began >= 5.0
            assert client.info("stats")["total_connections_received"] == before  # no client gave up waiting and connected again
        connection.close()

    def test_more_than_a_hundred_may_wait_at_once(self, backend: Backend) -> None:
        with ThreadPoolExecutor(130) as threads:
            waits = [threads.submit(backend.queue.wait, 1.0) for _ in range(130)]
            assert [wait.exception() for wait in waits] == [None] * 130

    def test_old_wake_ups_of_jobs_that_are_gone_wake_no_worker(self, backend: Backend, connection: Connection) -> None:
        for _ in range(5):
            submitted(backend)
        while backend.queue.claim("worker", 1.0, 30.0):
            pass
        began = monotonic()
        backend.queue.wait(0.2)
        assert monotonic() - began >= 0.2
        assert connection.call("EXISTS", connection.key("bell", "draft")) == 0


class TestForgetfulServers:
    def test_a_job_that_came_before_the_first_worker_is_not_passed_over(self, backend: Backend) -> None:
        job = submitted(backend)
        backend.queue.wait(3600.0)
        lease = backend.queue.claim("the first", 1.0, 30.0)
        assert lease is not None
        assert lease.job.id == job.id

    def test_a_redis_that_has_forgotten_scripts_or_everything_is_used_on(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        connection = connected(redis)
        backend = redis_backend(connection, MemoryObjects())
        submitted(backend)
        for command in ("SCRIPT FLUSH", "FLUSHALL"):
            connection.call(*command.split())
            assert submitted(backend).state is JobState.QUEUED
            assert backend.queue.claim("worker", 1.0, 30.0) is not None
        connection.close()

    def test_hints_are_cut_and_jobs_are_not(self, backend: Backend, connection: Connection) -> None:
        jobs = [submitted(backend) for _ in range(20)]
        for number in range(3 * _KEEP):
            backend.job_events.notify(str(number), 0.0)
        assert int(connection.call("XLEN", connection.key("hints"))) < 2 * _KEEP
        assert backend.jobs.known({job.id for job in jobs}) == {job.id for job in jobs}

    def test_jobs_that_are_done_and_deleted_leave_no_keys(self, backend: Backend, connection: Connection) -> None:
        def keys() -> dict[str, str]:
            names = [name for name in connection.call("KEYS", connection.key("*")) if "uploads" not in name]
            return {name: connection.call("TYPE", name) for name in names}

        for round in range(2):
            for number in range(10):
                job = submitted(backend, f"owner-{number}", public=True)
                lease = backend.queue.claim("worker", 1.0, 30.0)
                assert lease is not None
                backend.jobs.finish(lease.job.fencing_token, painted(job), 2.0)
                backend.queue.acknowledge(lease.job.fencing_token)
                backend.feed.report(job.id, "bert", "", 3.0)
                backend.jobs.delete(job.id)
            if round == 0:
                before = keys()
        assert keys() == before
        assert len(before) <= 5  # counts, totals, the last claim, ids that stay taken; nothing else of a job


class TestNumbers:
    def test_no_digit_of_a_turn_or_a_time_is_lost(self, backend: Backend) -> None:
        fake = memory_backend()
        for number in range(30):
            job = a_job("anna", created=1795517041.0799123 + number / 7)
            job = replace(job, params=StyleParams(preset=Preset.DRAFT, size=333 + number))
            ours, theirs = backend.queue.submit(job, PLENTY), fake.queue.submit(job, PLENTY)
            assert ours == theirs == record(backend, job.id)


class TestClock:
    def test_machines_whose_clocks_differ_have_one_time(self, connection: Connection) -> None:
        clocks = [SharedClock(connection, lambda start=start: start + monotonic()) for start in (0.0, 9e8, -600.0)]
        times = [clock() for clock in clocks]
        assert max(times) - min(times) < 60.0  # a minute for a machine that is busy; their clocks are years apart

    def test_it_goes_on_when_redis_does_not_answer(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        now = 0.0
        clock = SharedClock(connected(redis), lambda: now)
        before = clock()
        redis.kill()
        now = 1000.0
        assert clock() == before + 1000.0

    def test_it_does_not_guess(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        redis.kill()
        with pytest.raises(StoreUnavailable):
            SharedClock(connected(redis))()


class TestConnections:
    def test_a_password_comes_by_the_url(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with redis.client() as client:
            client.config_set("requirepass", "a secret")
            connection = Connection(redis.url.replace("//", "//:a%20secret@"))
            assert submitted(redis_backend(connection, MemoryObjects())).state is JobState.QUEUED
            connection.close()

    def test_a_redis_that_may_not_write_is_an_outage(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        connection = connected(redis)
        backend = redis_backend(connection, MemoryObjects())
        with redis.client() as client:
            client.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable):
            submitted(backend)
        connection.close()

    def test_tls_comes_by_the_url(self, own_redis: OwnRedis, tmp_path: Path) -> None:
        certificate, key, port = tmp_path / "cert.pem", tmp_path / "key.pem", free_port()
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
        files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*words, *files], check=True, capture_output=True)
        tls = {"port": port, "cert-file": certificate, "key-file": key, "ca-cert-file": certificate, "auth-clients": "no"}
        own_redis(*(word for name, value in tls.items() for word in (f"--tls-{name}", str(value))))
        connection = Connection(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}")
        assert submitted(redis_backend(connection, MemoryObjects())).state is JobState.QUEUED
        connection.close()


class TestFailover:
    """A primary that becomes a replica keeps its clients, whose name for it leads to the new one by then."""

    @pytest.fixture
    def pair(self, tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
        servers = []
        for name in ("old", "new"):
            (folder := tmp_path / name).mkdir()
            servers.append(RedisServer(folder).start())
        yield servers[0], servers[1]
        for server in servers:
            server.kill()

    def test_a_blocked_call_raises_when_an_outage_begins(self, pair: tuple[RedisServer, RedisServer]) -> None:
        old, new = pair
        connection = connected(old)
        listener, queue = RedisJobEvents(connection).listen(), RedisQueue(connection)
        with ThreadPoolExecutor(2) as threads:
            waiting = threads.submit(queue.wait, 60.0), threads.submit(listener.wait, 2.0)
            until_blocked(old, 2)
            demote(old, new)
            assert isinstance(waiting[0].exception(), StoreUnavailable)
            assert waiting[1].result() == []
        connection.close()

    def test_calls_go_to_the_new_primary(self, pair: tuple[RedisServer, RedisServer]) -> None:
        old, new = pair
        with CuttingProxy(old.port) as name:
            connection = Connection(f"redis://127.0.0.1:{name.port}/0")
            submitted(redis_backend(connection, MemoryObjects()))
            name.lead_to(new.port)
            demote(old, new)
            with pytest.raises(StoreUnavailable):
                connection.run("pause", "1")
            connection.run("pause", "1")
            connection.close()


def until_blocked(server: RedisServer, number: int) -> None:
    with server.client() as client:
        while int(client.info("clients")["blocked_clients"]) < number:
            sleep(0.01)


def demote(old: RedisServer, new: RedisServer) -> None:
    with old.client() as client:
        client.replicaof("127.0.0.1", str(new.port))
