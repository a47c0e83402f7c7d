"""Folders of photos: which files are painted, what happens when one fails, and what a second run paints."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

from nst import engine, images
from tests.support.command_line import made, nst_command

Run = Callable[..., Result]
Objects = Callable[[Result], list[dict[str, Any]]]
STYLE = ("-s", "copperplate")


def paintings(folder: str = "out") -> list[str]:
    return sorted(path.name for path in Path(folder).glob("*.png"))


class TestOnePhotoOfMany:
    @pytest.mark.parametrize(
        ("error", "code", "sentence"),
        [
            (MemoryError(), 30, "not enough memory"),
            (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 30, "not enough memory"),
            (OSError(5, "Input/output error"), 23, "input/output error"),
            (UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "invalid"), 70, "UnicodeDecodeError"),
            (ZeroDivisionError("by\nnought\x1b[2J"), 70, r"ZeroDivisionError: by\nnought\x1b[2J"),
        ],
    )
    def test_an_error_of_one_photo_does_not_stop_the_others(
        self, paint: Run, photos: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, sentence: str
    ) -> None:
        whole = iter([error, None])

        def stylize(*args: Any, **others: Any) -> Any:
            if fault := next(whole):
                raise fault
            return rendered(*args, **others)

        rendered = engine.stylize
        monkeypatch.setattr(engine, "stylize", stylize)
        result = paint(photos, *STYLE, "-o", "out")
        assert result.exit_code == code
        assert result.stderr.splitlines()[-1].startswith("photos/a.png: ")
        assert sentence in result.stderr
        assert paintings() == ["b-copperplate.png"]

    def test_an_unexpected_error_of_a_decoder_does_not_stop_the_others(
        self, paint: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = images.read

        def failing(path: Path, limits: images.Limits) -> Image.Image:
            if path.name == "a.png":
                raise IndexError("pop from empty list")
            return read(path, limits)

        monkeypatch.setattr(images, "read", failing)
        result = paint(photos, *STYLE, "-o", "out")
        assert (result.exit_code, paintings()) == (70, ["b-copperplate.png"])

    @pytest.mark.parametrize(("word", "code"), [("empty", 22), ("*.webp", 22), ("ftp://example.org/a.jpg", 23), ("x" * 300, 23)])
    def test_words_that_name_no_photo_do_not_stop_the_others(self, paint: Run, photo: Path, objects: Objects, word: str, code: int) -> None:
        Path("empty").mkdir()
        result = paint(word, photo, *STYLE, "--json")
        failed, painted = objects(result)
        assert (result.exit_code, failed["code"]) == (code, code)
        assert painted["painting"] == "photo-copperplate.png"

    @pytest.mark.parametrize("kind", ["loop", "fifo", "folder"])
    def test_links_pipes_and_folders_named_like_photos_stop_nothing(self, paint: Run, photos: Path, kind: str) -> None:
        odd = photos / "a2.jpg"
        {"loop": lambda: odd.symlink_to("a2.jpg"), "fifo": lambda: os.mkfifo(odd), "folder": odd.mkdir}[kind]()
        assert paint(photos, *STYLE, "-o", "out").exit_code == 0
        assert paint(odd, photos / "a.png", *STYLE, "-o", "out").exit_code in (22, 23)
        assert paintings() == ["a-copperplate-2.png", "a-copperplate.png", "b-copperplate.png"]

    def test_a_full_standard_output_is_reported_and_all_photos_are_painted(self, photos: Path) -> None:
        """`/dev/full` is a disk without room."""
        with Path("/dev/full").open("wb") as full:
            result = nst_command("stylize", photos, *STYLE, "-o", "out", "--mode", "instant", "--size", "64", stdout=full.fileno())
        assert (result.returncode, paintings()) == (24, ["a-copperplate.png", "b-copperplate.png"])
        assert "Standard output cannot be written" in result.stderr


class TestMixedFolders:
    @pytest.fixture
    def mixed(self) -> str:
        folder = Path("mixed")
        (folder / "more").mkdir(parents=True)
        shutil.copy(made("a.jpg"), folder / "a.JPG")
        for name in ("b.jfif", "c.jpe", "more/d.jpg"):
            shutil.copy("a.jpg", folder / name)
        for name in (
            "._a.JPG",
            ".DS_Store",
            "Thumbs.db",
            "desktop.ini",
            ".hidden.jpg",
            "e.gif",
            "f.GIF",
            "g.mov",
            "h",
            "i.a b",
            "j.\x1b[2J",
        ):
            (folder / name).write_bytes(b"GIF89a")
        (folder / "k.jpg").symlink_to("nowhere")
        return "mixed"

    def test_skipped_files_are_counted_in_one_line(self, paint: Run, mixed: str) -> None:
        result = paint(mixed, *STYLE, "-o", "out")
        assert result.exit_code == 0
        assert result.stderr == "mixed: skipped 3 other files, 2 .gif, 1 .mov, 1 broken link, 1 folder\n"
        assert paintings() == ["a-copperplate.png", "b-copperplate.png", "c-copperplate.png"]

    def test_skipped_files_are_reported_in_json(self, paint: Run, mixed: str, objects: Objects) -> None:
        result = paint(mixed, *STYLE, "-o", "out", "--json")
        assert result.stderr == ""
        assert objects(result)[0] == {"from": mixed, "left_out": {"other file": 3, ".gif": 2, ".mov": 1, "broken link": 1, "folder": 1}}

    def test_files_that_a_pattern_skips_are_reported(self, paint: Run, mixed: str) -> None:
        assert paint(f"{mixed}/*.[gG]*", f"{mixed}/a*", *STYLE).stderr.startswith(
            "No picture matches the pattern mixed/*.[gG]*. Picture files end in"
        )
        assert paint("mixed/[a-e]*", *STYLE, "-o", "out").stderr == "mixed/[a-e]*: skipped 1 .gif\n"
        assert paint("mixed/**", *STYLE, "-o", "other").stderr.endswith(": skipped 3 other files, 2 .gif, 1 .mov, 1 broken link\n")

    def test_a_folder_without_pictures_says_what_it_has(self, paint: Run) -> None:
        Path("raw").mkdir()
        for name in ("a.cr3", "b.cr3"):
            Path("raw", name).touch()
        result = paint("raw", *STYLE)
        assert result.exit_code == 22
        assert result.stderr.endswith("Skipped: 2 .cr3.\n")

    def test_skipped_files_are_reported_on_standard_error_when_standard_output_is_a_painting(self, paint: Run) -> None:
        folder = Path("one")
        folder.mkdir()
        shutil.copy(made("a.jpg"), folder)
        (folder / "b.gif").touch()
        result = paint("one", "empty*", *STYLE, "-o", "-", "--json")
        assert result.stdout_bytes.startswith(b"\x89PNG")
        assert [set(json.loads(line)) for line in result.stderr.splitlines()][:2] == [{"from", "left_out"}, {"error", "code"}]


class TestResuming:
    def test_a_second_run_into_the_folder_of_the_photos_paints_nothing(self, paint: Run, photos: Path) -> None:
        for _ in range(3):
            result = paint(photos, *STYLE, "-o", photos)
            assert result.exit_code == 0
        assert paintings("photos") == ["a-copperplate.png", "a.png", "b-copperplate.png"]
        assert result.stderr == ("photos: skipped 2 earlier paintings, 1 .txt\nAlready painted: 2. Use --no-resume to paint them again.\n")

    def test_only_what_is_new_is_painted(self, paint: Run, photos: Path, objects: Objects) -> None:
        assert paint(photos, *STYLE, "-o", "out").exit_code == 0
        made("photos/c.png")
        made("photos/a.png", "red")
        facts = {one["photo"]: one for one in objects(paint(photos, *STYLE, "-o", "out", "--json")) if "photo" in one}
        assert [one.get("painted_already") for one in facts.values()] == [True, None, None]
        assert facts["photos/b.jpg"]["painting"] == "out/b-copperplate.png"
        assert paintings() == ["a-copperplate-2.png", "a-copperplate.png", "b-copperplate.png", "c-copperplate.png"]

    @pytest.mark.parametrize("others", ["--seed 1", "--strength 0.9", "-s own.png", "-s own.png --share 2 --share 1"])
    @pytest.mark.usefixtures("own_style")
    def test_other_settings_make_other_paintings(self, paint: Run, photos: Path, others: str) -> None:
        first = others.partition(" --share")[0] if "--share" in others else ""
        for words in (first, others):
            assert paint(photos, *STYLE, *words.split(), "-o", "out").exit_code == 0
        assert len(paintings()) == 4

    def test_another_picture_under_the_name_of_a_style_is_another_style(self, paint: Run, photos: Path, own_style: Path) -> None:
        assert paint(photos, "-s", own_style, "-o", "out").exit_code == 0
        made(str(own_style), "purple")
        assert paint(photos, "-s", own_style, "-o", "out").exit_code == 0
        assert len(paintings()) == 4

    @pytest.mark.parametrize("option", ["--no-resume", "--overwrite"])
    def test_photos_are_painted_again_with_no_resume_or_overwrite(self, paint: Run, photos: Path, option: str) -> None:
        assert paint(photos, *STYLE, "-o", "out").exit_code == 0
        result = paint(photos, *STYLE, "-o", "out", option)
        assert result.stdout.count("painted in") == 2
        assert len(paintings()) == (4 if option == "--no-resume" else 2)

    def test_a_photo_that_is_named_is_painted_again_without_resume(self, paint: Run, photo: Path) -> None:
        assert "painted in" in paint(photo, *STYLE).stdout
        assert "painted in" in paint(photo, *STYLE).stdout
        assert paint(photo, *STYLE, "--resume").stdout == ""
        assert paint(photo, *STYLE, "--resume", "-o", "mine.png").stdout.count("painted in") == 1
        assert paint(photo, *STYLE, "--resume", "-o", "mine.png").stdout == ""

    def test_a_painting_that_is_named_is_painted_from(self, paint: Run, photo: Path) -> None:
        assert paint(photo, *STYLE).exit_code == 0
        assert paint("photo-copperplate.png", *STYLE).exit_code == 0
        assert Path("photo-copperplate-copperplate.png").exists()
        assert paint("*-copperplate.png", *STYLE).exit_code == 22

    def test_equal_photos_of_one_name_are_both_painted_and_both_recognised(self, paint: Run) -> None:
        for folder in ("a", "b"):
            Path(folder).mkdir()
            made(f"{folder}/photo.png")
        for _ in range(2):
            assert paint("a", "b", *STYLE, "-o", "out").exit_code == 0
            assert len(paintings()) == 2
        Path("out/photo-copperplate.png").unlink()
        assert paint("a", "b", *STYLE, "-o", "out").stdout.count("painted in") == 1

    def test_a_painting_that_was_renamed_with_its_recipe_is_recognised(self, paint: Run, photos: Path) -> None:
        assert paint(photos, *STYLE, "-o", photos).exit_code == 0
        for suffix in (".png", ".json"):
            (photos / f"a-copperplate{suffix}").rename(photos / f"best{suffix}")
        result = paint(photos, *STYLE, "-o", photos)
        assert (result.stdout, "2 earlier paintings" in result.stderr) == ("", True)

    def test_a_photo_next_to_the_recipe_of_its_painting_is_painted(self, paint: Run, photos: Path) -> None:
        assert paint(photos / "a.png", *STYLE, "-o", photos / "a.jpg").exit_code == 0
        result = paint(photos, *STYLE, "-o", "out")
        assert "1 earlier painting," in result.stderr
        assert paintings() == ["a-copperplate.png", "b-copperplate.png"]

    @pytest.mark.parametrize(
        "text", ["", "[]", "[" * 100_000, '{"params": 1}', "\xff", '{"params": {}, "versions": {"pastiche": "1"}, "painting": 7}']
    )
    def test_json_that_is_not_a_recipe_is_ignored(self, paint: Run, photos: Path, text: str) -> None:
        (photos / "a.json").write_bytes(text.encode("latin-1"))
        assert paint(photos, *STYLE, "-o", photos).exit_code == 0
        assert paintings("photos") == ["a-copperplate.png", "a.png", "b-copperplate.png"]
