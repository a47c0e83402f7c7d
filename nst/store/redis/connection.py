"""The connection to Redis: one pool per process, scripts and single commands. It knows no jobs.

A call without a connection is retried for about a second, in which Redis is often restarted; then it raises `StoreUnavailable`, as
everything that redis-py raises does (`errors.py`). A call whose answer was lost may therefore be carried out twice: a script that must not
run twice checks that itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from typing import Any

from redis import Redis, RedisCluster
from redis.backoff import ExponentialWithJitterBackoff
from redis.connection import parse_url
from redis.exceptions import NoScriptError, ReadOnlyError
from redis.retry import Retry

from nst.errors import StoreUnavailable
from nst.store.errors import Failure, store_error
from nst.store.redis.errors import OUTAGE_MESSAGE, failure_of, reason_of

ANSWER_SECONDS = 5.0
CONNECT_SECONDS = 2.0
RETRIES = 4
FIRST_PAUSE = 0.05  # seconds
LONGEST_PAUSE = 0.5  # seconds
MOST_CONNECTIONS = 10_000  # one per calling thread; redis-py's limit is 100, beyond which it raises a connection error
IDLE_SECONDS = 15  # after which a connection is checked before it is used: firewalls drop idle ones silently
_CLUSTER = "+cluster"
_UNBLOCKED = "UNBLOCKED"
_SCRIPT_TRIES = 3  # times that a script is sent, in full, to servers that have not loaded it


class Connection:
    """
    Args:
        url: redis:// or rediss:// (TLS), with user, password and database; redis+cluster:// or rediss+cluster:// for a cluster.
        prefix: of all keys; deployments with different prefixes can share a Redis.
    """

    def __init__(self, url: str, prefix: str = "nst", answer_seconds: float = ANSWER_SECONDS) -> None:
        self.longest_block = min(2.0, answer_seconds / 2)
        """Seconds that a blocking command may wait: one that exceeds the socket's timeout is repeated, and fails in the end."""
        self._prefix = f"{{{prefix}}}:"
        options: dict[str, Any] = {
            "decode_responses": True,
            "socket_timeout": answer_seconds,
            "socket_connect_timeout": CONNECT_SECONDS,
            "health_check_interval": IDLE_SECONDS,
            "max_connections": MOST_CONNECTIONS,
            "retry": Retry(ExponentialWithJitterBackoff(base=FIRST_PAUSE, cap=LONGEST_PAUSE), RETRIES),
        }
        self._url, self._options = url, options
        self._client: Any = None
        if _CLUSTER not in url:
            with suppress(ValueError):  # reported by each call
                self._client = Redis.from_url(url, **options)
        self._scripts = dict(_scripts())

    def key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    def run(self, script: str, *arguments: str | float) -> Any:
        """Run one of the scripts atomically.

        Raises:
            StoreUnavailable: when it fails, for whatever reason.
        """
        words = [_exact(argument) for argument in arguments]
        with self._translate_errors():
            for _ in range(_SCRIPT_TRIES - 1):
                with suppress(NoScriptError):
                    return self._registered(script)(keys=[self._prefix], args=words)
            return self._registered(script)(keys=[self._prefix], args=words)

    def call(self, *command: str | float) -> Any:
        """Send one command.

        Raises:
            StoreUnavailable: when it fails, for whatever reason.
        """
        with self._translate_errors():
            return self._connected().execute_command(*map(_exact, command))

    def names(self, kind: str) -> list[str]:
        """What follows `kind:` in the keys that begin with it. It looks at all keys, a part at a time.

        Raises:
            StoreUnavailable: when that fails.
        """
        start = self.key(kind, "")
        with self._translate_errors():
            return [name[len(start) :] for name in set(self._connected().scan_iter(f"{start}*", count=1000))]

    def close(self) -> None:
        client: Any = self._client  # not all of its methods are typed
        if isinstance(self._client, RedisCluster):
            client.disconnect_connection_pools()  # left open by `close`
        if client is not None:
            client.close()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """A primary that was demoted keeps connections open: drop them, so that new ones resolve its name again."""
        try:
            yield
        except StoreUnavailable:
            raise
        except Exception as error:  # only the driver is called inside the block
            if _is_demotion(error) and isinstance(self._client, Redis):
                self._client.connection_pool.disconnect(inuse_connections=False)
            raise store_error(failure_of(error), OUTAGE_MESSAGE, reason_of(error)) from error

    def _connected(self) -> Any:
        """The client. That of a cluster asks for the nodes when it is created, so it is created by the first call that succeeds."""
        if self._client is None:
            _check(self._url)
            self._client = RedisCluster.from_url(self._url.replace(_CLUSTER, ""), **self._options)
        return self._client

    def _registered(self, name: str) -> Any:
        """The script, which is sent as its hash, and in full to a Redis that has not loaded it."""
        script = self._scripts[name]
        if isinstance(script, str):
            script = self._scripts[name] = self._connected().register_script(script)
        return script


def _scripts() -> Iterator[tuple[str, Any]]:
    """(name, text) of each script: the parts of the files, which begin with `--- name: arguments`, after `records.lua`."""
    files = {file.name: file.read_text("utf-8") for file in resources.files("nst.store.redis").joinpath("scripts").iterdir()}
    common = files.pop("records.lua")
    for part in (part for text in files.values() for part in text.split("\n--- ")[1:]):
        title, _, body = part.partition("\n")
        yield title.partition(":")[0], common + body


class UsesRedis:
    """Base of the adapters, which share a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


def _exact(argument: str | float) -> str | float:
    """Floats with all their digits, and flags as 1 or 0."""
    if isinstance(argument, bool):
        return int(argument)
    return repr(argument) if isinstance(argument, float) else argument


def _check(url: str) -> None:
    try:
        parse_url(url.replace(_CLUSTER, ""))  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise store_error(Failure.MISCONFIGURED, OUTAGE_MESSAGE, f"NST_REDIS_URL is not the address of a Redis: {error}.") from error


def _is_demotion(error: BaseException) -> bool:
    return isinstance(error, ReadOnlyError) or str(error).startswith(_UNBLOCKED)
