"""From the words behind a command to the photos that they mean: files, patterns and folders."""

import glob
from collections.abc import Sequence
from pathlib import Path

from nst import images
from nst.errors import FileUnreadable, NoPictures


def photos(words: Sequence[str]) -> list[Path]:
    """The photos in the order given, each once. A single file is passed on as it is, also when it is missing: reading it will tell.

    Raises:
        NoPictures: when a folder or a pattern holds no picture.
        FileUnreadable: when a folder may not be read.
    """
    found = [path for word in words for path in _meant_by(word)]
    return list(dict.fromkeys(found))


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


def _meant_by(word: str) -> list[Path]:
    path = Path(word)
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
