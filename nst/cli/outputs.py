"""Where paintings go: names, and the check before the rendering that they can be written; afterwards, writing them whole or not at all."""

import json
import os
import sys
import tempfile
from collections.abc import Collection, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import typer
from PIL import Image

from nst import images
from nst.errors import CannotWrite

STDOUT = Path("-")
"""Standard output as a planned path. No file's path is this: each has an ending."""


def plan(out: str | None, stems: Sequence[str], style: str, *, overwrite: bool, originals: Collection[Path] = ()) -> list[Path]:
    """A path for each painting; its folder exists and can be written.

    Args:
        out: a file, when there is one photo, or a folder; None is the working folder. An existing folder, and a name without an
            ending, mean a folder; "-" is standard output.
        stems: the photos' names, without endings.
        style: what joins them in the paintings' names.
        overwrite: whether a made-up name may be one that exists; otherwise it gets a number. A file named by `out` is replaced.
        originals: photos and styles, as files or by other names: no painting may replace one.

    Raises:
        CannotWrite: when there is no writing there, or the name's ending is none of ours.
    """
    if out == str(STDOUT):
        _check_piped(len(stems))
        return [STDOUT]
    if out is None or _means_folder(out):
        folder = Path(out or ".")
        paths = _made_up(folder, [f"{stem}-{style}" for stem in stems], overwrite)
    else:
        paths = [_single(Path(out), len(stems))]
        folder = paths[0].parent
    _check_writable(folder)
    _check_spared(paths, originals)
    return paths


def save(painting: Image.Image, recipe: dict[str, Any], path: Path) -> Path | None:
    """Writes a painting and, beside it, its recipe, whose path is returned. There is nothing beside standard output.

    Raises:
        CannotWrite: when the disk is full, or the folder has gone.
    """
    if path == STDOUT:
        _pass_on(images.encode(painting, images.Format.PNG))
        return None
    format = images.format_of(path)
    assert format is not None, "a planned path has one of our endings"  # noqa: S101
    beside = path.with_suffix(".json")
    _write(path, images.encode(painting, format))
    _write(beside, (json.dumps(recipe, indent=2, ensure_ascii=False) + "\n").encode())
    return beside


def _means_folder(out: str) -> bool:
    return Path(out).is_dir() or out.endswith(os.sep) or not Path(out).suffix


def _check_piped(photos: int) -> None:
    if photos > 1:
        raise CannotWrite(f"Standard output takes one painting, and there are {photos} photos. Name a folder instead.")
    if sys.stdout.isatty():
        raise CannotWrite("A painting is nothing for a terminal. Send it on, as in `--output - > painting.png`.")


def _single(path: Path, photos: int) -> Path:
    if images.format_of(path) is None:
        raise CannotWrite(f"{path.name} has no ending that is known. Paintings end in {', '.join(images.SUFFIXES)}, folders in {os.sep}.")
    if photos > 1:
        raise CannotWrite(f"{path.name} is one file, and there are {photos} photos. Name a folder instead.")
    return path


def _made_up(folder: Path, stems: Sequence[str], overwrite: bool) -> list[Path]:
    paths: list[Path] = []
    for stem in stems:
        names = chain([f"{stem}.png"], (f"{stem}-{number}.png" for number in count(2)))
        candidates = (folder / name for name in names)
        paths.append(next(path for path in candidates if path not in paths and (overwrite or not path.exists())))
    return paths


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refused(folder, error) from error


def _check_spared(paths: Sequence[Path], originals: Collection[Path]) -> None:
    spared = {original.resolve() for original in originals}
    for path in paths:
        if path.resolve() in spared:
            raise CannotWrite(f"{path} is a picture that is painted from, and stays as it is. Choose another name with --output.")


def _pass_on(data: bytes) -> None:
    stream, rest = typer.get_binary_stream("stdout"), memoryview(data)
    try:
        while rest:  # where Python does not buffer, a disk that fills up takes a part, and the next call tells
            rest = rest[stream.write(rest) :]
        stream.flush()
    except OSError as error:
        raise _refused("Standard output", error) from error


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _refused(path, error) from error


def _refused(place: Path | str, error: OSError) -> CannotWrite:
    return CannotWrite(f"{place} cannot be written ({(error.strerror or 'no reason given').lower()}). Choose another place with --output.")
