"""No existing file is lost, whatever paintings and recipes are named, and also when other processes write."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

import nst
from nst.cli import files, outputs, recipes
from nst.cli.outputs import OutputRequest, Target
from nst.cli.terminal import decode_names
from nst.errors import CannotWrite

Run = Callable[..., Result]
STYLE = ("-s", "copperplate")
PICTURE = Image.new("RGB", (40, 30), "teal")
RECIPE: dict[str, Any] = {"photo": "photo.png", "params": {}, "versions": {"pastiche": "1"}}
MINE = b'{"name": "my-project"}'


def planned(out: str | None = None, *stems: str, **how: Any) -> list[Path]:
    return [target.painting for target in outputs.plan(out, [OutputRequest(stem) for stem in stems or ("photo",)], "tide", **how)]


def painted(out: str | None = None, **how: Any) -> Target:
    (target,) = outputs.plan(out, [OutputRequest("photo")], "tide", **how)
    return outputs.save(PICTURE, RECIPE, target)


def listed(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


class TestGeneratedNames:
    @pytest.mark.parametrize("name", ["photo-tide.json", "photo-tide.png"])
    def test_neither_painting_nor_recipe_replaces_a_file(self, name: str) -> None:
        Path(name).write_bytes(MINE)
        target = painted()
        assert (target.painting.name, str(target.recipe)) == ("photo-tide-2.png", "photo-tide-2.json")
        assert Path(name).read_bytes() == MINE

    @pytest.mark.parametrize("name", ["photo-tide.json", "photo-tide.png"])
    def test_the_name_of_a_folder_is_not_used(self, name: str) -> None:
        Path(name).mkdir()
        assert planned() == planned(overwrite=True) == [Path("photo-tide-2.png")]

    @pytest.mark.parametrize("name", ["photo-tide.json", "photo-tide.png"])
    def test_the_name_of_a_broken_link_is_not_used(self, name: str) -> None:
        Path(name).symlink_to("nowhere")
        assert painted().painting == Path("photo-tide-2.png")
        assert not Path("nowhere").exists()

    def test_overwrite_replaces_an_earlier_painting(self) -> None:
        assert painted().painting == painted(overwrite=True).painting == Path("photo-tide.png")
        assert listed() == ["photo-tide.json", "photo-tide.png"]

    def test_overwrite_keeps_json_that_is_not_a_recipe(self) -> None:
        Path("photo-tide.json").write_bytes(MINE)
        assert painted(overwrite=True).painting == Path("photo-tide-2.png")
        assert Path("photo-tide.json").read_bytes() == MINE

    def test_overwrite_keeps_the_recipe_of_another_painting(self) -> None:
        Path("photo-tide.json").write_text(json.dumps({**RECIPE, "painting": "photo-tide.jpg"}), encoding="utf-8")
        Path("photo-tide.jpg").touch()
        assert painted(overwrite=True).painting == Path("photo-tide-2.png")

    def test_overwrite_keeps_a_photo(self, photo: Path) -> None:
        original = photo.rename("photo-tide.png")
        assert planned(overwrite=True, originals=[original]) == [Path("photo-tide-2.png")]

    def test_names_that_differ_only_in_case_or_normalisation_are_treated_as_equal(self) -> None:
        assert [decode_names(path.name) for path in planned(None, "A", "a", "é", "e\u0301")] == [
            "A-tide.png",
            "a-tide-2.png",
            "é-tide.png",
            "e\u0301-tide-2.png",
        ]


class TestNamedFiles:
    def test_the_recipe_gets_another_name_next_to_json_of_another_kind(self) -> None:
        Path("package.json").write_bytes(MINE)
        target = painted("package.png")
        assert (target.painting, target.recipe) == (Path("package.png"), Path("package.png.json"))
        assert Path("package.json").read_bytes() == MINE
        assert recipes.find(target.painting) is not None
        assert painted("package.png").recipe == target.recipe

    def test_two_formats_of_one_name_have_two_recipes(self) -> None:
        assert [painted(name).recipe for name in ("a.png", "a.jpg", "a.png", "a.jpg")] == [Path("a.json"), Path("a.jpg.json")] * 2

    def test_a_painting_whose_recipe_has_no_free_name_is_refused(self) -> None:
        for name in ("a.json", "a.png.json"):
            Path(name).write_bytes(MINE)
        with pytest.raises(CannotWrite, match=r"a\.json and a\.png\.json are not recipes"):
            painted("a.png")

    def test_an_earlier_painting_is_replaced(self) -> None:
        assert painted("a.png").painting == painted("a.png").painting == Path("a.png")
        assert listed() == ["a.json", "a.png"]

    @pytest.mark.parametrize("name", ["a.png", "a.jpg"])
    def test_a_picture_without_a_recipe_is_replaced_only_by_overwrite(self, name: str) -> None:
        Path(name).write_bytes(MINE)
        with pytest.raises(CannotWrite, match="--overwrite"):
            painted(name)
        assert painted(name, overwrite=True).painting == Path(name)

    def test_an_empty_file_is_replaced(self) -> None:
        Path("a.png").touch()
        assert painted("a.png").painting == Path("a.png")

    @pytest.mark.parametrize("how", ["symlink_to", "hardlink_to"])
    @pytest.mark.parametrize("overwrite", [True, False])
    def test_a_link_to_the_photo_is_never_replaced(self, photo: Path, how: str, overwrite: bool) -> None:
        getattr(Path("other.png"), how)(photo)
        with pytest.raises(CannotWrite, match="one of the photos or styles"):
            painted("other.png", originals=[photo], overwrite=overwrite)

    @pytest.mark.parametrize("overwrite", [True, False])
    def test_pictures_in_a_folder_of_styles_are_never_replaced(self, run: Run, photo: Path, photos: Path, overwrite: bool) -> None:
        before = (photos / "a.png").read_bytes()
        result = run("stylize", photo, "-s", photos, "-o", photos / "a.png", *(["--overwrite"] if overwrite else []))
        assert (result.exit_code, (photos / "a.png").read_bytes()) == (24, before)

    def test_a_link_is_replaced_and_its_target_is_kept(self) -> None:
        Path("mine.png").write_bytes(MINE)
        Path("a.png").symlink_to("mine.png")
        painted("a.png", overwrite=True)
        assert Path("mine.png").read_bytes() == MINE

    # The third has a name that finds room, and a recipe that does not.
    @pytest.mark.parametrize(
        "name", ["x" * 300, "x" * 300 + ".png", "x" * 251 + ".png", "n" * 300 + "/a.png", "photo.png/a.png", "/proc/a.png"]
    )
    @pytest.mark.usefixtures("photo")
    def test_an_impossible_path_is_reported_before_the_rendering(self, name: str) -> None:
        with pytest.raises(CannotWrite, match="cannot be written"):
            planned(name)


class TestConcurrentWriters:
    @pytest.mark.parametrize("out", [None, "photo-tide.png"])
    @pytest.mark.parametrize("name", ["photo-tide.png", "photo-tide.json"])
    def test_a_file_that_appears_during_the_rendering_is_kept(self, out: str | None, name: str) -> None:
        (target,) = outputs.plan(out, [OutputRequest("photo")], "tide")
        Path(name).write_bytes(MINE)
        assert outputs.save(PICTURE, RECIPE, target).painting == Path("photo-tide-2.png")
        assert Path(name).read_bytes() == MINE
        assert recipes.find(Path("photo-tide-2.png"))

    def test_a_painting_that_another_run_has_just_written_is_kept(self) -> None:
        painted("a.png")
        first, second = (outputs.plan("a.png", [OutputRequest("photo")], "tide")[0] for _ in range(2))
        assert outputs.save(PICTURE, RECIPE, first).painting == Path("a.png")
        assert outputs.save(PICTURE, RECIPE, second).painting == Path("a-2.png")

    def test_a_name_taken_at_the_very_last_moment_is_not_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (target,) = outputs.plan(None, [OutputRequest("photo")], "tide")
        Path("photo-tide.png").write_bytes(MINE)
        free = outputs._is_free
        monkeypatch.setattr(outputs, "_is_free", lambda place: place == target or free(place))
        monkeypatch.setattr(files, "identity", lambda _: None)
        assert outputs.save(PICTURE, RECIPE, target).painting == Path("photo-tide-2.png")
        assert Path("photo-tide.png").read_bytes() == MINE

    def test_nothing_is_replaced_on_a_file_system_without_hard_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(Path, "hardlink_to", refuse)
        assert [painted().painting.name for _ in range(2)] == ["photo-tide.png", "photo-tide-2.png"]
        assert len(listed()) == 4

    def test_concurrent_processes_lose_nothing(self) -> None:
        program = """
