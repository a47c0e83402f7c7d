"""Records, queue, feed, events and worker registry in one SQLite file: for one machine, without other services."""

from nst.store.ports import Backend, ObjectStore
from nst.store.rates import ProcessRates
from nst.store.sqlite.cleanups import SqliteCleanups
from nst.store.sqlite.database import Database
from nst.store.sqlite.feed import SqliteFeed
from nst.store.sqlite.job_events import SqliteJobEvents
from nst.store.sqlite.jobs import SqliteJobs
from nst.store.sqlite.queue import SqliteQueue
from nst.store.sqlite.secrets import SqliteSecrets
from nst.store.sqlite.webhooks import SqliteWebhooks
from nst.store.sqlite.workers import SqliteWorkerRegistry

__all__ = ["Database", "sqlite_backend"]


def sqlite_backend(database: Database, objects: ObjectStore) -> Backend:
    """Everything in one database, but for the pictures."""
    return Backend(
        jobs=SqliteJobs(database),
        queue=SqliteQueue(database),
        feed=SqliteFeed(database),
        objects=objects,
        job_events=SqliteJobEvents(database),
        workers=SqliteWorkerRegistry(database),
        webhooks=SqliteWebhooks(database),
        cleanups=SqliteCleanups(database),
        secrets=SqliteSecrets(database),
        rates=ProcessRates(),
    )
