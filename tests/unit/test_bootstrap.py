"""nst.bootstrap."""

import os
from pathlib import Path

import pytest

from nst.bootstrap import open_backend
from nst.domain import new_id
from nst.settings import MADE_FOR_ONE_MACHINE, Settings
from nst.worker.own_worker import OwnWorker
from nst.worker.supervisor import Supervisor


class Idle(Supervisor):
    """Starts no worker."""

    def start(self) -> None:
        pass


def test_the_data_folder_is_made_for_its_owners_eyes_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    open_backend(Settings(data_dir=folder))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_keeps_the_rights_that_its_operator_gave_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    open_backend(Settings(data_dir=tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o750


def test_files_are_for_their_owner_alone_also_in_folders_that_others_may_enter(tmp_path: Path) -> None:
    data, pictures = tmp_path / "data", tmp_path / "pictures"
    for folder in (data, pictures, pictures / "private"):
        folder.mkdir()
        folder.chmod(0o755)
    before = os.umask(0o022)
    try:
        backend = open_backend(Settings(data_dir=data, objects_url=pictures.as_uri()))
        for key in (f"private/input/{new_id()}.jpg", f"public/output/{new_id()}.jpg"):
            backend.objects.put(key, b"picture")
        OwnWorker(Settings(data_dir=data), Idle()).step()
    finally:
        os.umask(before)
    files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()}
    assert {"studio.sqlite3", "studio.sqlite3-wal", "worker.lock"} < set(files)
    assert set(files.values()) == {0o600}
    assert {folder.stat().st_mode & 0o777 for folder in pictures.rglob("*") if folder.is_dir()} == {0o700}


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    open_backend(Settings(data_dir=tmp_path))
    database = tmp_path / "studio.sqlite3"
    database.chmod(0o644)
    open_backend(Settings(data_dir=tmp_path))
    assert database.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("backend", "brings"), [("local", True), ("redis", False), ("aws", True)])
def test_servers_bring_a_worker_or_a_relay_unless_they_are_of_a_fleet(backend: str, brings: bool) -> None:
    limits = {name: Settings.model_fields[name].default for name in MADE_FOR_ONE_MACHINE}
    cloud = {"objects_url": "s3://pictures", "batch_queue": "q", "batch_definition": "d", "done_queue_url": "u", **limits}
    chosen = {"backend": backend, **(cloud if backend == "aws" else {})}
    assert Settings(**chosen).brings_worker is brings  # type: ignore[arg-type]
    assert not Settings(**chosen, own_worker=False).brings_worker  # type: ignore[arg-type]
    assert Settings(**chosen, own_worker=True).brings_worker  # type: ignore[arg-type]
