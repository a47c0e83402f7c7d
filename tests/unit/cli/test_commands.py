"""The smaller commands, and the command line as a whole."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

import nst
from nst.domain import StyleParams, help_of
from nst.errors import WeightsUnavailable

Run = Callable[..., Result]
ROOT = Path(nst.__file__).parents[1]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_the_command_line_starts_without_loading_torch() -> None:
    program = "import sys, nst.cli; print({'torch', 'httpx', 'skimage', 'numpy'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, encoding="utf-8", check=True)
    assert finished.stdout == "set()\n"


def test_the_version_is_shown() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "nst", "--version"], env=environment(), capture_output=True, encoding="utf-8", check=True
    )
    assert finished.stdout == f"pastiche {nst.__version__}\n"


def test_an_error_prints_no_traceback() -> None:
    words = [sys.executable, "-m", "nst", "stylize", "nowhere.jpg", "--style", "copperplate"]
    finished = subprocess.run(words, env=environment(), capture_output=True, encoding="utf-8", check=False)
    assert (finished.returncode, finished.stdout) == (23, "")
    assert finished.stderr == "nowhere.jpg: There is no such file. Check its name and folder.\n"


@pytest.mark.parametrize("entry", fields(StyleParams), ids=lambda entry: entry.name)
def test_every_parameter_has_an_option(run: Run, entry: Any) -> None:
    shown = " ".join(run("stylize", "--help").stdout.replace("│", " ").split())
    flag = "--layer" if entry.name == "layer_weights" else f"--{entry.name.replace('_', '-')}"
    assert flag in shown
    assert help_of(entry.name).split()[0] in shown


class TestStyles:
    def test_bundled_styles_are_listed(self, run: Run) -> None:
        result = run("styles")
        assert result.exit_code == 0
        assert "copperplate" in result.stdout

    def test_styles_are_listed_in_json(self, run: Run) -> None:
        listed = json.loads(run("styles", "--json").stdout)
        assert {"id", "title", "line", "palette", "credit"} == set(listed[0])
        assert "copperplate" in {style["id"] for style in listed}

    def test_styles_in_the_users_folder_are_listed(self, run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NST_STYLES_DIR", str(photos))
        assert [style["id"] for style in json.loads(run("styles", "--json").stdout)][-2:] == ["a", "b"]

    def test_unusable_style_pictures_are_reported_with_the_reason(self, run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (photos / "a.png").write_bytes(b"dear diary")
        monkeypatch.setenv("NST_STYLES_DIR", str(photos))
        result = run("styles")
        assert result.exit_code == 0
        assert result.stderr.count("a.png") == 1
        assert "not a JPEG, PNG, WebP, HEIC or AVIF" in result.stderr
        told = run("styles", "--json")
        assert [style["id"] for style in json.loads(told.stdout)][-1] == "b"
        assert [(said["left_out"], said["code"]) for said in map(json.loads, told.stderr.splitlines())] == [("a.png", 11)]

    def test_nothing_is_reported_when_all_style_pictures_are_usable(self, run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NST_STYLES_DIR", str(photos))
        assert run("styles").stderr == ""

    def test_an_unusable_style_is_refused_with_the_reason(self, run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (photos / "a.png").write_bytes(b"dear diary")
        monkeypatch.setenv("NST_STYLES_DIR", str(photos))
        result = run("stylize", photos / "b.jpg", "--style", "a")
        assert result.exit_code == 21
        assert "not a JPEG, PNG, WebP, HEIC or AVIF" in result.stderr

    def test_a_missing_styles_folder_is_reported(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NST_STYLES_DIR", "nowhere")
        result = run("styles")
        assert result.exit_code == 23
        assert "NST_STYLES_DIR" in result.stderr


class TestWeights:
    def test_encoders_are_listed_with_their_weights(self, run: Run) -> None:
        result = run("weights", "list")
        assert "compact  embedded" in result.stdout
        assert "not downloaded yet" in result.stdout
        assert [encoder["available"] for encoder in json.loads(run("weights", "list", "--json").stdout)] == [True, False]

    def test_a_file_without_the_weights_is_refused(self, run: Run) -> None:
        Path("vgg.pth").write_bytes(b"no weights")
        result = run("weights", "fetch", "--from", "vgg.pth")
        assert result.exit_code == 31
        assert "does not hold VGG-19's weights" in result.stderr

    def test_fetching_prints_where_the_weights_are_stored(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def fetch(folder: Path, *, on_bytes: Callable[[int, int], None]) -> Path:
            on_bytes(1, 2)
            return folder / "kept"

        monkeypatch.setattr("nst.engine.encoders.pretrained.fetch_vgg19", fetch)
        assert run("weights", "fetch").stdout == f"VGG-19's weights are stored in {tmp_path / 'weights' / 'kept'}.\n"

    @pytest.mark.parametrize("words", [("weights", "fetch"), ("demo", "--encoder", "vgg19")])
    def test_a_server_that_is_down_is_reported(self, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
        def fetch(*_: object, **__: object) -> Path:
            raise WeightsUnavailable("They could not be fetched.")

        monkeypatch.setattr("nst.engine.encoders.pretrained.fetch_vgg19", fetch)
        result = run(*words, "--json")
        assert result.exit_code == 31
        assert json.loads(result.stdout) == {"error": "They could not be fetched.", "code": 31}


class TestInfo:
    def test_info_describes_the_machine(self, run: Run) -> None:
        result = run("info", "--device", "cpu")
        assert result.exit_code == 0
        assert all(word in result.stdout for word in ("cpu", "Free memory", "pixels with compact", "pixels with vgg19", "Torch"))

    def test_info_loads_torch_and_no_other_slow_module(self) -> None:
        program = """
import sys, nst.cli
try:
    nst.cli.app(["info"])
finally:
    print(sorted({"torch", "torchvision", "httpx", "tenacity", "filelock", "skimage", "boto3", "redis", "streamlit"} & set(sys.modules)))
"""
        finished = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, encoding="utf-8", check=True)
        assert finished.stdout.splitlines()[-1] == "['torch']"

    def test_info_is_printed_in_json(self, run: Run) -> None:
        facts = json.loads(run("info", "--json").stdout)
        assert facts["versions"]["pastiche"] == nst.__version__
        assert facts["largest_size"]["compact"] >= facts["largest_size"]["vgg19"] > 0


class TestDemo:
    SMALL = ("--size", "64", "--iterations", "2", "--scales", "1")

    def test_the_demo_prints_the_path_of_the_painting(self, run: Run, working_folder: Path) -> None:
        result = run("demo", *self.SMALL)
        assert result.exit_code == 0
        (painting,) = (working_folder / "paintings").glob("*.png")
        assert str(painting) in result.stdout

    def test_the_demos_photo_and_style_can_be_chosen(self, run: Run) -> None:
        assert run("demo", "coffee", "-s", "copperplate", *self.SMALL).exit_code == 0
        assert Path("paintings/coffee-copperplate.png").exists()

    def test_an_unknown_sample_is_reported(self, run: Run) -> None:
        result = run("demo", "dog", *self.SMALL)
        assert result.exit_code == 20
        assert "there are astronaut, cat, coffee, rocket" in result.stderr
