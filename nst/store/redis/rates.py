"""Recent events: a sorted set by time for each key, which expires."""

from nst.store.ports import Rates
from nst.store.redis.connection import UsesRedis


class RedisRates(UsesRedis, Rates):
    def take(self, key: str, event: str, most: int, seconds: float, now: float) -> bool:
        return bool(self._connection.run("take_place", key, event, most, seconds, now))

    def recent(self, key: str, seconds: float, now: float) -> list[str]:
        found: list[str] = self._connection.call("ZRANGEBYSCORE", self._connection.key("rates", key), f"({now - seconds!r}", "+inf")
        return found

    def give_back(self, key: str, event: str) -> None:
        self._connection.call("ZREM", self._connection.key("rates", key), event)
