"""Records, queue, feed, completions and roster in one SQLite file: for one machine, with no service besides it."""

from nst.store.ports import Backend, ObjectStore
from nst.store.sqlite.completions import SqliteCompletions
from nst.store.sqlite.database import Database
from nst.store.sqlite.feed import SqliteFeed
from nst.store.sqlite.jobs import SqliteJobs
from nst.store.sqlite.queue import SqliteQueue
from nst.store.sqlite.roster import SqliteRoster
from nst.store.sqlite.webhooks import SqliteWebhooks

__all__ = ["Database", "sqlite_backend"]


def sqlite_backend(database: Database, objects: ObjectStore) -> Backend:
    """Everything in one database, but for the pictures."""
    return Backend(
        jobs=SqliteJobs(database),
        queue=SqliteQueue(database),
        feed=SqliteFeed(database),
        objects=objects,
        completions=SqliteCompletions(database),
        roster=SqliteRoster(database),
        webhooks=SqliteWebhooks(database),
    )
