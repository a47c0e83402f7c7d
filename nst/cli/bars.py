"""Progress bars on standard error: there for people at a terminal, and for nobody else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TaskProgressColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from nst.domain import Progress


@contextmanager
def painting_bar(name: str, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Shows percentage, stage and time left of the progress that it is called with."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rest]}"))
    with _bars(*columns, quiet=quiet) as bars:
        task = bars.add_task(escape(name), total=1.0, rest="getting ready")

        def show(progress: Progress) -> None:
            bars.update(task, completed=progress.fraction, rest=f"{progress.stage}{_left(progress.seconds_left)}")

        yield show


@contextmanager
def download_bar(name: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows bytes so far of bytes in all."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with _bars(*columns, quiet=quiet) as bars:
        task = bars.add_task(escape(name), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)


def _bars(*columns: TextColumn | BarColumn | TaskProgressColumn | DownloadColumn | TransferSpeedColumn, quiet: bool) -> Bars:
    console = Console(stderr=True)
    # Standard output is left alone: what is said there is meant for a pipe.
    return Bars(*columns, console=console, transient=True, redirect_stdout=False, disable=quiet or not console.is_terminal)


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f", {minutes}:{rest:02} left"
