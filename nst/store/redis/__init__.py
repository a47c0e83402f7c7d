"""Records, queue, feed, events and worker registry in one Redis: for any number of app servers and workers on any machines.

Redis 6.2 or later, Valkey, or a cluster of either: all keys of a deployment carry one hash tag, so they are in one slot. Whatever takes
more than one step is a Lua script, which Redis runs atomically. `scripts/records.lua` describes the keys; docs/decisions/0001 says why the
queue is a sorted set and not a stream.
"""

from nst.store.ports import Backend, ObjectStore
from nst.store.redis.cleanups import RedisCleanups
from nst.store.redis.clock import SharedClock
from nst.store.redis.connection import Connection
from nst.store.redis.feed import RedisFeed
from nst.store.redis.job_events import RedisJobEvents
from nst.store.redis.jobs import RedisJobs
from nst.store.redis.queue import RedisQueue
from nst.store.redis.rates import RedisRates
from nst.store.redis.secrets import RedisSecrets
from nst.store.redis.webhooks import RedisWebhooks
from nst.store.redis.workers import RedisWorkerRegistry

__all__ = ["Connection", "redis_backend"]


def redis_backend(connection: Connection, objects: ObjectStore) -> Backend:
    """Everything in one Redis, but for the pictures."""
    return Backend(
        jobs=RedisJobs(connection),
        queue=RedisQueue(connection),
        feed=RedisFeed(connection),
        objects=objects,
        job_events=RedisJobEvents(connection),
        workers=RedisWorkerRegistry(connection),
        webhooks=RedisWebhooks(connection),
        cleanups=RedisCleanups(connection),
        secrets=RedisSecrets(connection),
        rates=RedisRates(connection),
        clock=SharedClock(connection),
    )