from PIL import Image
from nst.cli import outputs
(target,) = outputs.plan("out/", [outputs.OutputRequest("photo")], "tide")
input()
print(outputs.save(Image.new("RGB", (40, 30)), {"params": {}, "versions": {"pastiche": "1"}}, target).painting)
"""
        environment = {**os.environ, "PYTHONPATH": str(Path(nst.__file__).parents[1])}
        command = [sys.executable, "-u", "-c", program]
        started = [
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(4)
        ]
        said = [process.communicate("\n", timeout=60)[0].strip() for process in started]
        assert len(set(said)) == 4
        assert listed("out") == sorted(Path(path).with_suffix(suffix).name for path in said for suffix in (".png", ".json"))
        for path in said:
            found = recipes.find(Path(path))
            assert found
            assert found[0] == Path(path).with_suffix(".json")


class TestDisks:
    @pytest.mark.parametrize("replaced", [True, False])
    def test_a_full_disk_leaves_no_partial_file(self, monkeypatch: pytest.MonkeyPatch, replaced: bool) -> None:
        if replaced:
            painted("a.png")
        before = {name: Path(name).read_bytes() for name in listed()}
        (target,) = outputs.plan("a.png", [OutputRequest("photo")], "tide")

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(CannotWrite, match="no space left"):
            outputs.save(PICTURE, RECIPE, target)
        assert {name: Path(name).read_bytes() for name in listed()} == before

    def test_a_painting_is_kept_when_its_recipe_does_not_fit_on_the_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (target,) = outputs.plan("a.png", [OutputRequest("photo")], "tide")
        rest = iter([None])

        def full(_: int) -> None:
            if next(rest, "full"):
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(CannotWrite, match=r"a\.png was saved, but its recipe could not be written"):
            outputs.save(PICTURE, RECIPE, target)
        assert listed() == ["a.png"]

    @pytest.mark.usefixtures("photos")
    def test_a_full_disk_is_reported_before_the_rendering(self) -> None:
        words = "-m nst stylize photos -s copperplate -o out --mode instant --size 64"
        command = ["sh", "-c", 'ulimit -f 1 && exec "$@"', "sh", sys.executable, *words.split()]
        environment = {**os.environ, "PYTHONPATH": str(Path(nst.__file__).parents[1])}
        result = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
        assert (result.returncode, result.stdout) == (24, "")
        assert result.stderr.splitlines()[-1] == "out cannot be written (file too large). Choose another destination with --output."

    def test_files_of_a_killed_run_are_removed_a_day_later(self) -> None:
        old, young = files.write_partial(Path(), b"old"), files.write_partial(Path(), b"young")
        os.utime(old, (0, 0))
        planned()
        assert (old.exists(), young.exists()) == (False, True)

    def test_permissions_are_those_of_any_new_file(self) -> None:
        Path("mine").touch()
        assert painted().painting.stat().st_mode == Path("mine").stat().st_mode
