"""The smaller commands, and the command line as a whole."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

import nst
from nst.domain import StyleParams, help_of
from nst.errors import WeightsUnavailable

Run = Callable[..., Result]
ROOT = Path(nst.__file__).parents[1]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_the_command_line_stands_before_torch_is_loaded() -> None:
    program = "import sys, nst.cli; print({'torch', 'httpx', 'skimage', 'numpy'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)
    assert finished.stdout == "set()\n"


def test_the_version_is_shown() -> None:
    finished = subprocess.run([sys.executable, "-m", "nst", "--version"], env=environment(), capture_output=True, text=True, check=True)
    assert finished.stdout == f"pastiche {nst.__version__}\n"


def test_an_error_leaves_no_trace() -> None:
    words = [sys.executable, "-m", "nst", "stylize", "nowhere.jpg", "--style", "copperplate"]
    finished = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (23, "")
    assert finished.stderr == "nowhere.jpg: There is no such file. Check its name and folder.\n"


def test_at_a_terminal_there_is_a_bar_and_ctrl_c_saves_the_painting(photo: Path) -> None:
    ours, theirs = pty.openpty()
    words = [
        sys.executable,
        "-m",
        "nst",
        "stylize",
        str(photo),
        "-s",
        "copperplate",
        "--size",
        "64",
        "--iterations",
        "5000",
        "--scales",
        "1",
    ]
    terminal = {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(words, env=environment() | terminal, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b""
        while b"scale 1 of 1" not in shown or b" left" not in shown:
            shown += os.read(ours, 1000)
        process.send_signal(signal.SIGINT)
        while _more(ours):
            pass
        out, _ = process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == 130
    assert out.startswith("photo.png: stopped early")
    with Image.open("photo-copperplate.png") as painting:
        assert painting.size == (64, 48)


def _more(terminal: int) -> bool:
    """Whether a terminal's other side is still open; what it says is thrown away."""
    try:
        return bool(os.read(terminal, 1000))
    except OSError:
        return False


@pytest.mark.parametrize("entry", fields(StyleParams), ids=lambda entry: entry.name)
def test_every_parameter_has_an_option(run: Run, entry: Any) -> None:
    shown = " ".join(run("stylize", "--help").stdout.replace("│", " ").split())
    flag = "--layer" if entry.name == "layer_weights" else f"--{entry.name.replace('_', '-')}"
    assert flag in shown
    assert help_of(entry.name).split()[0] in shown


class TestStyles:
    def test_they_are_listed(self, run: Run) -> None:
        result = run("styles")
        assert result.exit_code == 0
        assert "copperplate" in result.stdout

    def test_for_programs_too(self, run: Run) -> None:
        listed = json.loads(run("styles", "--json").stdout)
        assert {"id", "title", "line", "palette", "credit"} == set(listed[0])
        assert "copperplate" in {style["id"] for style in listed}

    def test_own_ones_among_them(self, run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NST_STYLES_DIR", str(photos))
        assert [style["id"] for style in json.loads(run("styles", "--json").stdout)][-2:] == ["a", "b"]

    def test_a_folder_that_is_not_there_is_told(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NST_STYLES_DIR", "nowhere")
        result = run("styles")
        assert result.exit_code == 23
        assert "NST_STYLES_DIR" in result.stderr


class TestWeights:
    def test_what_is_there_is_listed(self, run: Run) -> None:
        result = run("weights", "list")
        assert "compact  embedded" in result.stdout
        assert "not fetched yet" in result.stdout
        assert [encoder["available"] for encoder in json.loads(run("weights", "list", "--json").stdout)] == [True, False]

    def test_the_wrong_file_is_refused(self, run: Run) -> None:
        Path("vgg.pth").write_bytes(b"no weights")
        result = run("weights", "fetch", "--from", "vgg.pth")
        assert result.exit_code == 31
        assert "does not hold VGG-19's weights" in result.stderr

    def test_fetching_says_where_they_are_kept(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fetch(folder: Path, *, on_bytes: Callable[[int, int], None]) -> Path:
            on_bytes(1, 2)
            return folder / "kept"

        monkeypatch.setattr("nst.engine.fetching.fetch_vgg19", fetch)
        assert run("weights", "fetch").stdout == f"VGG-19's weights are kept in {tmp_path / 'weights' / 'kept'}.\n"

    @pytest.mark.parametrize("words", [("weights", "fetch"), ("demo", "--encoder", "vgg19")])
    def test_a_server_that_is_down_is_told(self, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
        def fetch(*_: object, **__: object) -> Path:
            raise WeightsUnavailable("They could not be fetched.")

        monkeypatch.setattr("nst.engine.fetching.fetch_vgg19", fetch)
        result = run(*words, "--json")
        assert result.exit_code == 31
        assert json.loads(result.stdout) == {"error": "They could not be fetched.", "code": 31}


class TestInfo:
    def test_it_tells_of_the_machine(self, run: Run) -> None:
        result = run("info", "--device", "cpu")
        assert result.exit_code == 0
        assert all(word in result.stdout for word in ("cpu", "Free memory", "pixels with compact", "pixels with vgg19", "Torch"))

    def test_it_loads_torch_and_nothing_else_that_takes_a_while(self) -> None:
        program = """
import sys, nst.cli
try:
    nst.cli.app(["info"])
finally:
    print(sorted({"torch", "torchvision", "httpx", "tenacity", "filelock", "skimage", "boto3", "redis", "streamlit"} & set(sys.modules)))
"""
        finished = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)
        assert finished.stdout.splitlines()[-1] == "['torch']"

    def test_for_programs_too(self, run: Run) -> None:
        facts = json.loads(run("info", "--json").stdout)
        assert facts["versions"]["pastiche"] == nst.__version__
        assert facts["largest_size"]["compact"] > facts["largest_size"]["vgg19"] > 0


class TestDemo:
    SMALL = ("--size", "64", "--iterations", "2", "--scales", "1")

    def test_it_says_where_the_painting_lies(self, run: Run, working_folder: Path) -> None:
        result = run("demo", *self.SMALL)
        assert result.exit_code == 0
        (painting,) = (working_folder / "paintings").glob("*.png")
        assert str(painting) in result.stdout

    def test_another_sample_can_be_had_in_another_style(self, run: Run) -> None:
        assert run("demo", "coffee", "-s", "copperplate", *self.SMALL).exit_code == 0
        assert Path("paintings/coffee-copperplate.png").exists()

    def test_an_unknown_sample_is_told(self, run: Run) -> None:
        result = run("demo", "dog", *self.SMALL)
        assert result.exit_code == 20
        assert "there are astronaut, cat, coffee, rocket" in result.stderr
