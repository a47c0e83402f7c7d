"""From what is said behind --style to pictures: an id of the catalogue, a file, a folder, or an address."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import url2pathname

from PIL import Image

from nst import images
from nst.cli.download import download
from nst.cli.edge import naming
from nst.cli.photos import pictures_in
from nst.errors import FileUnreadable, InvalidParams, UnknownStyle
from nst.images import Limits
from nst.styles import Catalogue


@dataclass(frozen=True)
class NamedStyle:
    """A style picture, its share in the blend, and the name that a recipe knows it by: an id, or a file's name."""

    name: str
    picture: Image.Image
    share: float = 1.0


Source = tuple[str, Callable[[], Image.Image]]
"""A style's name, and what reads its picture."""


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
        gathered += [NamedStyle(name, _read(name, picture), share / len(sources)) for name, picture in sources]
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
        return [(word, partial(catalogue.picture, word))]
    address = _address(word)
    if address.scheme in ("http", "https"):
        name = Path(unquote(address.path)).name or address.netloc
        return [(name, lambda: images.decode(download(word, limits.max_bytes), limits))]
    path = Path(url2pathname(address.path)) if address.scheme == "file" else Path(word)
    files = pictures_in(path) if path.is_dir() else [_present(path, word, catalogue)]
    return [(file.name, partial(images.read, file, limits)) for file in files]


def _address(word: str) -> SplitResult:
    try:
        return urlsplit(word)
    except ValueError as error:
        raise FileUnreadable(f"{word} is not an address. Check it for missing or superfluous brackets.") from error


def _present(path: Path, word: str, catalogue: Catalogue) -> Path:
    if path.exists():
        return path
    if images.format_of(path):
        raise UnknownStyle(f"There is no style and no file called {word!r}. Check its name and folder.")
    raise catalogue.unknown(word)


def _read(name: str, picture: Callable[[], Image.Image]) -> Image.Image:
    with naming(name):
        return picture()
