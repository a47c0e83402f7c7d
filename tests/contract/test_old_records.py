"""What earlier versions have stored is read as it was meant."""

import json
import sqlite3
from pathlib import Path

from nst.domain import FeedOrder, Mode, Preset, RegionRef, SearchTerm, StyleRef
from nst.store.files import FileObjects
from nst.store.ports import Backend, WorkerInfo
from nst.store.redis import redis_backend
from nst.store.sqlite import Database, sqlite_backend
from nst.store.sqlite.database import migrations
from tests.support.jobs import record, submitted, succeeded
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
    assert (job.title, job.likes, job.kept_until) == (None, 0, None)
    database.close()


def test_the_gallery_of_an_earlier_version_has_no_titles_and_no_likes_yet(tmp_path: Path) -> None:
    path, shown = tmp_path / "nst.sqlite3", "0" * 32
    with sqlite3.connect(path) as connection:
        for number, script in migrations():
            if number < 11:
                connection.executescript(script)
        connection.execute(
            "INSERT INTO jobs (id, owner, token, params, styles, lane, cost, public, input_key, output_key, size_bytes, state,"
            " max_attempts, turn, created, started, finished, published) VALUES (?, 'anna', 't', '{}', '[[\"tide-wash\", 1.0]]', 'draft',"
            " 1.0, 1, 'public/input/x.jpg', 'public/output/x.jpg', 1, 'succeeded', 3, 1.0, 0.0, 1.0, 2.0, 2.0)",
            (shown,),
        )
        connection.executemany("INSERT INTO feed VALUES (?, 2.0, ?)", [("", shown), ("tide-wash", shown)])
        connection.execute("PRAGMA user_version = 10")
    connection.close()
    database = Database(path)
    _check_feed_of_before(sqlite_backend(database, FileObjects(tmp_path / "objects")), shown)
    database.close()


def test_a_gallery_in_redis_of_an_earlier_version_has_no_titles_and_no_likes_yet() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    job = succeeded(backend, public=True, styles=(StyleRef("tide-wash"),))
    connection.call("HDEL", connection.key("job", job.id), "title", "likes", "title_words")
    _check_feed_of_before(backend, job.id)
    connection.close()


def test_what_a_process_of_an_earlier_version_leaves_in_new_indexes_is_not_shown() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    gone, hidden, shown = (succeeded(backend, public=True, at=float(number)) for number in range(3))
    for job in (gone, hidden, shown):
        backend.jobs.set_title(job.id, "Evening")
        backend.feed.like(job.id, "bert", True, 3.0)
    connection.call("DEL", connection.key("job", gone.id))
    connection.call("ZREMRANGEBYSCORE", connection.key("feed"), "-inf", "+inf")
    connection.call("HSET", connection.key("job", hidden.id), "hidden", "1")
    for _ in range(2):
        pages = [backend.feed.page(2, order=FeedOrder.LIKED)]
        pages += [backend.feed.page(2, order=order, terms=[SearchTerm("even")]) for order in FeedOrder]
        assert [[entry.job_id for entry in page.entries] for page in pages] == [[shown.id]] * 3
    connection.close()


def _check_feed_of_before(backend: Backend, shown: str) -> None:
    for order in FeedOrder:
        (entry,) = backend.feed.page(9, style="tide-wash", order=order).entries
        assert (entry.job_id, entry.title, entry.likes) == (shown, None, 0)
    assert backend.feed.like(shown, "bert", True, 3.0) == 1
    assert backend.jobs.set_title(shown, "Old and good")
    (entry,) = backend.feed.page(9, order=FeedOrder.LIKED, terms=[SearchTerm("good")]).entries
    assert (entry.title, entry.likes) == ("Old and good", 1)


def test_a_record_in_redis_of_an_earlier_version_is_read() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    job = submitted(backend, styles=(StyleRef("my-style", 2.0, "ab" * 32),), width=640, height=480, regions=(RegionRef("sky"),))
    connection.call("HDEL", connection.key("job", job.id), "style_digests", "width", "height", "regions")
    job = record(backend, job.id)
    assert (job.styles, job.width, job.height, job.regions) == ((StyleRef("my-style", 2.0),), None, None, ())
    connection.close()


