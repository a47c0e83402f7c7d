"""Where time-lapses are written. That is checked before the rendering; a file that exists is only replaced with `--overwrite`."""

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from PIL import Image

from nst import timelapse
from nst.cli import files, outputs
from nst.cli.terminal import reason_of
from nst.domain import Mode, StyleParams
from nst.errors import CannotWrite, InvalidParams
from nst.timelapse import FilmFormat

_SUFFIXES = {format.suffix: format for format in FilmFormat}


@dataclass(frozen=True)
class FilmTarget:
    """A file for one film, or a folder where films are named like their paintings.

    Attributes:
        replaceable: the file that may be replaced, if it is unchanged.
    """

    path: Path
    is_folder: bool
    replaceable: frozenset[files.FileIdentity] = frozenset()

    def save(self, photo: Image.Image, frames: Sequence[Image.Image], painting: Image.Image, painted: Path) -> Path:
        """Write the film of a painting that was saved as `painted`. If the name is taken by now, the film gets a number.

        Raises:
            CannotWrite: when it cannot be made, the disk is full, or the folder is gone.
        """
        first = self.path / f"{painted.stem}{FilmFormat.MP4.suffix}" if self.is_folder else self.path
        try:
            film = timelapse.film(photo, frames, painting)
            data = timelapse.animation(film) if _SUFFIXES[first.suffix.lower()] is FilmFormat.WEBP else film
        except Exception as error:  # of the encoder, of many kinds; the painting exists already
            raise CannotWrite(f"{painted} was saved, but its time-lapse could not be made.") from error
        try:
            partial = files.write_partial(first.parent, data)
            try:
                for path in chain([first], files.numbered(first)):
                    with suppress(FileExistsError):
                        files.move_into_place(partial, path, self.replaceable)
                        return path
                raise AssertionError("numbers do not end")
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise CannotWrite(f"{painted} was saved, but its time-lapse could not be written ({reason_of(error)}).") from error


def plan(
    out: str | None, photos: int, params: StyleParams, *, overwrite: bool = False, originals: Collection[Path] = ()
) -> FilmTarget | None:
    """Where `--timelapse` leads; None without it.

    Args:
        originals: photos, styles and masks. They are never replaced, under whatever name.

    Raises:
        CannotWrite: when the folder cannot be written, the file extension is unknown, or an existing file may not be replaced.
        InvalidParams: for a mode without steps.
    """
    if out is None:
        return None
    if params.mode is Mode.INSTANT:
        raise InvalidParams("An instant painting has no steps, and so no time-lapse. Choose --mode optimised or quick.")
    folder = outputs.folder_of(out)
    outputs.check_writable(folder)
    if outputs.is_folder(out):
        return FilmTarget(folder, True)
    path = Path(out)
    if path.suffix.lower() not in _SUFFIXES:
        raise CannotWrite(
            f"{path.name} has an unknown file extension. Time-lapses end in .mp4 or .webp; a folder's name can end in {os.sep}."
        )
    if photos > 1:
        raise CannotWrite(f"{path.name} is one file, but there are {photos} photos. Use a folder for the time-lapses instead.")
    if outputs.is_one_of(path, originals):
        raise CannotWrite(f"{path} is one of the photos, styles or masks, which are never replaced. Choose another name.")
    found = files.identity(path)
    if found and not overwrite:
        raise CannotWrite(f"{path} exists. Choose another name for the time-lapse, or add --overwrite.")
    return FilmTarget(path, False, frozenset(filter(None, [found])))
