"""Signals: the painting in progress is saved, the rest is named, and a second one ends the program."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import Result

import nst
from nst import engine
from nst.cli.interruption import Interruption
from nst.engine import Progress

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
Objects = Callable[[Result], list[dict[str, Any]]]
LONG = ("-s", "copperplate", "--size", "64", "--iterations", "500", "--scales", "1")
SIGNALS = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Sends a signal at the third step. The returned list collects the steps that were taken."""

    def arrange(number: int) -> list[int]:
        whole, steps = engine.stylize, []

        def stylize(*args: Any, on_progress: Callable[[Progress], None], **others: Any) -> Any:
            def show(progress: Progress) -> None:
                on_progress(progress)
                steps.append(progress.step)
                if len(steps) == 3:
                    signal.raise_signal(number)

            return whole(*args, on_progress=show, **others)

        monkeypatch.setattr(engine, "stylize", stylize)
        return steps

    return arrange


@SIGNALS
def test_a_signal_saves_the_current_painting_and_reports_the_rest(
    run: Run, photos: Path, interrupt: Callable[[int], list[int]], objects: Objects, number: int, code: int
) -> None:
    before, steps = signal.getsignal(number), interrupt(number)
    result = run("stylize", photos, *LONG, "--json")
    assert (result.exit_code, steps) == (code, [1, 2, 3])
    _, saved, left = objects(result)
    assert saved["stopped"] is True
    assert (left["photo"], left["code"]) == ("photos/b.jpg", code)
    with Image.open("a-copperplate.png") as picture:
        assert picture.size == (64, 48)
    assert json.loads(Path("a-copperplate.json").read_bytes())["stopped"] is True
    assert signal.getsignal(number) is before


def test_photos_that_were_not_painted_are_named_in_one_line(run: Run, photos: Path, interrupt: Callable[[int], list[int]]) -> None:
    interrupt(signal.SIGTERM)
    result = run("stylize", photos, "nowhere\n.jpg", *LONG)
    assert result.stderr.splitlines()[1:] == [r"Not painted: photos/b.jpg, nowhere\n.jpg. Run the same command with --resume to continue."]


def test_the_same_command_finishes_the_interrupted_painting_and_paints_the_rest(
    run: Run, paint: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        answers = iter([False, False, False])
        patched.setattr(Interruption, "__call__", lambda _: next(answers, True))
        assert paint(photos, "-s", "copperplate", "-o", "out").exit_code == 128
    assert json.loads(Path("out/a-copperplate.json").read_bytes())["stopped"] is True
    result = paint(photos, "-s", "copperplate", "-o", "out")
    assert result.stdout.count("painted in") == 2
    assert sorted(path.name for path in Path("out").iterdir()) == [
        f"{name}-copperplate.{kind}" for name in "ab" for kind in ("json", "png")
    ]
    assert json.loads(Path("out/a-copperplate.json").read_bytes())["stopped"] is False


def test_an_interrupted_instant_painting_is_not_saved(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no intermediate results."""
    whole = engine.stylize

    def stylize(*args: Any, **others: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return whole(*args, **others)

    monkeypatch.setattr(engine, "stylize", stylize)
    result = run("stylize", photo, "-s", "copperplate", "--mode", "instant", "--size", "64")
    assert (result.exit_code, result.stdout) == (143, "")
    assert result.stderr.startswith("Not painted: photo.png.")
    assert [path.name for path in Path().iterdir()] == ["photo.png"]


def test_a_closed_terminal_is_ignored_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGHUP)
            assert not interruption()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def painting_at_a_terminal(photo: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A long rendering that has begun, and the terminal with its progress bar."""
    ours, theirs = pty.openpty()
    words = ["-m", "nst", "stylize", str(photo), "-s", "copperplate", "--size", "64", "--iterations", "5000", "--scales", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(nst.__file__).parents[1]), "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.PIPE, stderr=theirs, encoding="utf-8") as process:
        os.close(theirs)
        shown = b""
        while b"scale 1 of 1" not in shown or b" left" not in shown:
            shown += os.read(ours, 1000)
        yield process, ours
        process.kill()
    os.close(ours)


@SIGNALS
def test_at_a_terminal_there_is_a_bar_and_the_painting_is_saved(photo: Path, number: int, code: int) -> None:
    with painting_at_a_terminal(photo) as (process, terminal):
        process.send_signal(number)
        while _more(terminal):
            pass
        out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert out.startswith("photo.png: stopped early")
    with Image.open("photo-copperplate.png") as picture:
        assert picture.size == (64, 48)


def test_a_second_signal_ends_the_program_wherever_it_is(photo: Path) -> None:
    with painting_at_a_terminal(photo) as (process, terminal):
        process.send_signal(signal.SIGSTOP)  # so that it is handed both before it takes another step
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        while _more(terminal):
            pass
        process.wait(timeout=60)
    assert process.returncode in (-signal.SIGTERM, -signal.SIGINT, 130, 143)


def test_a_killed_run_leaves_no_files(photo: Path, run: Run) -> None:
    with painting_at_a_terminal(photo) as (process, _):
        process.kill()
        process.wait()
    assert [path.name for path in Path().iterdir()] == ["photo.png"]


def _more(terminal: int) -> bool:
    """Read from a terminal and discard it. Returns whether its other side is still open."""
    try:
        return bool(os.read(terminal, 1000))
    except OSError:
        return False
