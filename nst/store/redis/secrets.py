"""Secrets: one hash of them by name."""

from nst.store.ports import Secrets
from nst.store.redis.connection import UsesRedis


class RedisSecrets(UsesRedis, Secrets):
    def keep(self, name: str, proposed: str) -> str:
        key = self._connection.key("secrets")
        self._connection.call("HSETNX", key, name, proposed)
        return str(self._connection.call("HGET", key, name))
