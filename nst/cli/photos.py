"""From the words behind a command to the photos that they mean: files, patterns, folders and addresses."""

import glob
from collections.abc import Sequence
from pathlib import Path

from nst import images
from nst.cli.sources import Source, at_address, in_file, path_of
from nst.errors import FileUnreadable, NoPictures
from nst.images import Limits


def photos(words: Sequence[str], limits: Limits) -> list[Source]:
    """The photos in the order given, each once. A single file is passed on as it is, also when it is missing: reading it will tell.

    Raises:
        NoPictures: when a folder or a pattern holds no picture.
        FileUnreadable: when a folder may not be read, or an address is none.
    """
    found = [source for word in words for source in _meant_by(word, limits)]
    return list({source.said: source for source in found}.values())


def pictures_in(folder: Path) -> list[Path]:
    """The pictures that lie in a folder itself, by name.

    Raises:
        NoPictures: when there are none.
        FileUnreadable: when the folder may not be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if _is_picture(path))
    except OSError as error:
        raise FileUnreadable(f"The folder {folder} cannot be read. Check that you may read it.") from error
    if not found:
        raise NoPictures(f"There is no picture in the folder {folder}. Pictures end in {', '.join(images.SUFFIXES)}.")
    return found


def _meant_by(word: str, limits: Limits) -> list[Source]:
    fetched = at_address(word, limits)
    return [fetched] if fetched else [in_file(path, limits) for path in _files(word)]


def _files(word: str) -> list[Path]:
    path = path_of(word)
    if path.is_dir():
        return pictures_in(path)
    if path.exists() or not glob.has_magic(word):
        return [path]
    found = map(Path, glob.glob(word, recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern
    matches = sorted(path for path in found if _is_picture(path))
    if not matches:
        raise NoPictures(f"No picture matches the pattern {word}. Pictures end in {', '.join(images.SUFFIXES)}.")
    return matches


def _is_picture(path: Path) -> bool:
    return images.format_of(path) is not None and not path.name.startswith(".") and path.is_file()
