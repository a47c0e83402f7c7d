"""`nst stylize --from`: a finished painting is enlarged, by its recipe or by what the command line says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

from tests.support.command_line import made

Run = Callable[..., Result]


@pytest.fixture
def painting(run: Run, photo: Path) -> Path:
    """A painting of `photo.png`, with its recipe."""
    words = ("-s", "copperplate", "--mode", "instant", "--size", "64", "--strength", "0.8", "--seed", "5", "-o", "painting.png")
    assert run("stylize", photo, *words).exit_code == 0
    return Path("painting.png")


def recipe(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return loaded


def size_of(path: str) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.mark.parametrize("word", ["painting.png", "painting.json"])
def test_the_recipe_says_photo_styles_and_parameters(run: Run, painting: Path, word: str) -> None:
    result = run("stylize", "--from", word, "--size", "128", "-o", "large.png")
    assert result.exit_code == 0, result.output
    assert size_of("large.png") == (128, 96)
    made, before = recipe("large.json"), recipe("painting.json")
    assert [made[name] for name in ("photo", "styles", "photo_sha256")] == [before[name] for name in ("photo", "styles", "photo_sha256")]
    assert {**made["params"], "size": 64} == before["params"]
    assert made["enlarged_from"]["painting"] == "painting.png"
    assert before["enlarged_from"] is None


def test_words_on_the_command_line_replace_the_recipes(run: Run, painting: Path) -> None:
    result = run("stylize", "photo.png", "--from", painting, "-s", "tide-wash", "--strength", "0.5", "--size", "128", "-o", "large.png")
    assert result.exit_code == 0, result.output
    made = recipe("large.json")
    assert (made["styles"], made["params"]["strength"], made["params"]["seed"]) == (["tide-wash"], 0.5, 5)


def test_without_a_size_it_gets_the_next_usual_one(run: Run, painting: Path) -> None:
    assert run("stylize", "--from", painting, "-o", "large.png").exit_code == 0
    assert size_of("large.png") == (1024, 768)


def test_it_can_be_enlarged_for_a_print(run: Run, painting: Path) -> None:
    result = run("stylize", "--from", painting, "--print", "4x3cm", "--dpi", "100", "-o", "large.png")
    assert result.exit_code == 0, result.output
    assert max(size_of("large.png")) == 157
    assert "prints 4 x 3 cm" in result.stdout


def test_regions_masks_and_own_styles_are_found_beside_the_painting(run: Run, photo: Path) -> None:
    folder = Path("kept")
    folder.mkdir()
    for name in ("photo.png", "own.png", "mask.png"):
        made(str(folder / name))
    mask = Image.new("L", (80, 60))
    mask.paste(255, (0, 0, 40, 60))
    mask.save(folder / "mask.png")
    words = ("-s", "kept/own.png", "--region", "kept/mask.png=tide-wash+copperplate:0.25", "--keep", "dark", "--mode", "instant")
    assert run("stylize", "kept/photo.png", *words, "--size", "64", "-o", "kept/painting.png").exit_code == 0
    assert run("stylize", "--from", "kept/painting.png", "--size", "96", "-o", "large.png").exit_code == 0
    before, after = recipe("kept/painting.json"), recipe("large.json")
    assert before["regions"] == after["regions"]
    assert before["styles_sha256"] == after["styles_sha256"]


def test_a_painting_without_a_recipe_needs_photo_and_styles(run: Run, painting: Path) -> None:
    Path("painting.json").unlink()
    result = run("stylize", "--from", painting, "--size", "128")
    assert (result.exit_code, "has no recipe" in result.stderr) == (20, True)
    assert "Give --style" in run("stylize", "photo.png", "--from", painting, "--size", "128").stderr
    assert run("stylize", "photo.png", "--from", painting, "-s", "copperplate", "--mode", "instant", "--size", "128").exit_code == 0
    assert size_of("photo-copperplate.png") == (128, 96)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from", "missing.png"), "There is no painting 'missing.png'"),
        (("--from", "painting.png", "--size", "64"), "has 64 pixels on the long side already"),
        (("square.png", "--from", "painting.png", "--size", "128"), "only a painting of this photo"),
        (("photo.png", "square.png", "--from", "painting.png"), "one painting, of one photo"),
        (("--size", "128", "-s", "copperplate"), "Missing argument 'PHOTO...'"),
    ],
)
def test_what_cannot_be_enlarged_is_refused_with_a_sentence(run: Run, painting: Path, words: tuple[str, ...], sentence: str) -> None:
    Image.new("RGB", (60, 60), "teal").save("square.png")
    result = run("stylize", *words)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.replace("│", " ").split())


def test_a_photo_or_style_that_has_changed_is_not_taken_for_the_recipes(run: Run, photo: Path) -> None:
    made("own.png")
    words = ("-s", "own.png", "--mode", "instant", "--size", "64", "-o", "painting.png")
    assert run("stylize", photo, *words).exit_code == 0
    made("own.png", "gold")
    assert "The style own.png of painting.png is neither here nor beside it" in run("stylize", "--from", "painting.png").stderr
    made("photo.png", "gold")
    assert "The photo photo.png of painting.png is neither here nor beside it" in run("stylize", "--from", "painting.png").stderr


def test_the_painting_is_never_replaced(run: Run, painting: Path) -> None:
    before = painting.read_bytes()
    result = run("stylize", "--from", painting, "--size", "128", "--overwrite", "-o", painting)
    assert result.exit_code != 0
    assert painting.read_bytes() == before
