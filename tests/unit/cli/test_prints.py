"""`nst stylize --print` and `--dpi`, and what files carry of it."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from typer.testing import Result

from nst import engine
from nst.cli.prints import plan
from nst.domain import StyleParams
from nst.domain.prints import MIN_DPI
from nst.errors import DoesNotFit
from tests.support.command_line import made

Run = Callable[..., Result]
QUICK = ("-s", "copperplate", "--iterations", "1", "--scales", "1")


def printed(path: str) -> tuple[tuple[int, int], int, str]:
    """Size in pixels, dpi, and the profile's name."""
    with Image.open(path) as picture:
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        return picture.size, round(float(picture.info["dpi"][0])), ImageCms.getProfileDescription(profile).strip()


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when something is painted."""

    def fail(*_: Any, **__: Any) -> None:
        pytest.fail("it was painted")

    monkeypatch.setattr(engine, "stylize", fail)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "tiff"])
def test_a_print_has_the_papers_pixels_and_carries_its_resolution(run: Run, photo: Path, suffix: str) -> None:
    result = run("stylize", photo, *QUICK, "--print", "1.2x0.8in", "--dpi", "100", "-o", f"out.{suffix}")
    assert result.exit_code == 0, result.stderr
    assert printed(f"out.{suffix}") == ((106, 80), 100, "sRGB built-in")  # 4:3 on 3:2: the short side fills the paper
    assert "106 x 80 pixels, prints 2.7 x 2 cm (1.1 x 0.8 in) at 100 dpi" in result.stdout


def test_the_paper_is_turned_to_suit_each_photo(run: Run, photo: Path) -> None:
    Image.new("RGB", (60, 80), "teal").save("tall.png")
    assert run("stylize", photo, "tall.png", *QUICK, "--print", "20x15mm", "--dpi", "127").exit_code == 0
    assert printed("photo-copperplate.png")[0] == (100, 75)
    assert printed("tall-copperplate.png")[0] == (75, 100)


def test_every_painting_carries_a_resolution_and_a_profile(paint: Run, photo: Path) -> None:
    assert paint(photo, "-s", "copperplate").exit_code == 0
    assert paint(photo, "-s", "copperplate", "--dpi", "150", "-o", "out.jpg").exit_code == 0
    assert printed("photo-copperplate.png")[1:] == (300, "sRGB built-in")
    assert printed("out.jpg")[1:] == (150, "sRGB built-in")


def test_the_recipe_says_the_paper_and_the_same_command_paints_it_once(run: Run, photo: Path, photos: Path) -> None:
    words = ("stylize", photos, *QUICK, "-o", "out", "--dpi", "100", "--print")
    assert run(*words, "1x1in").exit_code == 0
    recipe = json.loads(Path("out/a-copperplate.json").read_text(encoding="utf-8"))
    assert recipe["print"] == {"paper": "1 x 1 in", "dpi": 100}
    assert recipe["size"] == [100, 75]
    assert "Already painted: 2" in run(*words, "1x1in").stderr
    assert "Already painted" not in run(*words, "1.1x1.1in").stderr
    assert printed("out/a-copperplate-2.png")[0] == (110, 82)


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--print", "a4"), 20, "as 30x20cm or 12x8in; it is 'a4'"),
        (("--print", "30x20"), 20, "as 30x20cm or 12x8in; it is '30x20'"),
        (("--print", "0x20cm"), 20, "above 0 and at most 1000 cm"),
        (("--print", "30x20cm", "--dpi", "0"), 20, "from 30 to 1200; it is 0"),
        (("--dpi", "2000"), 20, "from 30 to 1200; it is 2000"),
        (("--print", "30x20cm", "--size", "600"), 20, "--print and --size both set the painting's size. Leave one out."),
        (("--print", "100x70cm"), 30, "needs 11022 pixels on the long side; at most 8192 can be painted. Choose 222 dpi or less"),
        (("--print", "1x1mm"), 30, "has 11 pixels on the long side; a painting needs 32"),
    ],
)
def test_what_cannot_be_printed_is_said_before_anything_is_painted(
    run: Run, photo: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    result = run("stylize", photo, *QUICK, *words)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert not list(Path().glob("*copperplate*"))


def test_dpi_that_is_no_number_is_refused(run: Run, photo: Path) -> None:
    assert run("stylize", photo, *QUICK, "--dpi", "many").exit_code == 2


def test_a_print_that_memory_cannot_hold_says_what_to_change(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise DoesNotFit(
            "A painting of 3149 pixels does not fit into the free memory; the largest that does has a long side of 640 pixels."
        )

    monkeypatch.setattr(engine, "stylize", refuse)
    result = run("stylize", photo, *QUICK, "--print", "30x20cm")
    assert result.exit_code == 30
    assert "a long side of 640 pixels. For a print of 30 x 20 cm, choose less than --dpi 300, or a smaller paper." in result.stderr


def test_fewer_dpi_than_the_least_are_not_proposed() -> None:
    wants = plan("1000x700mm", MIN_DPI, StyleParams())
    assert str(wants.explained(DoesNotFit("Too large."))) == "Too large. For a print of 1000 x 700 mm, choose a smaller paper."


def test_a_photo_that_is_small_for_its_print_is_painted_with_a_warning(run: Run, objects: Callable[[Result], list[dict[str, Any]]]) -> None:
    small = made("small.png")
    words = ("stylize", small, *QUICK, "--dpi", "100", "--print")
    warned = run(*words, "2.5x2.5in")
    assert warned.exit_code == 0
    assert "small.png: The photo has 80 x 60 pixels, and the print 250 on the long side: it will lack detail." in warned.stderr
    assert "lack detail" not in run(*words, "2.4x2.4in").stderr
    warning, painting = objects(run(*words, "2.5x2.5in", "--json"))
    assert warning["photo"] == "small.png"
    assert "lack detail" in warning["warning"]
    assert painting["size"] == [250, 188]


def test_the_help_says_how_a_photo_of_another_shape_is_fitted(run: Run) -> None:
    words = " ".join(run("stylize", "--help").stdout.replace("│", " ").split())
    assert "keeps the photo's shape and is as large as fits on the paper" in words
    assert "nothing is cropped" in words
