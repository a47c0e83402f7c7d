"""From settings to what runs: the one place that picks concrete classes, and imports them only when they are picked."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nst.images import Limits
from nst.preview import Previews
from nst.service import Service
from nst.settings import Settings
from nst.store.files import FileObjects
from nst.store.machines import Machines, Mailbox
from nst.store.ports import Backend, ObjectStore
from nst.styles import Catalogue


def open_backend(settings: Settings) -> Backend:
    """The stores that NST_BACKEND names, made when they are missing."""
    if settings.backend == "aws":
        return _open_cloud(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # private pictures are nobody else's on this machine either
    objects = open_objects(settings)
    if settings.backend == "redis":
        from nst.store.redis import Connection, redis_backend

        return redis_backend(Connection(settings.redis_url.get_secret_value(), settings.redis_prefix), objects)
    from nst.store.sqlite import Database, sqlite_backend

    return sqlite_backend(Database(settings.data_dir / "studio.sqlite3"), objects)


def open_objects(settings: Settings) -> ObjectStore:
    """The pictures' store that NST_OBJECTS_URL names."""
    url = urlsplit(settings.objects_url or "")
    if url.scheme == "s3":
        from nst.store.s3 import S3Objects

        return S3Objects(url.netloc, url.path.strip("/"))
    return FileObjects(Path(unquote(url.path)) if url.path else settings.data_dir / "objects")


def _open_cloud(settings: Settings) -> Backend:
    from nst.store.aws import Clients, CloudLinks, CloudObjects, CloudQueue, SqsMailbox
    from nst.store.redis import Connection, redis_backend

    clients, url = Clients(), urlsplit(settings.objects_url or "")
    bucket, prefix = url.netloc, url.path.strip("/")
    cdn = clients.cloudfront if settings.cdn_distribution else None
    connection = Connection(settings.redis_url.get_secret_value(), settings.redis_prefix)
    return replace(
        redis_backend(connection, CloudObjects(bucket, prefix, clients.s3, cdn, settings.cdn_distribution)),
        queue=CloudQueue(connection, SqsMailbox(clients.sqs, settings.done_queue_url or "")),
        links=CloudLinks(clients.s3, bucket, prefix, settings.cdn_url, settings.link_seconds),
    )


def open_machines(settings: Settings) -> tuple[Machines, Mailbox]:
    """What paints in the cloud, and where it reports to."""
    from nst.store.aws import AwsBatch, Clients, SqsMailbox

    clients = Clients()
    machines = AwsBatch(clients.batch, settings.batch_queue or "", settings.batch_definition or "", settings.job_seconds)
    return machines, SqsMailbox(clients.sqs, settings.done_queue_url or "")


def open_agent(bucket: str, done_queue_url: str) -> tuple[ObjectStore, Mailbox]:
    """What the agent in the cloud has: pictures, and where it reports to. It sees no record."""
    from nst.store.aws import Clients, CloudObjects, SqsMailbox

    clients = Clients()
    return CloudObjects(bucket, "", clients.s3), SqsMailbox(clients.sqs, done_queue_url)


def open_catalogue(settings: Settings) -> Catalogue:
    return Catalogue(Limits.of(settings), settings.styles_dir)


def build(settings: Settings) -> Service:
    """What a front end needs. Nothing heavy is loaded: who paints is another process."""
    return Service(open_backend(settings), open_catalogue(settings), settings)


def open_previews(settings: Settings) -> Previews:
    """One for all visitors of a server: it bounds what is painted at a time. Its model is loaded with the first request, or `warm_up`."""
    return Previews(settings)
