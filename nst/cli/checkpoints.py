"""Checkpoints beside paintings: what an interrupted painting goes on from with --resume."""

from contextlib import suppress
from pathlib import Path

from nst.checkpoints import MAX_BYTES
from nst.cli import files
from nst.cli.outputs import STDOUT

_START = 512  # bytes of a file that show what it is


class CheckpointFile:
    """The state of a painting after its last finished scale, in a file beside it.

    A file of that name that is something else stays, and there is no checkpoint then. Nor is there one that cannot be written: the painting
    matters more.

    Attributes:
        path: None when the painting goes to standard output.
    """

    def __init__(self, painting: Path) -> None:
        self.path = None if painting == STDOUT else painting.with_suffix(".checkpoint")

    @property
    def exists(self) -> bool:
        with suppress(OSError):
            return self.path is not None and _is_checkpoint(self.path)
        return False

    def read(self) -> bytes | None:
        with suppress(OSError):
            if self.path and _is_checkpoint(self.path) and self.path.stat().st_size <= MAX_BYTES:
                return self.path.read_bytes()
        return None

    def write(self, checkpoint: bytes) -> None:
        if self.path is None:
            return
        with suppress(OSError):  # no space, or a name that is taken
            found = files.identity(self.path)
            replaceable = {found} if found and _is_checkpoint(self.path) else set()
            partial = files.write_partial(self.path.parent, checkpoint)
            try:
                files.move_into_place(partial, self.path, replaceable)
            finally:
                partial.unlink(missing_ok=True)

    def remove(self) -> None:
        with suppress(OSError):
            if self.path and _is_checkpoint(self.path):
                self.path.unlink()


def _is_checkpoint(path: Path) -> bool:
    """
    Raises:
        OSError: when that cannot be found out.
    """
    from nst.engine.checkpoints import is_checkpoint  # loads torch

    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return is_checkpoint(file.read(_START))
