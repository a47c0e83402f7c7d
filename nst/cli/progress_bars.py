"""Progress bars on standard error, shown only to people at a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, ProgressColumn, TaskProgressColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from nst.cli.terminal import one_line
from nst.domain import Progress


@contextmanager
def painting_bar(name: str, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Show percentage, stage and remaining time. Yields the function that updates them."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[status]}"))
    with _bars(*columns, quiet=quiet) as bars:
        task = bars.add_task(escape(one_line(name)), total=1.0, status="getting ready")

        def show(progress: Progress) -> None:
            bars.update(task, completed=progress.fraction, status=f"{progress.stage}{_remaining(progress.seconds_left)}")

        yield show


@contextmanager
def download_bar(name: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show downloaded and total bytes. Yields the function that updates them; a total of 0 is an unknown one."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with _bars(*columns, quiet=quiet) as bars:
        task = bars.add_task(escape(name), total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)


def _bars(*columns: ProgressColumn, quiet: bool) -> Bars:
    console = Console(stderr=True)
    # Standard output is not redirected: it may go to a pipe.
    return Bars(*columns, console=console, transient=True, redirect_stdout=False, disable=quiet or not console.is_terminal)


def _remaining(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f", {minutes}:{rest:02} left"
