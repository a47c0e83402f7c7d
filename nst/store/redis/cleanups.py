"""Incomplete operations on pictures: a sorted set by time."""

from nst.store.ports import Cleanup, Cleanups
from nst.store.redis.connection import UsesRedis


class RedisCleanups(UsesRedis, Cleanups):
    def put(self, cleanup: Cleanup, now: float) -> None:
        self._connection.call("ZADD", self._name, now, " ".join(cleanup))

    def pending(self, before: float, limit: int) -> list[Cleanup]:
        found = self._connection.call("ZRANGEBYSCORE", self._name, "-inf", f"({before!r}", "LIMIT", 0, limit)
        return [Cleanup(*text.split(" ")) for text in found]

    def settle(self, cleanup: Cleanup) -> None:
        self._connection.call("ZREM", self._name, " ".join(cleanup))

    @property
    def _name(self) -> str:
        return self._connection.key("cleanups")
