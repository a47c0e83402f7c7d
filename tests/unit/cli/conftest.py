"""Fixtures of the command line's tests: a working folder, photos in it, and the command itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nst.cli import app
from tests.support.command_line import made

SMALL = ("--size", "64", "--iterations", "2", "--scales", "1")

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no settings from outside."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NST_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.setenv("NST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("NST_STYLES_DIR", "NST_DEVICE", "NST_MAX_BYTES", "NST_MAX_PIXELS", "NST_MIN_SIDE"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def run() -> Run:
    """Runs the command with these words, in this process."""
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def paint(run: Run) -> Run:
    """Runs `stylize`, small enough for a test."""
    return lambda *words: run("stylize", *words, *SMALL)


@pytest.fixture
def photo() -> Path:
    return made("photo.png")


@pytest.fixture
def photos() -> Path:
    """A folder with two photos and a note."""
    folder = Path("photos")
    folder.mkdir()
    made("photos/b.jpg")
    made("photos/a.png")
    (folder / "notes.txt").write_text("no photo", encoding="utf-8")
    return folder


@pytest.fixture
def own_style() -> Path:
    return made("own.png", "orange")


@pytest.fixture
def objects() -> Callable[[Result], list[dict[str, Any]]]:
    """Parses standard output: one JSON object per line."""
    return lambda result: [json.loads(line) for line in result.stdout.splitlines()]
