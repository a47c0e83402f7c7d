"""A data folder that cannot be used: why is said in words, nothing is lost, and it is used again once it can be."""

import errno
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nst.domain import JobState
from nst.errors import ObjectMissing, StoreFull, StoreMisconfigured, StoreUnavailable
from nst.store.files import FileObjects
from nst.store.ports import Backend
from nst.store.sqlite import Database, database, sqlite_backend
from tests.support.damage import DAMAGES, a_text, no_files_left, powerless
from tests.support.jobs import record, submitted
from tests.support.memory_store import MemoryObjects
from tests.support.stores import OPENED, ROOT

KEY = f"private/input/{'a1' * 16}.jpg"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.sqlite3"


@pytest.fixture
def file(path: Path) -> Iterator[Database]:
    file = Database(path)
    yield file
    file.close()


@pytest.fixture
def backend(file: Database) -> Backend:
    return sqlite_backend(file, MemoryObjects())


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that ordinary users reach, which pytest's are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def is_refused(
    call: Callable[[], object], reason: str = "The data folder cannot be used", kind: type[Exception] = StoreMisconfigured
) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert reason in error.reason
    assert str(error).endswith(("try again in a minute.", "try again later."))
    assert "/" not in str(error)


class TestDatabase:
    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_damaged_file_is_named_and_left_alone(self, path: Path, damage: Callable[[Path], None]) -> None:
        damage(path)
        before = path.read_bytes() if path.is_file() else b""
        is_refused(lambda: submitted(sqlite_backend(Database(path), MemoryObjects())), str(path))
        assert not before or path.read_bytes() == before

    def test_an_empty_file_is_a_new_database(self, path: Path) -> None:
        path.touch()
        file = Database(path)
        assert submitted(sqlite_backend(file, MemoryObjects())).state is JobState.QUEUED
        file.close()

    def test_a_file_in_the_folders_place(self, tmp_path: Path) -> None:
        (tmp_path / "data").touch()
        is_refused(lambda: Database(tmp_path / "data" / "studio.sqlite3"), "data: it is a file")
        is_refused(lambda: Database(tmp_path / "data" / "deeper" / "studio.sqlite3"), "Not a directory")

    @pytest.mark.parametrize(("of_file", "of_folder"), [(0o444, 0o555), (0o000, 0o755), (0o666, 0o555), (0o666, 0o000)])
    def test_rights_that_are_missing(self, open_to_all: Path, of_file: int, of_folder: int) -> None:
        folder = open_to_all / "data"
        Database(folder / "studio.sqlite3").close()
        (folder / "studio.sqlite3").chmod(of_file)
        folder.chmod(of_folder)
        with powerless():
            is_refused(lambda: Database(folder / "studio.sqlite3"))
            is_refused(lambda: Database(open_to_all / "new" / "studio.sqlite3"), "Permission denied")
        folder.chmod(0o755)

    def test_a_read_only_file_is_reported_when_it_is_opened(self, open_to_all: Path) -> None:
        """SQLite reads it, while another process has it open, and would fail with the first job."""
        path = open_to_all / "studio.sqlite3"
        file = Database(path)
        submitted(sqlite_backend(file, MemoryObjects()))
        for beside in (*open_to_all.iterdir(), open_to_all):
            beside.chmod(0o555)
        with powerless():
            is_refused(lambda: Database(path), "it may be read only")
        open_to_all.chmod(0o755)
        file.close()

    def test_a_lock_that_another_program_holds_for_too_long(
        self, file: Database, backend: Backend, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
        file.close()
        job = submitted(backend)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        file.close()
        is_refused(lambda: submitted(backend), "Another program holds its lock", StoreUnavailable)
        is_refused(lambda: Database(path), "Another program holds its lock", StoreUnavailable)
        assert record(backend, job.id) == job, "readers do not wait"
        other.execute("ROLLBACK")
        other.close()
        assert submitted(backend).state is JobState.QUEUED

    def test_a_disk_that_is_full_loses_nothing_that_was_accepted(self, file: Database, backend: Backend) -> None:
        job = submitted(backend)
        with file.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreFull) as caught, file.writing() as connection:
            connection.execute("INSERT INTO workers VALUES (?, 0, 0, NULL)", ("x" * 100_000,))
        assert "is full" in caught.value.reason
        assert record(backend, job.id) == job
        assert submitted(backend).state is JobState.QUEUED

    def test_too_many_open_files_are_waited_for(self, file: Database, backend: Backend) -> None:
        job = submitted(backend)
        file.close()
        with no_files_left():
            is_refused(lambda: backend.jobs.get(job.id), "Too many open files", StoreUnavailable)
        assert record(backend, job.id) == job

    def test_a_drive_that_cannot_have_it_in_wal_mode(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        connect = sqlite3.connect

        def on_a_network_drive(address: str, **how: Any) -> sqlite3.Connection:
            return connect(f"{address}&vfs=unix-dotfile", **how)

        monkeypatch.setattr(sqlite3, "connect", on_a_network_drive)
        is_refused(lambda: Database(path), "on a disk of this machine")

    def test_a_file_that_disappears_is_not_created_again_and_is_used_when_it_is_back(self, backend: Backend, path: Path) -> None:
        job = submitted(backend)
        hidden = path.parent.rename(path.parent.with_name("unmounted"))
        for _ in range(2):
            is_refused(lambda: submitted(backend), "No such file")
            is_refused(lambda: backend.jobs.get(job.id), "No such file")
            path.parent.mkdir(exist_ok=True)  # where it was mounted
        path.parent.rmdir()
        hidden.rename(path.parent)
        assert record(backend, job.id) == job
        assert submitted(backend).state is JobState.QUEUED

    def test_a_backup_in_its_place_is_used(self, backend: Backend, path: Path) -> None:
        kept = submitted(backend)
        backup = path.with_name("backup")
        with sqlite3.connect(path) as connection, sqlite3.connect(backup) as target:
            connection.backup(target)
        connection.close()
        target.close()
        lost = submitted(backend)
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        backup.rename(path)
        assert record(backend, kept.id) == kept
        assert backend.jobs.get(lost.id) is None
        assert backend.queue.lane_stats() != {}

    def test_what_was_opened_late_is_tried_again_until_it_can_be_used(self, path: Path) -> None:
        a_text(path)
        file = Database(path, at_once=False)
        backend = sqlite_backend(file, MemoryObjects())
        for call in (backend.queue.lane_stats, backend.job_events.listen, lambda: submitted(backend)):
            is_refused(call, "file is not a database")
        path.unlink()
        assert submitted(backend).state is JobState.QUEUED
        file.close()

    def test_no_call_waits_forever_for_a_file_that_is_being_opened(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
        file = Database(path, at_once=False)
        with file._opening:
            is_refused(lambda: submitted(sqlite_backend(file, MemoryObjects())), "still being opened", StoreUnavailable)

    def test_a_migration_that_was_interrupted_is_made_again(self, path: Path) -> None:
        program = "import os\nfrom nst.store.sqlite import database as d\nrun, left = d._run, [1, 0]\n"
        program += "def die(*words):\n    left.pop(0) or os._exit(9)\n    run(*words)\nd._run = die\n" + OPENED
        assert subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False).returncode == 9
        file = Database(path)
        assert submitted(sqlite_backend(file, MemoryObjects())).state is JobState.QUEUED
        file.close()


class TestFolder:
    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            (errno.ENOSPC, StoreFull),
            (errno.EDQUOT, StoreFull),
            (errno.EROFS, StoreMisconfigured),
            (errno.EACCES, StoreMisconfigured),
            (errno.ENAMETOOLONG, StoreMisconfigured),
            (errno.EIO, StoreUnavailable),
            (errno.EMFILE, StoreUnavailable),
            (errno.ESTALE, StoreUnavailable),
        ],
    )
    def test_every_error_of_the_system_is_reported(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
    ) -> None:
        objects = FileObjects(tmp_path)
        objects.put(KEY, b"whole")

        def fail(*_: object, **__: object) -> int:
            raise OSError(number, os.strerror(number), str(tmp_path / "secret"))

        with monkeypatch.context() as failing:
            failing.setattr("nst.store.files.os.fsync", fail)
            is_refused(lambda: objects.put(KEY, b"half"), f"{tmp_path}/secret: {os.strerror(number)}", kind)
        with monkeypatch.context() as failing:
            failing.setattr("nst.store.files.os.open", fail)
            is_refused(lambda: objects.get(KEY), os.strerror(number), kind)
        assert objects.get(KEY) == b"whole"

    def test_a_folder_that_disappears_has_not_lost_its_pictures(self, tmp_path: Path) -> None:
        root = tmp_path / "objects"
        objects = FileObjects(root)
        objects.put(KEY, b"picture")
        hidden = root.rename(tmp_path / "unmounted")
        calls = (
            lambda: objects.get(KEY),
            lambda: objects.put(KEY, b""),
            lambda: objects.delete([KEY]),
            lambda: objects.copy(KEY, KEY),
            lambda: list(objects.listing()),
        )
        for _ in range(2):
            for call in calls:
                is_refused(call, "The folder of pictures cannot be used")
            root.mkdir(exist_ok=True)  # where it was mounted
        root.rmdir()
        hidden.rename(root)
        assert objects.get(KEY) == b"picture"

    def test_too_many_open_files_do_not_make_a_picture_missing(self, tmp_path: Path) -> None:
        objects = FileObjects(tmp_path)
        objects.put(KEY, b"picture")
        with no_files_left():
            is_refused(lambda: objects.get(KEY), "Too many open files", StoreUnavailable)
            is_refused(lambda: objects.put(KEY, b"other"), "Too many open files", StoreUnavailable)
        assert objects.get(KEY) == b"picture"

    def test_rights_that_are_missing(self, open_to_all: Path) -> None:
        objects = FileObjects(open_to_all / "objects")
        objects.put(KEY, b"picture")
        (open_to_all / "objects" / KEY).chmod(0o000)
        with powerless():
            for call in (lambda: objects.get(KEY), lambda: objects.put(KEY, b""), lambda: objects.delete([KEY])):
                is_refused(call, "Permission denied")
        (open_to_all / "objects" / KEY).chmod(0o600)
        assert objects.get(KEY) == b"picture"

    def test_what_cannot_be_made_yet_is_made_when_it_can_be(self, tmp_path: Path) -> None:
        (tmp_path / "objects").touch()
        is_refused(lambda: FileObjects(tmp_path / "objects"), "Not a directory")
        objects = FileObjects(tmp_path / "objects", at_once=False)
        is_refused(lambda: objects.get(KEY), "Not a directory")
        (tmp_path / "objects").unlink()
        with pytest.raises(ObjectMissing):
            objects.get(KEY)
