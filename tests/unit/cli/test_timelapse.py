"""`nst stylize --timelapse`."""

import json
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image
from typer.testing import Result

from nst import timelapse
from tests.support.command_line import made

Run = Callable[..., Result]


def frames_of(path: Path) -> int:
    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_film_is_written_beside_the_painting(paint: Run, photo: Path) -> None:
    result = paint(photo, "-s", "copperplate", "--timelapse", "film.mp4", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["timelapse"] == "film.mp4"
    assert Path("photo-copperplate.png").is_file()
    assert frames_of(Path("film.mp4")) == 144


def test_a_name_that_ends_in_webp_is_an_animation(paint: Run, photo: Path) -> None:
    assert paint(photo, "-s", "copperplate", "--timelapse", "film.webp").exit_code == 0
    with Image.open("film.webp") as picture:
        assert getattr(picture, "n_frames", 1) > 1


def test_films_of_several_photos_are_named_like_their_paintings(paint: Run, photo: Path) -> None:
    other = made("other.png")
    assert paint(photo, other, "-s", "copperplate", "--timelapse", "films/").exit_code == 0
    assert {path.name for path in Path("films").iterdir()} == {"photo-copperplate.mp4", "other-copperplate.mp4"}


def test_a_film_that_exists_is_replaced_only_on_request(paint: Run, photo: Path) -> None:
    Path("film.mp4").write_bytes(b"mine")
    refused = paint(photo, "-s", "copperplate", "--timelapse", "film.mp4")
    assert refused.exit_code != 0
    assert "film.mp4 exists" in refused.stderr
    assert not Path("photo-copperplate.png").exists()  # refused before the rendering
    assert Path("film.mp4").read_bytes() == b"mine"
    assert paint(photo, "-s", "copperplate", "--timelapse", "film.mp4", "--overwrite").exit_code == 0
    assert frames_of(Path("film.mp4")) == 144


def test_a_photo_is_never_replaced_by_its_film(paint: Run, photo: Path) -> None:
    with Image.open(photo) as picture:
        picture.save("photo.webp")
    before = Path("photo.webp").read_bytes()
    refused = paint("photo.webp", "-s", "copperplate", "--timelapse", "photo.webp", "--overwrite")
    assert "never replaced" in refused.stderr
    assert Path("photo.webp").read_bytes() == before


def test_a_film_that_cannot_be_made_costs_no_painting(paint: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise ValueError("the encoder is broken")

    monkeypatch.setattr(timelapse, "film", broken)
    result = paint(photo, "-s", "copperplate", "--timelapse", "film.mp4")
    assert "photo-copperplate.png was saved, but its time-lapse could not be made" in result.stderr
    assert Path("photo-copperplate.png").is_file()


def test_in_a_folder_a_film_gets_a_number_instead_of_replacing_another(paint: Run, photo: Path) -> None:
    Path("films").mkdir()
    Path("films/photo-copperplate.mp4").write_bytes(b"mine")
    assert paint(photo, "-s", "copperplate", "--timelapse", "films").exit_code == 0
    assert Path("films/photo-copperplate.mp4").read_bytes() == b"mine"
    assert frames_of(Path("films/photo-copperplate-2.mp4")) == 144


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--timelapse", "film.avi"], "unknown file extension"),
        (["--timelapse", "film.mp4", "--mode", "instant"], "no steps"),
        (["--timelapse", "photo.png/film.mp4"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_rendering(paint: Run, photo: Path, words: list[str], sentence: str) -> None:
    result = paint(photo, "-s", "copperplate", *words)
    assert result.exit_code not in (0, 1)
    assert sentence in result.stderr
    assert not list(Path().glob("photo-copperplate*"))


def test_one_file_cannot_take_two_films(paint: Run, photo: Path) -> None:
    result = paint(photo, made("other.png"), "-s", "copperplate", "--timelapse", "film.mp4")
    assert "there are 2 photos" in result.stderr
    assert not Path("film.mp4").exists()
