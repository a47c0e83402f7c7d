"""What is published: a source distribution and the wheel made of it, installed into an empty environment, where it paints."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy
import pytest

import nst

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
EXTRAS = ("studio", "gateway", "fleet", "aws")
# What the engine and the command line do without.
OF_EXTRAS = ("boto3", "botocore", "fastapi", "prometheus_client", "redis", "socketio", "starlette", "streamlit", "uvicorn", "websockets")
SOURCES = ("nst", "pages", "worker", ".streamlit")
FILES = (
    "pyproject.toml",
    "MANIFEST.in",
    "requirements.txt",
    "constraints.txt",
    "streamlit_app.py",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
)
PAINT = """
from PIL import Image
from nst.domain import Mode, StyleParams
from nst.engine import stylize
photo = Image.linear_gradient("L").convert("RGB")
print(stylize(photo, [photo.rotate(90)], StyleParams(mode=Mode.INSTANT, size=64)).picture.size)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(source distribution, wheel), made of a copy of the project, since a build leaves things beside the code."""
    project, out = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("dist")
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, project)
    archive = out / _run_backend("sdist", project, out)
    with tarfile.open(archive) as opened:
        opened.extractall(out, filter="data")
    return archive, out / _run_backend("wheel", out / archive.name.removesuffix(".tar.gz"), out)


def _run_backend(kind: str, project: Path, out: Path) -> str:
    """The name of what setuptools has made."""
    code = f"import sys, setuptools.build_meta as backend; print(backend.build_{kind}(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, out], cwd=project, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def python(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel in it.

    What the wheel requires is not installed again: that environment sees this one's packages, without those of the extras.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    options = ("--quiet", "--no-index", "--no-deps", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "--python", python, "install", *options, built[1]], check=True)
    (site,) = (folder / "lib").glob("*/site-packages")
    blocked = f"import sys; sys.modules.update(dict.fromkeys({OF_EXTRAS}))"  # None in sys.modules: importing it raises
    (site / "this.pth").write_text(f"{Path(numpy.__file__).parents[1]}\n{blocked}\n", encoding="utf-8")
    return python


def _in_the_environment(tmp_path: Path, *command: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(opened.read(name).decode())


def test_the_wheel_has_one_package_and_all_its_files(built: tuple[Path, Path]) -> None:
    """Weights, style pictures, scripts of the stores and the studio's own files, too."""
    with zipfile.ZipFile(built[1]) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nst").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert names == wanted


def test_the_source_distribution_has_what_runs_from_a_checkout_and_no_tests(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"streamlit_app.py", "pages/create.py", "worker/__main__.py", ".streamlit/config.toml", "requirements.txt", "LICENSE"} <= names
    assert not [name for name in names if name.startswith(("tests", "training", "benchmarks"))]


def test_it_says_what_it_is(built: tuple[Path, Path]) -> None:
    said = metadata(built[1])
    assert (said["Name"], said["Version"]) == ("pastiche-studio", nst.__version__)
    assert set(said.get_all("Provides-Extra", [])) == {*EXTRAS, "all"}


def test_the_engine_paints_without_what_the_extras_bring(python: Path, tmp_path: Path) -> None:
    assert _in_the_environment(tmp_path, python, "-c", PAINT) == "(64, 64)\n"


def test_the_console_script_paints_from_any_folder(python: Path, tmp_path: Path) -> None:
    said = _in_the_environment(tmp_path, python.parent / "nst", "demo", "--mode", "instant", "--size", "64")
    (painting,) = (tmp_path / "paintings").glob("*.png")
    assert str(painting) in said


@pytest.mark.parametrize("module", ["nst.bootstrap", "nst.worker.main", "nst.model_process.child", "nst.preview", "nst.store.sqlite"])
def test_a_local_backend_needs_no_extra(python: Path, tmp_path: Path, module: str) -> None:
    _in_the_environment(tmp_path, python, "-c", f"import {module}")


def requirements(project: dict[str, Any]) -> set[str]:
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {entry for group in groups for entry in group if not entry.startswith("pastiche-studio[")}


def test_ranges_begin_with_the_versions_that_are_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {entry.partition(",")[0] for entry in requirements(project)} == {f"{name}>={version}" for name, version in pinned}
    assert set(project["optional-dependencies"]) == {*EXTRAS, "all"}


def test_every_library_that_is_imported_is_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.split("[<>]", entry)[0] for entry in requirements(project)}
    owners = packages_distributions()
    for path in sorted((ROOT / "nst").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {name.partition(".")[0] for name in names} - {"nst", *sys.stdlib_module_names}:
                assert required & {owner.lower().replace("_", "-") for owner in owners[top]}, f"{path.relative_to(ROOT)} imports {top}"


def test_every_requirement_is_pinned_among_the_constraints() -> None:
    constraints = {line.lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    for name in ("requirements.txt", "requirements-dev.txt"):
        pins = re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert not {f"{package}=={version}".lower().replace("_", "-") for package, version in pins} - constraints
