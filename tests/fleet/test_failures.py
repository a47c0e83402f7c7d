"""Redis answers and refuses: the studio says so in a sentence, its workers wait, and everything goes on afterwards."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from redis import Redis
from redis.exceptions import NoScriptError, ResponseError

from nst.domain import JobState
from nst.errors import StoreFull, StoreMisconfigured, StoreUnavailable
from nst.store.ports import Backend
from nst.store.redis import Connection, redis_backend
from tests.fleet.conftest import MakeFleet
from tests.fleet.workers import Fleet
from tests.support.jobs import painted, submitted
from tests.support.memory_store import MemoryObjects
from tests.support.servers import RedisServer, connected, free_port, shared_cluster

OwnRedis = Callable[..., RedisServer]
Client = Redis  # type: ignore[type-arg]


def changed(client: Client, **options: object) -> None:
    for name, value in options.items():
        client.config_set(name.replace("_", "-"), str(value))


def demoted(client: Client) -> None:
    client.replicaof("127.0.0.1", "1")


def demoted_without_data(client: Client) -> None:
    changed(client, replica_serve_stale_data="no")
    demoted(client)


def promoted(client: Client) -> None:
    client.execute_command("REPLICAOF", "NO", "ONE")


def locked(client: Client) -> None:
    changed(client, requirepass="new")
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def without_disk(client: Client) -> None:
    changed(client, dir="/proc", save="3600 1")
    client.execute_command("BGSAVE")
    while client.info("persistence")["rdb_last_bgsave_status"] != "err":
        pass


TROUBLES: dict[str, tuple[Callable[[Client], object], Callable[[Client], object]]] = {
    "wants replicas": (lambda client: changed(client, min_replicas_to_write=1), lambda client: changed(client, min_replicas_to_write=0)),
    "is full": (lambda client: changed(client, maxmemory=1), lambda client: changed(client, maxmemory=0)),
    "is a replica": (demoted, promoted),
    "is a replica without data": (demoted_without_data, promoted),
    "wants a password": (locked, lambda client: changed(client, requirepass="")),
    "forbids scripts": (
        lambda client: client.execute_command("ACL", "SETUSER", "default", "-evalsha"),
        lambda client: client.execute_command("ACL", "SETUSER", "default", "+evalsha"),
    ),
    "cannot write to its disk": (without_disk, lambda client: changed(client, stop_writes_on_bgsave_error="no")),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_worker_waits_and_goes_on_and_visitors_read_a_sentence(own_redis: OwnRedis, make_fleet: MakeFleet, name: str) -> None:
    begin, end = TROUBLES[name]
    fleet = make_fleet(own_redis("--enable-protected-configs", "yes"), lease_seconds=60.0)
    worker = fleet.start(engine="tests.worker.engines.slow:engine")
    painting, waiting = fleet.submit(1), fleet.submit(2)
    fleet.until(lambda: fleet.record(painting).progress.fraction > 0)
    with fleet.redis.client() as client:
        begin(client)
        is_told(fleet, waiting.id)
        fleet.until(lambda: fleet.log.read_text(encoding="utf-8").count("the store is away") >= 2)
        end(client)
    fleet.until(lambda: {fleet.state(painting), fleet.state(waiting)} == {JobState.SUCCEEDED})
    assert worker.is_alive
    assert sorted(fleet.shown()) == sorted([painting.id, waiting.id])
    assert fleet.record(painting).attempt == 1


def is_told(fleet: Fleet, job_id: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: fleet.submit(3),
        lambda: fleet.service.cancel(job_id, "anna"),
        lambda: fleet.service.delete(job_id, "anna"),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailable, match="try again") as caught:
            call()
        assert caught.value.exit_code == 50
        assert "Redis cannot be used" in caught.value.reason
        assert "Redis" not in str(caught.value)


@contextmanager
def studio(url: str) -> Iterator[Backend]:
    connection = Connection(url, "troubles")
    try:
        yield redis_backend(connection, MemoryObjects())
    finally:
        connection.close()


def refuses(url: str, reason: str) -> None:
    with studio(url) as backend:
        for call in (backend.queue.lane_stats, lambda: submitted(backend)):
            with pytest.raises(StoreMisconfigured, match="operator") as caught:
                call()
            assert reason in caught.value.reason


class TestSetup:
    """What no waiting helps against."""

    def test_a_worker_says_so_and_does_not_start(self, own_redis: OwnRedis, make_fleet: MakeFleet) -> None:
        redis = own_redis()
        fleet = make_fleet(redis)
        with redis.client() as client:
            changed(client, requirepass="secret")
            worker = fleet.start()
            fleet.until(lambda: not worker.is_alive)
        assert worker.leave() == 50
        said = fleet.log.read_text(encoding="utf-8")
        assert "the worker cannot start: Redis cannot be used: NOAUTH" in said
        assert "Traceback" not in said

    def test_a_password_that_is_missing_or_wrong(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with redis.client() as client:
            changed(client, requirepass="secret")
        refuses(redis.url, "NST_REDIS_URL needs its user and password")
        refuses(redis.url.replace("//", "//:guessed@"), "Check the user and the password")

    def test_a_user_who_may_not(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with redis.client() as client:
            client.execute_command("ACL", "SETUSER", "weak", "on", ">pass", "~*", "+ping", "+select")
        refuses(redis.url.replace("//", "//weak:pass@"), "NOPERM")

    def test_a_database_that_there_is_not(self, own_redis: OwnRedis) -> None:
        refuses(own_redis().url.replace("/0", "/99"), "DB index is out of range")
        refuses(shared_cluster().url.replace("/0", "/1"), "SELECT is not allowed in cluster mode")

    def test_commands_that_are_switched_off_are_named_without_their_arguments(self, own_redis: OwnRedis) -> None:
        url = own_redis("--rename-command", "EVALSHA", "").url
        refuses(url, "unknown command 'EVALSHA'.")

    def test_a_cluster_url_of_a_server_that_is_no_cluster(self, own_redis: OwnRedis) -> None:
        refuses(own_redis().url.replace("redis:", "redis+cluster:"), "luster")

    @pytest.mark.parametrize("url", ["http://localhost", "redis://localhost:many/0", "redis+cluster://localhost:99999/0"])
    def test_an_invalid_address(self, url: str) -> None:
        refuses(url, "NST_REDIS_URL is not the address of a Redis")

    def test_something_else_at_the_port(self) -> None:
        with answering(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
            refuses(f"redis://127.0.0.1:{port}/0", "Protocol Error")

    def test_keys_of_another_program(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with studio(redis.url) as backend, redis.client() as client:
            submitted(backend)
            for key in client.keys("*"):
                client.set(key, "another's")
            with pytest.raises(StoreMisconfigured) as caught:
                backend.jobs.counts()
            assert "NST_REDIS_PREFIX" in caught.value.reason


class TestOutages:
    def test_a_script_that_somebody_else_runs(self, own_redis: OwnRedis) -> None:
        redis = own_redis("--lua-time-limit", "10")
        with redis.client() as client, redis.client() as killer:
            endless = threading.Thread(target=run_until_killed, args=(client,))
            endless.start()
            while not is_busy(killer):
                pass
            with studio(redis.url) as backend:
                is_away(backend.jobs.counts, "BUSY")
            killer.execute_command("SCRIPT", "KILL")
            endless.join()

    def test_more_clients_than_it_takes(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with redis.client() as client:
            changed(client, maxclients=1)
            with studio(redis.url) as backend:
                is_away(backend.jobs.counts, "max number of clients")

    @pytest.mark.parametrize(
        "reply", [b"-LOADING Redis is loading", b"-UNKILLABLE Sorry", b"-CLUSTERDOWN The cluster is down", b"-TRYAGAIN Now"]
    )
    def test_what_it_says_while_it_cannot(self, reply: bytes) -> None:
        with answering(reply + b"\r\n") as port, studio(f"redis://127.0.0.1:{port}/0") as backend:
            is_away(backend.jobs.counts, reply.decode().split()[0].lstrip("-"))

    def test_a_name_that_is_not_found_and_a_port_that_is_closed(self) -> None:
        for url in ("redis://no.such.host.invalid/0", f"redis://127.0.0.1:{free_port()}/0", f"redis+cluster://127.0.0.1:{free_port()}/0"):
            with studio(url) as backend:
                is_away(backend.jobs.counts, "connecting to")

    def test_a_store_that_is_full_has_a_word_of_its_own(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with redis.client() as client, studio(redis.url) as backend:
            changed(client, maxmemory=1)
            with pytest.raises(StoreFull, match="no space"):
                submitted(backend)

    def test_what_a_full_store_refuses_is_not_done_by_half(self, own_redis: OwnRedis) -> None:
        redis = own_redis()
        with redis.client() as client, studio(redis.url) as backend:
            waiting, running = submitted(backend), submitted(backend)
            lease = backend.queue.claim("worker", 1.0, 30.0)
            assert lease is not None
            first, second = (waiting, running) if lease.job.id == running.id else (running, waiting)
            before = dumped(client)
            changed(client, maxmemory=1)
            calls: list[Callable[[], object]] = [
                lambda: backend.queue.cancel(first.id, 2.0),
                lambda: backend.jobs.delete(first.id),
                lambda: backend.queue.claim("another", 2.0, 30.0),
                lambda: backend.jobs.finish(lease.job.fencing_token, painted(second), 2.0),
                lambda: backend.queue.give_back(lease.job.fencing_token, 2.0),
                lambda: backend.queue.heartbeat(lease.job.fencing_token, 2.0, 30.0),
                lambda: backend.queue.requeue_lapsed(100.0),
            ]
            for call in calls:
                with pytest.raises(StoreFull):
                    call()
                assert dumped(client) == before

    def test_a_script_that_is_forgotten_at_once_is_sent_again(self) -> None:
        connection = connected()
        sent = 0

        def forgetful(**_: object) -> str:
            nonlocal sent
            sent += 1
            if sent < 3:
                raise NoScriptError("No matching script. Please use EVAL.", status_code="NOSCRIPT")
            return "an answer"

        connection._scripts["time"] = forgetful
        assert (connection.run("time"), sent) == ("an answer", 3)
        connection.close()


def is_away(call: Callable[[], object], reason: str) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer at the moment") as caught:
        call()
    assert type(caught.value) is StoreUnavailable
    assert reason in caught.value.reason


def dumped(client: Client) -> dict[str, object]:
    raw = Redis(port=client.connection_pool.connection_kwargs["port"])
    with raw:
        return {key: raw.dump(key) for key in raw.keys("*")}


def is_busy(client: Client) -> bool:
    try:
        return not client.ping()
    except ResponseError:
        return True


def run_until_killed(client: Client) -> None:
    with suppress(ResponseError):
        client.eval("while true do end", 0)


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """A server that answers everything with this."""

    def serve(ours: socket.socket) -> None:
        with ours, suppress(OSError):
            while ours.recv(65536):
                ours.sendall(reply)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
