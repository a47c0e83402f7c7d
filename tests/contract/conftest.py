"""Every contract runs on every backend."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nst.domain import new_id
from nst.store.aws.objects import CloudObjects
from nst.store.aws.queue import CloudQueue
from nst.store.files import FileObjects
from nst.store.ports import Backend
from nst.store.redis import redis_backend
from nst.store.sqlite import Database, sqlite_backend
from tests.support.memory_store import memory_backend
from tests.support.servers import BUCKET, connected, new_mailbox, new_s3_objects, s3_client, shared_cluster


@pytest.fixture(params=["memory", "local", "redis", "cluster and s3", "aws"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    match request.param:
        case "memory":
            yield memory_backend()
        case "local":
            database = Database(tmp_path / "nst.sqlite3")
            yield sqlite_backend(database, FileObjects(tmp_path / "objects"))
            database.close()
        case "redis":
            connection = connected()
            yield redis_backend(connection, FileObjects(tmp_path / "objects"))
            connection.close()
        case "aws":
            connection = connected()
            objects = CloudObjects(BUCKET, f"cloud-{new_id()}", s3_client())
            yield replace(redis_backend(connection, objects), queue=CloudQueue(connection, new_mailbox()))
            connection.close()
        case _:
            connection = connected(shared_cluster(), "redis+cluster")
            yield redis_backend(connection, new_s3_objects())
            connection.close()
