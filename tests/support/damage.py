"""What happens to files, folders and their owners' rights: the same for every test that needs it."""

import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


def a_text(path: Path) -> None:
    path.write_bytes(b"not a database at all " * 300)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def torn_pages(path: Path) -> None:
    """A database whose header is whole and whose tables are not."""
    _made(path)
    content = bytearray(path.read_bytes())
    content[100:] = os.urandom(len(content) - 100)
    path.write_bytes(content)


def half_of_it(path: Path) -> None:
    _made(path)
    os.truncate(path, path.stat().st_size // 2)


def nothing_but_its_log(path: Path) -> None:
    """Cut off, while what was written last is still beside it."""
    path.touch()
    path.with_name(f"{path.name}-wal").write_bytes(b"frames")


def another_programs(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE jobs (payroll)")
    connection.close()


def without_its_tables(path: Path) -> None:
    _made(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE jobs")
    connection.close()


DAMAGES: tuple[Callable[[Path], None], ...] = (
    a_text,
    a_folder,
    a_link_to_itself,
    torn_pages,
    half_of_it,
    nothing_but_its_log,
    another_programs,
    without_its_tables,
)


def _made(path: Path) -> None:
    from nst.store.sqlite import Database

    Database(path).close()


@contextmanager
def powerless() -> Iterator[None]:
    """As an ordinary user, whom file modes bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def no_files_left() -> Iterator[None]:
    """This process has as many files open as it may."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    try:
        try:
            while True:
                held.append(os.dup(0))
        except OSError:
            yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
