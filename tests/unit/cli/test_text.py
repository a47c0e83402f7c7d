"""File names of any kind in any locale: painted, shown, and printed as JSON."""

import json
import os
import shutil
from pathlib import Path

import pytest

from nst.cli import files, terminal
from tests.support.command_line import made, nst_command, process
from tests.support.files import named

pytestmark = pytest.mark.slow

LOCALES = {
    "utf-8": {"LC_ALL": "C.UTF-8"},
    "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii streams": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii"},
    "latin-1 streams": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"},
}
INSTANT = ("-s", "copperplate", "--mode", "instant", "--size", "64")
NAMES = [
    b"a.jpg",
    b"caf\xe9.jpg",
    "café.jpg".encode(),
    "夏祭り.jpg".encode(),
    "👨‍👩‍👧.jpg".encode(),
    b"line\nbreak.jpg",
    b"\x1b[2Jescape.jpg",
    b"-dash.jpg",
    b"'quo\"tes`$.jpg",
    b"back\\slash: why?.jpg",
    b"dot..jpg",
    b"space .jpg",
    "\u202egpj.jpg".encode(),
    "夏".encode() * 80 + b".jpg",
    "龍".encode() * 78 + b"b.jpg",
    "夏".encode() * 79 + b"c.jpg",
    "👩‍🚀".encode() * 22 + b".jpg",
    b"x" * 251 + b".jpg",
    b"\xff" * 251 + b".jpg",
]


@pytest.fixture
def named_oddly() -> bytes:
    """A folder of photos with unusual names."""
    os.mkdir(b"photos")  # noqa: PTH102  # pathlib takes no bytes
    made("seed.jpg")
    for name in NAMES:
        shutil.copy(b"seed.jpg", b"photos/" + name)
    return b"photos"


@pytest.mark.parametrize("locale", ["utf-8", "ascii", "ascii streams"])
def test_photos_of_any_name_are_painted_in_any_locale(named_oddly: bytes, locale: str) -> None:
    result = nst_command("stylize", named_oddly, *INSTANT, "-o", "out", **LOCALES[locale])
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == len(NAMES)
    assert all(character.isprintable() or character in "\n\u200d" for character in result.stdout)
    made_up = os.listdir(b"out")  # noqa: PTH208
    assert len(made_up) == 2 * len(NAMES)
    assert b"-dash-copperplate.png" in made_up
    assert "夏祭り-copperplate.json".encode() in made_up
    assert not [name for name in made_up if b"partial" in name]


@pytest.mark.parametrize("locale", ["utf-8", "ascii"])
def test_programs_read_the_same_names_in_every_locale(named_oddly: bytes, locale: str) -> None:
    result = nst_command("stylize", named_oddly, *INSTANT, "-o", "out", "--json", **LOCALES[locale])
    assert result.stdout.isascii()
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert sorted(one["photo"].encode("utf-8", "surrogateescape") for one in told) == sorted(b"photos/" + name for name in NAMES)
    for one in told:
        written = json.loads(Path(os.fsdecode(one["recipe"].encode("utf-8", "surrogateescape"))).read_bytes().decode("utf-8"))
        assert (f"photos/{written['photo']}", f"out/{written['painting']}") == (one["photo"], one["painting"])
        assert Path(os.fsdecode(one["painting"].encode("utf-8", "surrogateescape"))).is_file()


def test_paintings_from_one_locale_are_recognised_in_another(named_oddly: bytes) -> None:
    assert nst_command("stylize", named_oddly, *INSTANT, "-o", named_oddly, **LOCALES["ascii"]).returncode == 0
    result = nst_command("stylize", named_oddly, *INSTANT, "-o", named_oddly, **LOCALES["utf-8"])
    assert (result.returncode, result.stdout) == (0, "")
    assert f"Already painted: {len(NAMES)}." in result.stderr


@pytest.mark.parametrize("locale", ["utf-8", "ascii"])
def test_folders_and_styles_may_have_names_that_are_not_utf8(locale: str) -> None:
    made("seed.jpg")
    os.mkdir(b"f\xfc\n")  # noqa: PTH102
    shutil.copy(b"seed.jpg", b"f\xfc\n/b\xe9.jpg")
    words = ("-s", b"f\xfc\n/b\xe9.jpg", "--mode", "instant", "--size", "64", "-o", b"m\xfc\n/")
    result = nst_command("stylize", b"f\xfc\n", *words, b"n\xff.jpg", **LOCALES[locale])
    assert result.returncode == 23
    assert result.stderr == "n\\xff.jpg: There is no such file. Check its name and folder.\n"
    assert result.stdout.startswith("f\\xfc\\n/b\\xe9.jpg: painted in")
    assert sorted(os.listdir(b"m\xfc\n")) == [b"b\xe9-b.json", b"b\xe9-b.png"]  # noqa: PTH208


PROGRAM = """
from nst.cli import app
for words in ("--help", "stylize --help", "admin requeue --help", "styles", "styles --json", "weights list", "info"):
    try:
        app(words.split())
    except SystemExit as ended:
        assert not ended.code, words
"""


@pytest.mark.parametrize("locale", LOCALES)
def test_every_command_prints_in_every_locale(locale: str, tmp_path: Path) -> None:
    styles = tmp_path / "styles"
    styles.mkdir()
    for name in ("été… \u00d7.png".encode(), b"\xe9.png"):
        shutil.copy(made("seed.png"), os.fsencode(styles) + b"/" + name)
    result = process("-c", PROGRAM, **LOCALES[locale], NST_STYLES_DIR=str(styles))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii() or not locale.startswith("ascii")


def test_a_name_is_shortened_between_characters() -> None:
    for room in range(20, 60):
        short = os.fsencode(files.shorten(named("夏祭り👩‍🚀" * 9), room)).decode("utf-8")
        assert len(short.encode()) <= room
        assert not short.endswith("\u200d")
    assert files.shorten("short ", 60) == "short "


def test_a_long_style_leaves_room_for_the_photo(tmp_path: Path) -> None:
    stem = files.painting_stem("p" * 300, "s" * 300, tmp_path)
    assert (len(stem), stem.count("p") > 100, stem.count("s") > 100) == (243, True, True)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\tb", r"a\tb"),
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("\udce9", r"\xe9"),
        ("caf\udcc3\udca9", "café"),
        ("\x9b2J", r"\x9b2J"),
        ("日 本", "日 本"),
    ],
)
def test_control_characters_are_shown_as_escapes(raw: str, shown: str) -> None:
    assert terminal.one_line(raw) == shown
