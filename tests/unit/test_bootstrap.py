"""nst.bootstrap."""

from pathlib import Path

from nst.bootstrap import open_backend
from nst.settings import Settings


def test_the_data_folder_is_made_for_its_owners_eyes_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    open_backend(Settings(data_dir=folder))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_keeps_the_rights_that_its_operator_gave_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    open_backend(Settings(data_dir=tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o750
