"""What `pip install .` installs: all that the command line and the worker need, wherever they are called from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("nst", "worker")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a copy of the project was installed into, since a build leaves things beside the code."""
    project, site = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("site")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, project / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", site, project], check=True)
    return site


def test_everything_is_in_it(installed: Path) -> None:
    """Weights, style pictures, scripts of the stores and the studio's own files, too."""
    wanted = {path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    missing = {path for path in wanted if "__pycache__" not in path.parts and not (installed / path).exists()}
    assert not missing


def test_the_console_script_paints_from_any_folder(installed: Path, tmp_path: Path) -> None:
    small = ("--mode", "instant", "--size", "64")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    finished = subprocess.run(
        [sys.executable, installed / "bin" / "nst", "demo", *small],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (painting,) = (tmp_path / "paintings").glob("*.png")
    assert str(painting) in finished.stdout
