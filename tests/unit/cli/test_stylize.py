"""`nst stylize`: what it paints, where it puts it, and what it says."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

import nst
from nst import engine
from nst.domain import StyleParams
from nst.engine import Iterate

Run = Callable[..., Result]
Objects = Callable[[Result], list[dict[str, Any]]]


def recipe(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(path).read_text())
    return loaded


def opened(path: str | Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
    return picture


def painted_into(stdout: int, photo: Path, *before: str) -> "subprocess.CompletedProcess[str]":
    """`stylize -o -` as a process of its own, whose standard output is that file; `before` is what it is started by."""
    words = ["-m", "nst", "stylize", str(photo), "-s", "copperplate", "-o", "-", "--mode", "instant", "--size", "64"]
    # Unbuffered, as in a container: then a write may take less than it is given.
    environment = {**os.environ, "PYTHONPATH": str(Path(nst.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
    return subprocess.run([*before, sys.executable, *words], stdout=stdout, stderr=subprocess.PIPE, env=environment, text=True, check=False)


class TestPaintings:
    def test_a_painting_lies_in_the_working_folder_with_its_recipe(self, paint: Run, photo: Path) -> None:
        result = paint(photo, "--style", "copperplate", "--seed", "7")
        assert (result.exit_code, result.stderr) == (0, "")
        assert "photo-copperplate.png" in result.stdout
        assert opened("photo-copperplate.png").size == (64, 48)
        made = recipe("photo-copperplate.json")
        assert (made["photo"], made["styles"]) == ("photo.png", ["copperplate"])
        assert made["versions"]["pastiche"] == nst.__version__
        assert StyleParams.from_dict(made["params"]) == StyleParams(seed=7, size=64, iterations=2, scales=1)

    def test_every_option_reaches_the_recipe(self, paint: Run, photo: Path) -> None:
        words = "--preset draft --strength 0.7 --style-scale 0.5 --keep-colours luminance --smoothness 0.4 --loss gram --init noise"
        layers = "--layer relu1_1=1 --layer relu3_1=0.5 --optimiser adam"
        assert paint(photo, "-s", "copperplate", *words.split(), *layers.split()).exit_code == 0
        params = recipe("photo-copperplate.json")["params"]
        assert [params[name] for name in ("preset", "strength", "style_scale", "keep_colours")] == ["draft", 0.7, 0.5, "luminance"]
        assert [params[name] for name in ("smoothness", "loss", "init", "optimiser")] == [0.4, "gram", "noise", "adam"]
        assert params["layer_weights"] == [["relu1_1", 1.0], ["relu3_1", 0.5]]

    def test_a_folder_of_photos_is_painted_instantly(self, paint: Run, photos: Path) -> None:
        assert paint(photos, "-s", "copperplate", "--mode", "instant", "--strength", "1").exit_code == 0
        for name in ("a", "b"):
            made = recipe(f"{name}-copperplate.json")
            assert made["network"]["name"] == "instant"
            assert made["params"]["mode"] == "instant"
            assert max(opened(f"{name}-copperplate.png").size) == 64

    def test_styles_blend_by_their_shares(self, paint: Run, photo: Path, own_style: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-s", own_style, "--share", "3", "--share", "1").exit_code == 0
        made = recipe("photo-copperplate-own.json")
        assert (made["styles"], made["style_shares"]) == (["copperplate", "own.png"], [0.75, 0.25])

    def test_a_style_without_a_share_is_left_out(self, paint: Run, photo: Path, own_style: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-s", own_style, "--share", "0", "--share", "2").exit_code == 0
        assert recipe("photo-own.json")["styles"] == ["own.png"]

    def test_a_folder_of_styles_divides_its_share(self, paint: Run, photo: Path, photos: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-s", photos).exit_code == 0
        made = recipe("photo-copperplate-a-b.json")
        assert (made["styles"], made["style_shares"]) == (["copperplate", "a.png", "b.jpg"], [0.5, 0.25, 0.25])

    def test_a_folder_of_own_styles_is_offered_by_name(
        self, paint: Run, photo: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NST_STYLES_DIR", str(photos))
        assert paint(photo, "-s", "a").exit_code == 0
        assert recipe("photo-a.json")["styles"] == ["a"]

    def test_transparency_is_kept(self, paint: Run) -> None:
        Image.new("RGBA", (64, 64), (200, 100, 0, 128)).save("glass.png")
        assert paint("glass.png", "-s", "copperplate").exit_code == 0
        assert opened("glass-copperplate.png").mode == "RGBA"


class TestOutputs:
    @pytest.mark.parametrize(("name", "format"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.jpeg", "JPEG"), ("a.WEBP", "WEBP")])
    def test_the_ending_chooses_the_format(self, paint: Run, photo: Path, name: str, format: str) -> None:
        assert paint(photo, "-s", "copperplate", "-o", name).exit_code == 0
        assert opened(name).format == format
        assert Path("a.json").exists()

    def test_a_folder_is_made(self, paint: Run, photo: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-o", "new/paintings").exit_code == 0
        assert Path("new/paintings/photo-copperplate.png").exists()

    def test_a_painting_is_not_replaced_by_one_of_a_made_up_name(self, paint: Run, photo: Path) -> None:
        for _ in range(2):
            assert paint(photo, "-s", "copperplate").exit_code == 0
        assert Path("photo-copperplate.png").exists()
        assert Path("photo-copperplate-2.png").exists()

    def test_unless_that_is_wanted(self, paint: Run, photo: Path) -> None:
        for _ in range(2):
            assert paint(photo, "-s", "copperplate", "--overwrite").exit_code == 0
        assert not Path("photo-copperplate-2.png").exists()

    def test_nothing_but_the_painting_and_its_recipe_is_left(self, paint: Run, photo: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-o", "out").exit_code == 0
        assert sorted(path.name for path in Path("out").iterdir()) == ["photo-copperplate.json", "photo-copperplate.png"]


class TestStandardOutput:
    def test_it_takes_the_painting_alone(self, paint: Run, photo: Path) -> None:
        result = paint(photo, "-s", "copperplate", "-o", "-")
        assert result.exit_code == 0
        painting = Image.open(BytesIO(result.stdout_bytes))
        assert (painting.format, painting.size) == ("PNG", (64, 48))
        assert result.stderr.startswith("photo.png: painted in")
        assert [path.name for path in Path().iterdir()] == ["photo.png"]

    def test_what_a_program_is_told_is_on_standard_error(self, paint: Run, photo: Path) -> None:
        result = paint(photo, "-s", "copperplate", "-o", "-", "--json")
        assert result.stdout_bytes.startswith(b"\x89PNG")
        facts = json.loads(result.stderr)
        assert (facts["painting"], facts["recipe"]) == ("-", None)

    def test_it_takes_the_demo_too(self, run: Run) -> None:
        result = run("demo", "-s", "copperplate", "--size", "64", "--iterations", "2", "--scales", "1", "-o", "-")
        assert result.stdout_bytes.startswith(b"\x89PNG")

    def test_it_takes_one_painting(self, paint: Run, photos: Path) -> None:
        result = paint(photos, "-s", "copperplate", "-o", "-")
        assert (result.exit_code, result.stdout) == (24, "")
        assert result.stderr == "Standard output takes one painting, and there are 2 photos. Name a folder instead.\n"

    def test_a_full_disk_behind_it_is_told(self, photo: Path, tmp_path: Path) -> None:
        """As the system tells it of a file that may not grow beyond a kilobyte, which needs no disk to fill."""
        with (tmp_path / "full").open("wb") as full:
            result = painted_into(full.fileno(), photo, "sh", "-c", 'ulimit -f 1 && exec "$@"', "sh")
        assert result.returncode == 24
        assert result.stderr == "Standard output cannot be written (file too large). Choose another place with --output.\n"

    def test_a_terminal_is_spared(self, photo: Path) -> None:
        ours, theirs = pty.openpty()
        result = painted_into(theirs, photo)
        os.close(ours)
        os.close(theirs)
        assert result.returncode == 24
        assert result.stderr.startswith("A painting is nothing for a terminal.")


class TestBatches:
    @pytest.mark.parametrize("words", [("photos",), ("photos/*",), ("photos/a.png", "photos/b.jpg"), ("photos", "photos/a.png")])
    @pytest.mark.usefixtures("photos")
    def test_every_photo_is_painted_once(self, paint: Run, words: tuple[str, ...]) -> None:
        result = paint(*words, "-s", "copperplate", "-o", "out")
        assert result.exit_code == 0
        assert [path.name for path in sorted(Path("out").glob("*.png"))] == ["a-copperplate.png", "b-copperplate.png"]

    def test_photos_of_one_name_get_paintings_of_two(self, paint: Run, photo: Path) -> None:
        opened(photo).save("photo.jpg")
        assert paint("photo.png", "photo.jpg", "-s", "copperplate", "--overwrite").exit_code == 0
        assert Path("photo-copperplate-2.png").exists()

    def test_a_bad_picture_does_not_stop_the_others(self, paint: Run, photos: Path) -> None:
        (photos / "a2.jpg").write_text("no picture")
        (photos / "a3.jpg").write_bytes(b"\xff\xd8\xff")
        result = paint(photos, "nowhere.jpg", "-s", "copperplate", "-o", "out")
        assert result.exit_code == 11  # the first error's
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["photos/a2.jpg", "photos/a3.jpg", "nowhere.jpg"]
        assert [path.name for path in sorted(Path("out").glob("*.png"))] == ["a-copperplate.png", "b-copperplate.png"]

    def test_what_would_befall_all_is_told_once(self, paint: Run, photos: Path) -> None:
        result = paint(photos, "-s", "copperplate", "--encoder", "nonesuch")
        assert result.exit_code == 20
        assert result.stderr == "There is no encoder called 'nonesuch'; there are compact and vgg19.\n"


class TestJson:
    def test_a_painting_is_an_object(self, paint: Run, photo: Path, objects: Objects) -> None:
        result = paint(photo, "-s", "copperplate", "--json")
        (facts,) = objects(result)
        assert result.stderr == ""
        assert (facts["photo"], facts["painting"], facts["recipe"]) == ("photo.png", "photo-copperplate.png", "photo-copperplate.json")
        assert (facts["size"], facts["styles"], facts["stopped"]) == ([64, 48], ["copperplate"], False)

    def test_an_error_is_an_object_with_its_code(self, paint: Run, photo: Path, objects: Objects) -> None:
        result = paint(photo, "-s", "copperplat", "--json")
        assert (result.exit_code, result.stderr) == (21, "")
        assert objects(result) == [{"error": "There is no style called 'copperplat'. Did you mean copperplate?", "code": 21}]

    def test_an_error_of_one_photo_names_it(self, paint: Run, photo: Path, objects: Objects) -> None:
        failed, painted = objects(paint("nowhere.jpg", photo, "-s", "copperplate", "--json"))
        assert (failed["photo"], failed["code"]) == ("nowhere.jpg", 23)
        assert painted["photo"] == "photo.png"


class TestInterruption:
    @pytest.fixture
    def interrupted(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Ctrl-C at the third step; the list tells the steps that were taken."""
        whole, steps = engine.stylize, []

        def stylize(*args: Any, on_progress: Callable[[Iterate], None], **others: Any) -> Any:
            def show(iterate: Iterate) -> None:
                on_progress(iterate)
                steps.append(iterate.step)
                if iterate.step == 3:
                    signal.raise_signal(signal.SIGINT)

            return whole(*args, on_progress=show, **others)

        monkeypatch.setattr(engine, "stylize", stylize)
        return steps

    def test_ctrl_c_stops_at_once_and_saves_what_there_is(self, run: Run, photos: Path, interrupted: list[int], objects: Objects) -> None:
        before = signal.getsignal(signal.SIGINT)
        result = run("stylize", photos, "-s", "copperplate", "--size", "64", "--iterations", "500", "--scales", "1", "--json")
        assert result.exit_code == 130
        assert interrupted == [1, 2, 3]
        (facts,) = objects(result)  # the second photo was not begun
        assert facts["stopped"] is True
        assert opened("a-copperplate.png").size == (64, 48)
        assert recipe("a-copperplate.json")["stopped"] is True
        assert signal.getsignal(signal.SIGINT) is before
