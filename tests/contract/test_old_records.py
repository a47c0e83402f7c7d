"""What earlier versions have stored is read as it was meant."""

import sqlite3
from pathlib import Path

from nst.domain import RegionRef, StyleRef
from nst.store.files import FileObjects
from nst.store.redis import redis_backend
from nst.store.sqlite import Database, sqlite_backend
from nst.store.sqlite.database import migrations
from tests.support.jobs import record, submitted
from tests.support.memory_store import MemoryObjects
from tests.support.servers import connected


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "nst.sqlite3"
    with sqlite3.connect(path) as connection:
        for number, script in migrations():
            if number < 4:
                connection.executescript(script)
        connection.execute(
            "INSERT INTO jobs"
            " (id, owner, token, params, styles, lane, cost, public, input_key, size_bytes, state, max_attempts, turn, created)"
            """ VALUES (?, 'anna', 't', '{}', '[["my-style", 2.0]]', 'draft', 1.0, 0, 'private/input/x.jpg', 1, 'queued', 3, 1.0, 0.0)""",
            ("0" * 32,),
        )
        connection.execute("PRAGMA user_version = 3")
    connection.close()
    database = Database(path)
    job = record(sqlite_backend(database, FileObjects(tmp_path / "objects")), "0" * 32)
    assert (job.styles, job.width, job.height, job.regions) == ((StyleRef("my-style", 2.0),), None, None, ())
    database.close()


def test_a_record_in_redis_of_an_earlier_version_is_read() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    job = submitted(backend, styles=(StyleRef("my-style", 2.0, "ab" * 32),), width=640, height=480, regions=(RegionRef("sky"),))
    connection.call("HDEL", connection.key("job", job.id), "style_digests", "width", "height", "regions")
    job = record(backend, job.id)
    assert (job.styles, job.width, job.height, job.regions) == ((StyleRef("my-style", 2.0),), None, None, ())
    connection.close()
