"""`nst stylize`: what it paints, where it writes it, and what it prints."""

import json
import os
import pty
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
from nst.domain import StyleParams

Run = Callable[..., Result]
Objects = Callable[[Result], list[dict[str, Any]]]


def recipe(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return loaded


def opened(path: str | Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
    return picture


def painted_into(stdout: int, photo: Path, *before: str) -> "subprocess.CompletedProcess[str]":
    """Run `stylize -o -` in a process with that standard output. `before` is a command that starts it."""
    words = ["-m", "nst", "stylize", str(photo), "-s", "copperplate", "-o", "-", "--mode", "instant", "--size", "64"]
    # Unbuffered, as in a container: then a write may take less than it is given.
    environment = {**os.environ, "PYTHONPATH": str(Path(nst.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
    return subprocess.run(
        [*before, sys.executable, *words], stdout=stdout, stderr=subprocess.PIPE, env=environment, encoding="utf-8", check=False
    )


class TestPaintings:
    def test_a_painting_and_its_recipe_are_written_to_the_working_folder(self, paint: Run, photo: Path) -> None:
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

    def test_a_style_with_a_share_of_zero_is_left_out(self, paint: Run, photo: Path, own_style: Path) -> None:
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
    def test_the_file_extension_selects_the_format(self, paint: Run, photo: Path, name: str, format: str) -> None:
        assert paint(photo, "-s", "copperplate", "-o", name).exit_code == 0
        assert opened(name).format == format
        assert Path("a.json").exists()

    def test_a_missing_folder_is_created(self, paint: Run, photo: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-o", "new/paintings").exit_code == 0
        assert Path("new/paintings/photo-copperplate.png").exists()

    def test_a_generated_name_that_is_taken_gets_a_number(self, paint: Run, photo: Path) -> None:
        for _ in range(2):
            assert paint(photo, "-s", "copperplate").exit_code == 0
        assert Path("photo-copperplate.png").exists()
        assert Path("photo-copperplate-2.png").exists()

    def test_overwrite_replaces_the_painting_of_the_generated_name(self, paint: Run, photo: Path) -> None:
        for _ in range(2):
            assert paint(photo, "-s", "copperplate", "--overwrite").exit_code == 0
        assert not Path("photo-copperplate-2.png").exists()

    def test_nothing_but_the_painting_and_its_recipe_is_left(self, paint: Run, photo: Path) -> None:
        assert paint(photo, "-s", "copperplate", "-o", "out").exit_code == 0
        assert sorted(path.name for path in Path("out").iterdir()) == ["photo-copperplate.json", "photo-copperplate.png"]


class TestStandardOutput:
    def test_standard_output_gets_only_the_painting(self, paint: Run, photo: Path) -> None:
        result = paint(photo, "-s", "copperplate", "-o", "-")
        assert result.exit_code == 0
        painting = Image.open(BytesIO(result.stdout_bytes))
        assert (painting.format, painting.size) == ("PNG", (64, 48))
        assert result.stderr.startswith("photo.png: painted in")
        assert [path.name for path in Path().iterdir()] == ["photo.png"]

    def test_json_is_printed_on_standard_error(self, paint: Run, photo: Path) -> None:
        result = paint(photo, "-s", "copperplate", "-o", "-", "--json")
        assert result.stdout_bytes.startswith(b"\x89PNG")
        facts = json.loads(result.stderr)
        assert (facts["painting"], facts["recipe"]) == ("-", None)

    def test_the_demo_can_be_written_to_standard_output(self, run: Run) -> None:
        result = run("demo", "-s", "copperplate", "--size", "64", "--iterations", "2", "--scales", "1", "-o", "-")
        assert result.stdout_bytes.startswith(b"\x89PNG")

    def test_standard_output_takes_only_one_painting(self, paint: Run, photos: Path) -> None:
        result = paint(photos, "-s", "copperplate", "-o", "-")
        assert (result.exit_code, result.stdout) == (24, "")
        assert result.stderr.endswith("\nStandard output can take one painting, but there are 2 photos. Use a folder instead.\n")

    def test_a_full_disk_that_standard_output_goes_to_is_reported(self, photo: Path, tmp_path: Path) -> None:
        """Simulated by a file size limit of one kilobyte, which needs no disk to fill."""
        with (tmp_path / "full").open("wb") as full:
            result = painted_into(full.fileno(), photo, "sh", "-c", 'ulimit -f 1 && exec "$@"', "sh")
        assert result.returncode == 24
        assert result.stderr == "Standard output cannot be written (file too large). Choose another destination with --output.\n"

    def test_a_painting_is_not_written_to_a_terminal(self, photo: Path) -> None:
        ours, theirs = pty.openpty()
        result = painted_into(theirs, photo)
        os.close(ours)
        os.close(theirs)
        assert result.returncode == 24
        assert result.stderr.startswith("A terminal cannot show a painting.")


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
        (photos / "a2.jpg").write_text("no picture", encoding="utf-8")
        (photos / "a3.jpg").write_bytes(b"\xff\xd8\xff")
        result = paint(photos, "nowhere.jpg", "-s", "copperplate", "-o", "out")
        assert result.exit_code == 11  # the first error's
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["photos", "photos/a2.jpg", "photos/a3.jpg", "nowhere.jpg"]
        assert [path.name for path in sorted(Path("out").glob("*.png"))] == ["a-copperplate.png", "b-copperplate.png"]

    def test_an_error_of_all_photos_is_reported_once(self, paint: Run, photos: Path) -> None:
        result = paint(photos / "a.png", photos / "b.jpg", "-s", "copperplate", "--encoder", "nonesuch")
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
