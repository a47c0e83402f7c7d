"""From what is said behind --style to pictures: an id of the catalogue, a file, a folder, or an address."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from nst import images
from nst.cli.edge import naming
from nst.cli.photos import pictures_in
from nst.cli.sources import Source, at_address, in_file, path_of
from nst.errors import InvalidParams, UnknownStyle
from nst.images import Limits
from nst.styles import Catalogue


@dataclass(frozen=True)
class NamedStyle:
    """A style picture, its share in the blend, and the name that a recipe knows it by: an id, or a file's name."""

    name: str
    picture: Image.Image
    share: float = 1.0


def gather(words: Sequence[str], shares: Sequence[float], catalogue: Catalogue, limits: Limits) -> list[NamedStyle]:
    """The styles in the order given; a folder's pictures divide its share. Those with no share are left out.

    Args:
        words: ids, files, folders, or addresses (http, https, file).
        shares: one for each word, or none at all, which makes them equal.

    Raises:
        InvalidParams: when the shares do not fit the words, or are none that can be.
        UnknownStyle: when a word is neither a style nor a file.
        NoPictures, FileUnreadable, InvalidImage: when there is trouble with a file, which the sentence names.
    """
    gathered = []
    for word, share in zip(words, _checked(shares, len(words)), strict=True):
        sources = _sources(word, catalogue, limits) if share > 0 else []
        gathered += [NamedStyle(source.name, _read(source), share / len(sources)) for source in sources]
    return gathered


def _checked(shares: Sequence[float], count: int) -> Sequence[float]:
    if not shares:
        return [1.0] * count
    if len(shares) != count:
        raise InvalidParams(f"Give each --style one --share in the same order, or give none: there are {count} and {len(shares)}.")
    if not all(math.isfinite(share) and share >= 0 for share in shares) or sum(shares) == 0:
        raise InvalidParams("Shares must be numbers from 0 upwards, and not all of them 0.")
    return shares


def _sources(word: str, catalogue: Catalogue, limits: Limits) -> list[Source]:
    """An id goes before a file of the same name; `./name` means the file."""
    if word in catalogue:
        return [Source(word, word, partial(catalogue.picture, word))]
    fetched = at_address(word, limits)
    if fetched:
        return [fetched]
    path = path_of(word)
    files = pictures_in(path) if path.is_dir() else [_present(path, word, catalogue)]
    return [in_file(file, limits) for file in files]


def _present(path: Path, word: str, catalogue: Catalogue) -> Path:
    if path.exists():
        return path
    if images.format_of(path):
        raise UnknownStyle(f"There is no style and no file called {word!r}. Check its name and folder.")
    raise catalogue.unknown(word)


def _read(source: Source) -> Image.Image:
    with naming(source.name):
        return source.read()
