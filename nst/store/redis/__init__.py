"""Records, queue, feed, completions and roster in one Redis: for any number of app servers and workers on any machines.

Redis 6.2 or later, Valkey, and clusters of either: all keys of a deployment carry one hash tag, so they lie in one slot. Whatever takes
more than one step is a Lua script, which Redis runs whole. `scripts/records.lua` says what is kept.

The line is a sorted set and no stream, for all that streams do: a job's place is its turn, for which a stream, being in order of arrival,
has no room; it is cancelled, deleted and put back in the middle; and its place is asked for. What a consumer group would give, delivery at
least once with attempts counted and leases that lapse, is four fields of the record, changed together with the record's state, so that
there is no moment between acknowledging and deleting. `benchmarks/fleet.py` measures what that costs beside a stream.
"""

from nst.store.ports import Backend, ObjectStore
from nst.store.redis.clock import SharedClock
from nst.store.redis.completions import RedisCompletions
from nst.store.redis.connection import Connection
from nst.store.redis.feed import RedisFeed
from nst.store.redis.jobs import RedisJobs
from nst.store.redis.queue import RedisQueue
from nst.store.redis.roster import RedisRoster
from nst.store.redis.webhooks import RedisWebhooks

__all__ = [
    "Connection",
    "RedisCompletions",
    "RedisFeed",
    "RedisJobs",
    "RedisQueue",
    "RedisRoster",
    "RedisWebhooks",
    "SharedClock",
    "redis_backend",
]


def redis_backend(connection: Connection, objects: ObjectStore) -> Backend:
    """Everything in one Redis, but for the pictures."""
    return Backend(
        jobs=RedisJobs(connection),
        queue=RedisQueue(connection),
        feed=RedisFeed(connection),
        objects=objects,
        completions=RedisCompletions(connection),
        roster=RedisRoster(connection),
        webhooks=RedisWebhooks(connection),
        clock=SharedClock(connection),
    )
