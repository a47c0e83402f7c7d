"""`nst stylize --region` and `--keep`."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from tests.support.command_line import made
from tests.support.web import Web, answering, running

Run = Callable[..., Result]


@pytest.fixture
def paint(run: Run) -> Run:
    return lambda *words: run("stylize", *words, "--mode", "instant", "--size", "80")


@pytest.fixture
def mask() -> Path:
    """White in the right half."""
    return half("right.png")


def half(name: str, side: int = 40) -> Path:
    picture = Image.new("L", (80, 60))
    picture.paste(255, (side, 0, side + 40, 60))
    picture.save(name)
    return Path(name)


def levels(path: str | Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"), dtype=int)


def regions(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))["regions"]
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_region_is_painted_in_its_own_style(paint: Run, photo: Path, mask: Path) -> None:
    Image.new("RGB", (64, 64), (200, 60, 60)).save("red.png")
    Image.new("RGB", (64, 64), (60, 60, 200)).save("blue.png")
    result = paint(photo, "-s", "red.png", "--region", f"{mask}=blue.png", "--strength", "1")
    assert (result.exit_code, result.stderr) == (0, "")
    painting = levels("photo-red-blue.png")
    assert painting[:, :34].mean((0, 1)) == pytest.approx((200, 60, 60), abs=12)
    assert painting[:, 46:].mean((0, 1)) == pytest.approx((60, 60, 200), abs=12)


def test_what_is_kept_stays_as_it_is(paint: Run, photo: Path, mask: Path) -> None:
    assert paint(photo, "-s", "copperplate", "--region", f"{mask}=tide-wash", "--keep", mask).exit_code == 0
    painting = levels("photo-copperplate-tide-wash.png")
    assert (painting[:, 40:] == levels(photo)[:, 40:]).all()
    assert (painting[:, :30] != levels(photo)[:, :30]).any(-1).mean() > 0.9


def test_the_recipe_names_masks_styles_and_strengths(paint: Run, photo: Path, mask: Path) -> None:
    words = (
        "--region",
        f"{mask}=copperplate+tide-wash:0.4",
        "--region",
        "sky=copperplate",
        "--region",
        "rest=tide-wash:0.7",
        "--keep",
        "light",
    )
    assert paint(photo, *words).exit_code == 0
    name = "photo-tide-wash-copperplate.json"
    first, second, third = regions(name)
    assert (first["mask"], first["mask_sha256"]) == ("right.png", sha256(mask))
    assert (first["styles"], first["style_shares"], first["strength"]) == (["copperplate", "tide-wash"], [0.5, 0.5], 0.4)
    assert (second["mask"], second["mask_sha256"], second["styles"], second["strength"]) == ("sky", None, ["copperplate"], None)
    assert (third["mask"], third["styles"]) == ("light", [])
    recipe = json.loads(Path(name).read_text(encoding="utf-8"))
    assert (recipe["styles"], recipe["params"]["strength"]) == (["tide-wash"], 0.7)


def test_a_file_goes_before_a_word_with_special_characters(paint: Run, photo: Path, mask: Path) -> None:
    for style in ("a+b.png", "strokes:x.png"):
        Image.new("RGB", (64, 64), "red").save(style)
        assert paint(photo, "-s", "copperplate", "--region", f"{mask}={style}").exit_code == 0


def test_a_folder_has_one_mask_for_each_photo(paint: Run, photos: Path) -> None:
    Path("masks").mkdir()
    half("masks/a.png")
    half("masks/b.png", side=0)
    assert paint(photos, "-s", "copperplate", "--keep", "masks", "-o", "out").exit_code == 0
    left, right = levels("out/b-copperplate.png"), levels("out/a-copperplate.png")
    assert (right[:, 40:] == levels("photos/a.png")[:, 40:]).all()
    assert (left[:, :40] == levels("photos/b.jpg")[:, :40]).all()


def test_a_photo_without_a_mask_is_an_error_of_its_own(paint: Run, photos: Path) -> None:
    Path("masks").mkdir()
    half("masks/a.png")
    result = paint(photos, "-s", "copperplate", "--keep", "masks", "-o", "out")
    assert result.exit_code == 23
    assert "no mask for b.jpg. It should be called b.png." in result.stderr
    assert [path.name for path in sorted(Path("out").iterdir())] == ["a-copperplate.json", "a-copperplate.png"]


def test_a_changed_mask_is_painted_again(paint: Run, photos: Path, mask: Path) -> None:
    words = (photos, "-s", "copperplate", "--keep", mask, "-o", "out")
    assert paint(*words).exit_code == 0
    assert "Already painted: 2" in paint(*words).stderr
    half("right.png", side=0)
    again = paint(*words)
    assert "Already painted" not in again.stderr
    assert len(list(Path("out").glob("*.png"))) == 4
    assert "Already painted" not in paint(photos, "-s", "copperplate", "-o", "out").stderr  # without any region


def test_a_colour_is_a_mask(paint: Run) -> None:
    picture = Image.new("RGB", (80, 60), (60, 60, 200))
    picture.paste((220, 200, 60), (40, 0, 80, 60))
    picture.save("two.png")
    result = paint("two.png", "-s", "copperplate", "--keep", "colour:#dcc83c:30", "-o", "out.png")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (levels("out.png")[:, 44:] == levels("two.png")[:, 44:]).all()
    assert np.abs(levels("out.png") - levels("two.png"))[:, :30].mean() > 10
    (region,) = regions("out.json")
    assert (region["mask"], region["mask_sha256"]) == ("colour:#dcc83c:30", None)


def two_colours() -> None:
    """A style picture, red on the left and blue on the right, and masks of both sides in another shape."""
    picture = Image.new("RGB", (160, 160), (200, 60, 60))
    picture.paste((60, 60, 200), (80, 0, 160, 160))
    picture.save("two.png")
    for name, left in (("left@1.png", 0), ("blue.png", 40)):
        part = Image.new("L", (80, 40))
        part.paste(255, (left, 0, left + 40, 40))
        part.save(name)


def test_styles_are_taken_from_parts_of_a_picture(paint: Run, photo: Path, mask: Path) -> None:
    two_colours()
    words = (photo, "-s", "two.png@blue.png", "--region", f"{mask}=two.png@colour:#c83c3c:40", "--strength", "1")
    result = paint(*words, "-o", "out.png")
    assert (result.exit_code, result.stderr) == (0, "")
    painting = levels("out.png")
    assert painting[:, :34].mean((0, 1)) == pytest.approx((60, 60, 200), abs=16)
    assert painting[:, 46:].mean((0, 1)) == pytest.approx((200, 60, 60), abs=16)
    recipe = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert (recipe["style_parts"], recipe["style_parts_sha256"]) == (["blue.png"], [sha256(Path("blue.png"))])
    assert (recipe["regions"][0]["styles"], recipe["regions"][0]["style_parts"]) == (["two.png"], ["colour:#c83c3c:40"])
    assert recipe["regions"][0]["style_parts_sha256"] == [None]


def test_a_strength_follows_a_part_and_names_may_have_an_at(paint: Run, photo: Path, mask: Path) -> None:
    two_colours()
    Image.open("two.png").save("two@home.png")
    words = ("--region", f"{mask}=two@home.png@left@1.png+copperplate:0.25", "--region", "dark=two@home.png@colour:#c83c3c:40:0.75")
    assert paint(photo, "-s", "two@home.png", *words, "-o", "out.png").exit_code == 0
    first, second = regions("out.json")
    assert (first["styles"], first["style_parts"], first["strength"]) == (["two@home.png", "copperplate"], ["left@1.png", None], 0.25)
    assert (second["style_parts"], second["strength"]) == (["colour:#c83c3c:40"], 0.75)
    assert "style_parts" not in json.loads(Path("out.json").read_text(encoding="utf-8"))


def test_names_of_styles_and_masks_may_have_a_plus(paint: Run, photo: Path, mask: Path) -> None:
    two_colours()
    Image.open("two.png").save("my+own@home.png")
    Image.open("blue.png").save("its+sky.png")
    styles = "my+own@home.png@blue.png+copperplate@its+sky.png+my+own@home.png@its+sky.png+tide-wash:0.25"
    assert paint(photo, "-s", "copperplate", "--region", f"{mask}={styles}", "-o", "out.png").exit_code == 0
    (region,) = regions("out.json")
    assert region["styles"] == ["my+own@home.png", "copperplate", "my+own@home.png", "tide-wash"]
    assert (region["style_parts"], region["strength"]) == (["blue.png", "its+sky.png", "its+sky.png", None], 0.25)
    result = paint(photo, "-s", "copperplate", "--region", f"{mask}=my+own@home.png@none.png")
    assert "There is no mask 'none.png' of a style" in " ".join(result.stderr.replace("│", " ").split())


def test_a_changed_part_of_a_style_is_painted_again(paint: Run, photos: Path) -> None:
    two_colours()
    words = (photos, "-s", "two.png@blue.png", "-o", "out")
    assert paint(*words).exit_code == 0
    assert "Already painted: 2" in paint(*words).stderr
    Image.open("left@1.png").save("blue.png")
    assert "Already painted" not in paint(*words).stderr
    assert "Already painted" not in paint(photos, "-s", "two.png", "-o", "out").stderr  # without a part
    assert "Already painted: 2" in paint(photos, "-s", "two.png", "-o", "out").stderr


def test_masks_of_styles_are_never_replaced(paint: Run, photo: Path) -> None:
    two_colours()
    before = Path("blue.png").read_bytes()
    assert paint(photo, "-s", "two.png@blue.png", "-o", "blue.png", "--overwrite").exit_code == 24
    assert Path("blue.png").read_bytes() == before


def test_masks_are_never_replaced(paint: Run, photo: Path, mask: Path) -> None:
    before = mask.read_bytes()
    assert paint(photo, "-s", "copperplate", "--keep", mask, "-o", mask, "--overwrite").exit_code == 24
    assert mask.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("-s", "copperplate", "--region", "copperplate"), 20, "needs a mask and a style"),
        (("-s", "copperplate", "--region", "sky=copperplate:7"), 20, "Strength must be a number from 0 to 1"),
        (("-s", "copperplate", "--region", "sky=coperplate"), 21, "Did you mean copperplate?"),
        (("-s", "copperplate", "--keep", "clouds"), 23, "neither a file nor one of sky, faces"),
        (("-s", "copperplate", "--keep", "colour:blue"), 23, "or a colour: colour:#4466aa"),
        (("-s", "copperplate", "--region", "colour:#4466aa:101=tide-wash"), 23, "with a tolerance from 1 to 100"),
        (("-s", "copperplate", "--region", "rest=tide-wash"), 20, "given twice"),
        (("-s", "copperplate", *(["--keep", "sky"] * 9)), 20, "at most 8 regions"),
        (("-s", "copperplate@none.png"), 23, "There is no mask 'none.png' of a style"),
        (("-s", "coperplate@square.png"), 21, "Did you mean copperplate?"),
        (("-s", "copperplate@"), 23, "There is no mask '' of a style"),
        (("-s", "copperplate@colour:#00ff00:1"), 10, "colour:#00ff00:1: Nothing was found for it in copperplate"),
        (("-s", "copperplate", "--region", "sky=copperplate@text.png"), 11, "text.png: This is not a"),
        (("-s", "copperplate", "--region", "sky=copperplate@black.png:0.5"), 10, "black.png: The mask is black everywhere"),
        (("--region", "sky=copperplate"), 2, "--region rest=STYLE"),
        (("-s", "copperplate", "--keep", "square.png"), 10, "square.png: The mask measures 50 x 50 pixels and the photo 80 x 60"),
        (("-s", "copperplate", "--keep", "text.png"), 11, "text.png: This is not a"),
    ],
)
def test_every_mistake_gets_its_sentence(paint: Run, photo: Path, words: tuple[str, ...], code: int, sentence: str) -> None:
    made("square.png")
    Image.new("L", (50, 50), 255).save("square.png")
    Path("text.png").write_text("no picture", encoding="utf-8")
    Image.new("L", (40, 40)).save("black.png")
    result = paint(photo, *words)
    assert result.exit_code == code
    assert sentence in " ".join(result.stderr.replace("│", " ").split())


def test_a_mask_at_an_address_is_loaded_once(paint: Run, photo: Path, mask: Path) -> None:
    with running(Web({"/right.png": answering(body=mask.read_bytes())})) as web:
        assert paint(photo, "-s", "copperplate", "--keep", f"{web.url}/right.png").exit_code == 0
        assert [path for path, _ in web.seen] == ["/right.png"]
    (kept,) = regions("photo-copperplate.json")
    assert kept["mask_sha256"] == hashlib.sha256(mask.read_bytes()).hexdigest()