def test_what_a_process_of_an_earlier_version_leaves_among_those_kept_longer_is_skipped() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    gone, published, kept = (succeeded(backend, at=float(number)) for number in range(3))
    for job in (gone, published, kept):
        backend.jobs.keep(job.id, 10.0)
    connection.call("DEL", connection.key("job", gone.id))
    connection.call("HSET", connection.key("job", published.id), "published", 5.0)
    assert [job.id for job in backend.jobs.kept_longer(20.0, 9)] == [kept.id]
    assert connection.call("ZCARD", connection.key("kept_longer")) == 1
    connection.close()


def test_likes_of_processes_of_an_earlier_version_are_listed_once_they_are_seen_and_deleted_ones_are_skipped() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    old, gone, taken_back = (succeeded(backend, public=True, at=float(number)) for number in range(3))
    for job in (gone, taken_back):
        backend.feed.like(job.id, "bert", True, 5.0)
    connection.call("HSET", connection.key("likes", old.id), "bert", 6.0)
    connection.call("DEL", connection.key("job", gone.id), connection.key("likes", gone.id))
    connection.call("HDEL", connection.key("likes", taken_back.id), "bert")
    assert backend.feed.liked_by("bert", 9).entries == ()
    assert backend.feed.liked("bert", [old.id, taken_back.id]) == {old.id}
    assert [entry.job_id for entry in backend.feed.liked_by("bert", 9).entries] == [old.id]
    assert connection.call("ZCARD", connection.key("likes_of", "bert")) == 1
    connection.close()


def test_a_fleet_may_have_workers_and_front_ends_of_several_versions() -> None:
    connection = connected()
    backend = redis_backend(connection, MemoryObjects())
    backend.workers.report(WorkerInfo("new", 1.0, 5.0, None, {Mode.QUICK: {Preset.DRAFT: 2.0}}))
    known_before = {"name", "started", "seen", "job_id"}
    reports = connection.call("HGETALL", connection.key("workers"))
    assert set(json.loads(reports["new"])) == known_before  # front ends of then refuse others
    connection.call("HSET", connection.key("workers"), "old", json.dumps({"name": "old", "started": 1.0, "seen": 5.0, "job_id": None}))
    later = {"name": "later", "started": 1.0, "seen": 5.0, "job_id": None, "mood": "good"}
    connection.call("HSET", connection.key("workers"), "later", json.dumps(later))
    connection.call(
        "HSET", connection.key("worker_seconds"), "later", json.dumps({"quick": {"draft": 3.0, "vast": 9.0}, "slow": {"draft": 1.0}})
    )
    connection.call("ZADD", connection.key("seen"), 5.0, "old", 5.0, "later")
    assert backend.workers.present(0.0) == [
        WorkerInfo("later", 1.0, 5.0, None, {Mode.QUICK: {Preset.DRAFT: 3.0}}),
        WorkerInfo("new", 1.0, 5.0, None, {Mode.QUICK: {Preset.DRAFT: 2.0}}),
        WorkerInfo("old", 1.0, 5.0),
    ]
    connection.close()


def test_a_worker_of_an_earlier_version_still_writes_its_report_into_a_new_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "nst.sqlite3")
    backend = sqlite_backend(database, FileObjects(tmp_path / "objects"))
    database.change("INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?)", ("old", 1.0, 5.0, None))
    database.change("INSERT INTO worker_seconds VALUES ('later', ?)", (json.dumps({"quick": {"draft": 3.0, "vast": 9.0}}),))
    database.change("INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?)", ("later", 1.0, 5.0, None))
    assert backend.workers.present(0.0) == [
        WorkerInfo("later", 1.0, 5.0, None, {Mode.QUICK: {Preset.DRAFT: 3.0}}),
        WorkerInfo("old", 1.0, 5.0),
    ]
    database.close()
