"""Builds services from settings: the only module that chooses concrete classes, which it imports when they are chosen."""

from collections.abc import Collection
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from nst.errors import StoreUnavailable
from nst.images import Limits
from nst.service import Service
from nst.settings import Settings
from nst.store.files import FileObjects, make_private_folder
from nst.store.ports import Backend, ObjectStore
from nst.store.ports.batch import BatchCompute, MessageQueue
from nst.styles import Catalogue
from nst.styles.names import slug

if TYPE_CHECKING:
    from nst.store.aws.styles import BucketStyles


def open_backend(settings: Settings, *, at_once: bool = True) -> Backend:
    """The stores of NST_BACKEND, created when they are missing.

    Args:
        at_once: open local files now. Otherwise the first use does, so that a server starts even if they are not usable, and says why.

    Raises:
        StoreUnavailable: when that fails, or a setting is invalid.
    """
    if settings.backend == "aws":
        return _open_cloud(settings)
    with nullcontext() if at_once else suppress(StoreUnavailable):
        make_private_folder(settings.data_dir)
    objects = open_objects(settings, at_once=at_once)
    if settings.backend == "redis":
        from nst.store.redis import Connection, redis_backend

        return redis_backend(Connection(settings.redis_url.get_secret_value(), settings.redis_prefix), objects)
    from nst.store.sqlite import Database, sqlite_backend

    return sqlite_backend(Database(settings.data_dir / "studio.sqlite3", at_once=at_once), objects)


def open_objects(settings: Settings, *, at_once: bool = True) -> ObjectStore:
    """The object store of NST_OBJECTS_URL."""
    url = urlsplit(settings.objects_url or "")
    if url.scheme == "s3":
        from nst.store.aws.objects import S3Objects

        return S3Objects(url.netloc, url.path.strip("/"))
    return FileObjects(Path(unquote(url.path)) if url.path else settings.data_dir / "objects", at_once=at_once)


def _open_cloud(settings: Settings) -> Backend:
    from nst.store.aws.clients import Clients
    from nst.store.aws.links import CloudLinks
    from nst.store.aws.message_queue import SqsMessageQueue
    from nst.store.aws.objects import CloudObjects
    from nst.store.aws.queue import CloudQueue
    from nst.store.redis import Connection, redis_backend

    clients, url = Clients(), urlsplit(settings.objects_url or "")
    bucket, prefix = url.netloc, url.path.strip("/")
    cdn = clients.cloudfront if settings.cdn_distribution else None
    connection = Connection(settings.redis_url.get_secret_value(), settings.redis_prefix)
    return replace(
        redis_backend(connection, CloudObjects(bucket, prefix, clients.s3, cdn, settings.cdn_distribution)),
        queue=CloudQueue(connection, SqsMessageQueue(clients.sqs, settings.done_queue_url or "")),
        links=CloudLinks(clients.s3, bucket, prefix, settings.cdn_url, settings.link_seconds),
        reports_heartbeats=False,
    )


def open_batch(settings: Settings) -> tuple[BatchCompute, MessageQueue]:
    """AWS Batch, and the queue that its agents report to."""
    from nst.store.aws.batch import AwsBatch
    from nst.store.aws.clients import Clients
    from nst.store.aws.message_queue import SqsMessageQueue

    clients = Clients()
    queue, definition = settings.batch_queue or "", settings.batch_definition or ""
    batch = AwsBatch(clients.batch, queue, definition, settings.job_seconds, settings.batch_memory)
    return batch, SqsMessageQueue(clients.sqs, settings.done_queue_url or "")


def open_agent(bucket: str, done_queue_url: str) -> tuple[ObjectStore, MessageQueue]:
    """The object store and the message queue of an agent, which has no access to records."""
    from nst.store.aws.clients import Clients
    from nst.store.aws.message_queue import SqsMessageQueue
    from nst.store.aws.objects import CloudObjects

    clients = Clients()
    return CloudObjects(bucket, "", clients.s3), SqsMessageQueue(clients.sqs, done_queue_url)


def open_catalogue(settings: Settings) -> Catalogue:
    """The styles on offer: the bundled ones, and those in NST_STYLES_DIR or, in the cloud without one, in the bucket."""
    limits = Limits.of(settings)
    if settings.backend == "aws" and settings.styles_dir is None:
        styles = _styles_of_bucket(settings, {entry.id for entry in Catalogue(limits).entries()})
        styles.keep_current()
        return Catalogue(limits, styles.folder, styles.stop)
    return Catalogue(limits, settings.styles_dir)


def _styles_of_bucket(settings: Settings, bundled: Collection[str]) -> "BucketStyles":
    from nst.store.aws.clients import Clients
    from nst.store.aws.styles import BucketStyles

    url = urlsplit(settings.objects_url or "")
    return BucketStyles(Clients().s3, url.netloc, url.path.strip("/"), lambda name: slug(name) == name and name not in bundled)


def build(settings: Settings, *, at_once: bool = True) -> Service:
    """The service of a front end. The engine is not loaded: painting happens in other processes.

    Raises:
        StoreUnavailable: as `open_backend`.
    """
    backend, catalogue = open_backend(settings, at_once=at_once), open_catalogue(settings)
    catalogue.entries(timeout=0)  # starts checking own pictures now, before a visitor waits for a page
    return Service(backend, catalogue, settings)
