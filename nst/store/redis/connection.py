"""The way to Redis: one pool for a process, scripts and single commands, and outages told in our own words. It knows no jobs.

A call that fails for want of a connection is tried again for about a second, which a restart of Redis often fits into; then it is
`StoreUnavailable`, and the caller decides. A call whose answer was lost may so be carried out twice: what may not happen twice sees to that
in its script.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

from redis import Redis, RedisCluster
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ClusterDownError, ConnectionError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError, TimeoutError
from redis.retry import Retry

from nst.errors import StoreUnavailable

ANSWER_SECONDS = 5.0
CONNECT_SECONDS = 2.0
RETRIES, FIRST_PAUSE, LONGEST_PAUSE = 4, 0.05, 0.5
MOST_CONNECTIONS = 10_000  # as many as threads call at once; redis-py stops at 100, and calls that an outage
IDLE_SECONDS = 15  # a connection that was idle for longer is tried before it is used: firewalls forget them silently
_CLUSTER = "+cluster"
# Redis answers and refuses: a replica that is not the primary any more, memory or disk that is full, a cluster that votes.
_OUT_OF_ORDER = (ReadOnlyError, OutOfMemoryError, ClusterDownError)
_UNBLOCKED = "UNBLOCKED"


class Connection:
    """
    Args:
        url: redis:// or rediss:// (TLS), with user, password and database; redis+cluster:// or rediss+cluster:// for a cluster.
        prefix: of all keys; deployments with different ones share a Redis.
    """

    def __init__(self, url: str, prefix: str = "nst", answer_seconds: float = ANSWER_SECONDS) -> None:
        self.longest_block = min(2.0, answer_seconds / 2)
        """Seconds that a blocking command may wait: one that outlives the socket's patience is sent again and again, and fails at last."""
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
        self._client: Any = None if _CLUSTER in url else Redis.from_url(url, **options)
        self._scripts = dict(_scripts())

    def key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    def run(self, script: str, *arguments: str | float) -> Any:
        """Runs scripts/<script>.lua, in one step.

        Raises:
            StoreUnavailable: when Redis does not answer, or is out of order.
        """
        with self._in_our_words():
            return self._registered(script)(keys=[self._prefix], args=[_exact(argument) for argument in arguments])

    def call(self, *command: str | float) -> Any:
        """Sends one command.

        Raises:
            StoreUnavailable: when Redis does not answer, or is out of order.
        """
        with self._in_our_words():
            return self._living().execute_command(*map(_exact, command))

    def close(self) -> None:
        client: Any = self._client  # whose methods are not all typed
        if isinstance(self._client, RedisCluster):
            client.disconnect_connection_pools()  # which its `close` leaves open
        if client is not None:
            client.close()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        """A primary that has become a replica keeps our connections open: the next ones go where its name leads by now."""
        try:
            with _in_our_words():
                yield
        except StoreUnavailable as error:
            if _is_demotion(error.__cause__) and isinstance(self._client, Redis):
                self._client.connection_pool.disconnect(inuse_connections=False)
            raise

    def _living(self) -> Any:
        """A cluster's client asks for its nodes when it is made, which may have to wait until there are some."""
        if self._client is None:
            self._client = RedisCluster.from_url(self._url.replace(_CLUSTER, ""), **self._options)
        return self._client

    def _registered(self, name: str) -> Any:
        """Sent by its hash, and as a whole to a Redis that does not know it (any more)."""
        script = self._scripts[name]
        if isinstance(script, str):
            script = self._scripts[name] = self._living().register_script(script)
        return script


def _scripts() -> Iterator[tuple[str, Any]]:
    files = {file.name: file.read_text("utf-8") for file in resources.files("nst.store.redis").joinpath("scripts").iterdir()}
    common = files.pop("records.lua")
    for name, text in files.items():
        yield name.removesuffix(".lua"), common + text


def _exact(argument: str | float) -> str | float:
    """`repr` gives every digit of a number; an enumeration's `repr` is none of Redis' business."""
    return repr(argument) if isinstance(argument, float) else argument


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except (ConnectionError, TimeoutError, *_OUT_OF_ORDER) as error:
        raise _unavailable() from error
    except ResponseError as error:
        # It cannot write to its disk, and refuses to go on without; or it has just become a replica, and ends what waits.
        if str(error).startswith(("MISCONF", _UNBLOCKED)):
            raise _unavailable() from error
        raise
    except RedisError as error:
        if isinstance(error.__cause__ or error.__context__, ConnectionError | TimeoutError):
            raise _unavailable() from error
        raise


def _is_demotion(error: BaseException | None) -> bool:
    return isinstance(error, ReadOnlyError) or str(error).startswith(_UNBLOCKED)


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The studio's memory does not answer at the moment. What was accepted is kept. Please try again in a minute.")
