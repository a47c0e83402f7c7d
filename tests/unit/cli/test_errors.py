"""Bad input: each kind has its own sentence and exit code, and nothing is painted."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

from nst import engine

Run = Callable[..., Result]
Objects = Callable[[Result], list[dict[str, Any]]]
STYLE = ("--style", "copperplate")


@pytest.fixture(autouse=True)
def nothing_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    def stylize(*_: object, **__: object) -> None:
        raise AssertionError("the rendering began")

    monkeypatch.setattr(engine, "stylize", stylize)


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def truncated() -> bytes:
    Image.effect_noise((100, 100), 80).save("whole.jpg")
    return Path("whole.jpg").read_bytes()[:2000]


def tiny() -> bytes:
    Image.new("RGB", (3, 3)).save("tiny.png")
    return Path("tiny.png").read_bytes()


PICTURES = [
    pytest.param(lambda: b"Dear Sir or Madam", 11, "not a JPEG, PNG, WebP, HEIC or AVIF picture", id="text"),
    pytest.param(lambda: b"GIF89a" + b"\0" * 100, 11, "not a JPEG, PNG, WebP, HEIC or AVIF picture", id="gif"),
    pytest.param(lambda: b"", 11, "The file is empty", id="empty"),
    pytest.param(truncated, 12, "damaged, or breaks off", id="truncated"),
    pytest.param(bomb, 13, "60000 x 60000 pixels; at most 65 million", id="bomb"),
    pytest.param(lambda: b"\xff\xd8\xff" + b"\0" * 40_000_000, 13, "larger than 40 MB", id="large file"),
    pytest.param(tiny, 14, "3 x 3 pixels; each side needs at least 32", id="three pixels"),
]


@pytest.mark.parametrize(("data", "code", "sentence"), PICTURES)
def test_a_bad_photo_is_named(run: Run, data: Callable[[], bytes], code: int, sentence: str) -> None:
    Path("holiday.jpg").write_bytes(data())
    result = run("stylize", "holiday.jpg", *STYLE)
    assert result.exit_code == code
    assert result.stderr.startswith("holiday.jpg: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_style_picture_is_not_painted_over(run: Run, photo: Path) -> None:
    style = photo.with_name("stroke.png")
    style.write_bytes(photo.read_bytes())
    result = run("stylize", photo, "--style", style, "-o", style)
    assert (result.exit_code, style.read_bytes()) == (24, photo.read_bytes())


@pytest.mark.parametrize(("data", "code", "sentence"), PICTURES)
def test_a_bad_style_picture_is_named(run: Run, photo: Path, data: Callable[[], bytes], code: int, sentence: str) -> None:
    Path("waves.jpg").write_bytes(data())
    result = run("stylize", photo, "--style", "waves.jpg")
    assert result.exit_code == code
    assert result.stderr.startswith("waves.jpg: ")
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--strength", "7"), 20, "Strength must be a number from 0 to 1; it is 7.0."),
        (("--strength", "nan"), 20, "Strength must be a number from 0 to 1"),
        (("--size", "10"), 20, "Size must be a whole number from 32 to 8192; it is 10."),
        (("--seed", "-1"), 20, "Seed must be"),
        (("--layer", "relu1_1"), 20, "for instance relu1_1=1"),
        (("--layer", "relu1_1=much"), 20, "for instance relu1_1=1"),
        (("--layer", "relu1_1=-1"), 20, "from 0 to 1000"),
        (("--device", "abacus"), 20, "cannot be 'abacus'"),
        (("--share", "1", "--share", "2"), 20, "one --share"),
        (("--share", "-1"), 20, "not negative"),
        (("--share", "inf"), 20, "not negative"),
        (("--share", "0"), 20, "at least one style with a share above zero"),
        (("-o", "painting.gif"), 24, "Paintings end in .jpg, .jpeg, .png, .webp"),
        (("-o", "notes.txt/painting.png"), 24, "cannot be written"),
        (("-o", "/proc/painting.png"), 24, "cannot be written"),
        (("-o", "photo.png"), 24, "is one of the photos or styles"),
        (("--style", "coperplate"), 21, "Did you mean copperplate?"),
        (("--style", "waves.jpg"), 21, "no style and no file called 'waves.jpg'"),
        (("--style", "empty"), 22, "no picture in the folder empty"),
        (("--style", "http://[::1"), 23, "is not a valid address"),
    ],
)
def test_a_bad_option_is_reported_before_anything_is_painted(
    run: Run, photo: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    Path("notes.txt").touch()
    Path("empty").mkdir()
    result = run("stylize", photo, *(() if "--style" in words else STYLE), *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("word", "code", "sentence"),
    [
        ("empty", 22, "no picture in the folder empty"),
        ("*.webp", 22, "No picture matches the pattern *.webp"),
        ("nowhere.jpg", 23, "nowhere.jpg: There is no such file"),
    ],
)
def test_missing_photos_are_reported(run: Run, word: str, code: int, sentence: str) -> None:
    Path("empty").mkdir()
    result = run("stylize", word, *STYLE)
    assert result.exit_code == code
    assert sentence in result.stderr


def test_several_photos_do_not_fit_into_one_file(run: Run, photos: Path) -> None:
    result = run("stylize", photos, *STYLE, "-o", "painting.png")
    assert result.exit_code == 24
    assert "there are 2 photos. Use a folder instead" in result.stderr


def test_a_bad_setting_is_reported(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_MAX_BYTES", "much")
    result = run("stylize", photo, *STYLE)
    assert result.exit_code == 20
    assert "NST_MAX_BYTES (largest picture file that is read, in bytes) cannot be 'much'" in result.stderr


def test_a_missing_device_is_reported(run: Run, photo: Path) -> None:
    result = run("stylize", photo, *STYLE, "--device", "cuda:99")
    assert result.exit_code == 20
    assert "no device cuda:99" in result.stderr


@pytest.mark.parametrize("words", [(), ("nonesuch",), ("stylize", "photo.png"), ("stylize", "a.png", *STYLE, "--preset", "huge")])
def test_unknown_commands_and_missing_options_are_usage_errors(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--json",), 2, "No such option: --json"),
        (("nonesuch", "--json"), 2, "No such command 'nonesuch'"),
        (("stylize", "photo.png", "--json"), 2, "Missing option '--style'"),
        (("stylize", "photo.png", *STYLE, "--nonsense", "--json"), 2, "No such option: --nonsense"),
        (("stylize", "photo.png", *STYLE, "--json", "--preset", "huge"), 2, "Invalid value for '--preset'"),
        (("stylize", "photo.png", *STYLE, "--json", "--strength", "7"), 20, "Strength must be"),
        (("admin", "drop", "--json"), 2, "Name dead letters"),
        (("weights", "list", "--json", "everything"), 2, "unexpected extra argument"),
    ],
)
def test_every_error_is_one_object_in_json(run: Run, objects: Objects, words: tuple[str, ...], code: int, sentence: str) -> None:
    result = run(*words)
    (facts,) = objects(result)
    assert (result.exit_code, result.stderr, facts["code"]) == (code, "", code)
    assert sentence in facts["error"]


def test_a_photo_may_be_called_like_an_option(run: Run) -> None:
    result = run("stylize", *STYLE, "--", "--json")
    assert result.stderr == "--json: There is no such file. Check its name and folder.\n"
