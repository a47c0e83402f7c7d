"""Checkpoints beside paintings: an interrupted painting goes on after its last finished scale."""

import json
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

from nst import engine
from nst.engine import Progress

Run = Callable[..., Result]
PAINTING, CHECKPOINT = Path("photo-copperplate.png"), Path("photo-copperplate.checkpoint")
WORDS = ("-s", "copperplate", "--size", "64", "--iterations", "3", "--scales", "2")


class Crash(BaseException):
    """The end of the program in the middle of everything."""


@pytest.fixture(autouse=True)
def every_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_CHECKPOINT_SECONDS", "0")


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[int, int]]]:
    """Does something in the last scale. The returned list collects scales and steps."""
    whole = engine.stylize

    def arrange(what: Callable[[], object] = lambda: None) -> list[tuple[int, int]]:
        seen = list[tuple[int, int]]()

        def stylize(*args: Any, on_progress: Callable[[Progress], None], **others: Any) -> Any:
            def show(progress: Progress) -> None:
                on_progress(progress)
                seen.append((progress.scale, progress.step))
                if seen[-1] == (2, 2):
                    what()

            return whole(*args, on_progress=show, **others)

        monkeypatch.setattr(engine, "stylize", stylize)
        return seen

    return arrange


def run_until_the_end(run: Run, *words: Any) -> Result | None:
    """The result; None when the program crashed."""
    with suppress(Crash):
        return run("stylize", *words)
    return None


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def crash() -> None:
    raise Crash


@pytest.mark.parametrize("end", [interrupt, crash])
def test_resume_goes_on_after_the_last_finished_scale(
    run: Run, photo: Path, at_step: Callable[..., list[tuple[int, int]]], end: Callable[[], None]
) -> None:
    assert run("stylize", photo, *WORDS, "-o", "elsewhere/whole.png").exit_code == 0
    before = at_step(end)
    broken = run_until_the_end(run, photo, *WORDS)
    assert before == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
    assert CHECKPOINT.stat().st_size > 6 * 45 * 34
    assert PAINTING.exists() is (end is interrupt)
    assert broken is None or f"--resume goes on from {CHECKPOINT}" in broken.stdout
    after = at_step()
    result = run("stylize", photo, *WORDS, "--resume")
    assert (result.exit_code, after) == (0, [(1, 3), (2, 1), (2, 2), (2, 3)])
    with Image.open(PAINTING) as found, Image.open("elsewhere/whole.png") as whole:
        assert found.tobytes() == whole.tobytes()
    assert not CHECKPOINT.exists()
    assert sorted(path.suffix for path in Path().glob("photo-*")) == [".json", ".png"]


def test_programs_are_told_of_the_checkpoint(
    run: Run, photo: Path, at_step: Callable[..., list[tuple[int, int]]], objects: Callable[[Result], list[dict[str, Any]]]
) -> None:
    at_step(interrupt)
    (facts,) = objects(run("stylize", photo, *WORDS, "--json"))
    assert (facts["stopped"], facts["checkpoint"]) == (True, str(CHECKPOINT))
    assert json.loads(Path("photo-copperplate.json").read_bytes())["stopped"] is True


def test_without_resume_or_with_other_parameters_it_begins_anew(
    run: Run, photo: Path, at_step: Callable[..., list[tuple[int, int]]]
) -> None:
    at_step(crash)
    run_until_the_end(run, photo, *WORDS)
    kept = CHECKPOINT.read_bytes()
    seen = at_step()
    assert run("stylize", photo, *WORDS, "--resume", "--strength", "0.9").exit_code == 0
    assert seen[0] == (1, 1)
    assert not CHECKPOINT.exists()
    CHECKPOINT.write_bytes(kept)
    seen.clear()
    assert run("stylize", photo, *WORDS, "--overwrite").exit_code == 0
    assert seen[0] == (1, 1)


def test_a_short_painting_leaves_no_checkpoint(
    run: Run, photo: Path, at_step: Callable[..., list[tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_step(interrupt)
    monkeypatch.setenv("NST_CHECKPOINT_SECONDS", "60")
    result = run("stylize", photo, *WORDS)
    assert (result.exit_code, CHECKPOINT.exists()) == (130, False)
    assert "goes on from" not in result.stdout


@pytest.mark.parametrize("content", [b"", b"my own notes", b"x" * 1000])
def test_a_file_of_that_name_that_is_something_else_stays(run: Run, photo: Path, content: bytes) -> None:
    CHECKPOINT.write_bytes(content)
    assert run("stylize", photo, *WORDS, "--resume").exit_code == 0
    assert CHECKPOINT.read_bytes() == content
    assert not list(Path().glob(".pastiche-*"))


def test_a_link_of_that_name_is_not_followed(run: Run, photo: Path) -> None:
    Path("target").write_bytes(b"mine")
    CHECKPOINT.symlink_to("target")
    assert run("stylize", photo, *WORDS, "--resume").exit_code == 0
    assert (CHECKPOINT.is_symlink(), Path("target").read_bytes()) == (True, b"mine")


def test_a_damaged_checkpoint_is_ignored(run: Run, photo: Path, at_step: Callable[..., list[tuple[int, int]]]) -> None:
    CHECKPOINT.write_bytes(b'{"__metadata__":{"kind":"pastiche-checkpoint"}}' + bytes(100))
    seen = at_step()
    assert run("stylize", photo, *WORDS, "--resume").exit_code == 0
    assert seen[0] == (1, 1)
    assert not CHECKPOINT.exists()


def test_standard_output_has_none(run: Run, photo: Path, at_step: Callable[..., list[tuple[int, int]]]) -> None:
    at_step(crash)
    run_until_the_end(run, photo, *WORDS, "-o", "-")
    assert [path.name for path in Path().iterdir()] == ["photo.png"]
