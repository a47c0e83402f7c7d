"""The photos and styles that words on the command line name: files, patterns, folders, addresses, and ids of styles."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from nst import images
from nst.cli import recipes, style_parts
from nst.cli.sources import Source, address_source, file_source, path_from
from nst.cli.style_parts import NamedPart
from nst.cli.terminal import decode_names
from nst.domain import StyleShare, normalised_shares
from nst.errors import FileUnreadable, InvalidParams, NoPictures, PasticheError, UnknownStyle
from nst.images import Limits
from nst.styles import Catalogue

_FOLDER = "folder"
_EARLIER_PAINTING = "earlier painting"
_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_MAX_EXTENSION = 10  # characters, dot included; longer ones are not taken for file extensions


@dataclass
class FoundPhotos:
    """
    Attributes:
        photos: in the order of the words, without duplicates.
        skipped: for every folder and pattern, how many files of each kind were skipped. Hidden files are not counted.
        errors: of the words that name no photo.
    """

    photos: list[Source] = field(default_factory=list)
    skipped: dict[str, Counter[str]] = field(default_factory=dict)
    errors: list[PasticheError] = field(default_factory=list)


@dataclass(frozen=True)
class NamedStyle:
    """A style picture.

    Attributes:
        name: its name in recipes: an id, or a file's name.
        digest: the SHA-256 of its file.
        path: of its file, if it is one of the user's.
        part: the part of it that is used; None for all of it.
    """

    name: str
    picture: Image.Image
    digest: str | None = None
    path: Path | None = None
    part: NamedPart | None = None

    @property
    def paths(self) -> list[Path]:
        """The user's files that it was read from."""
        return [path for path in (self.path, self.part and self.part.path) if path]


def find_photos(words: Sequence[str], limits: Limits) -> FoundPhotos:
    """The photos that words name. A missing file is included: reading it raises the error.

    Earlier paintings, which are recognised by their recipes, are skipped in folders and patterns, but not when they are named.
    """
    found, unique = FoundPhotos(), {}
    for word in words:
        try:
            unique.update({_key(source): source for source in _photos_of(word, limits, found.skipped)})
        except PasticheError as error:
            found.errors.append(error)
            found.skipped.pop(word, None)  # the error's sentence contains it
    found.photos = list(unique.values())
    return found


def load_styles(words: Sequence[str], shares: Sequence[float], catalogue: Catalogue, limits: Limits) -> list[StyleShare[NamedStyle]]:
    """The styles in the order given, with shares that sum to 1. The pictures in a folder divide its share equally.

    Args:
        words: ids, files, folders, or addresses (http, https, data, file); each may be followed by @ and a mask (see `style_parts`).
        shares: one for each word; an empty sequence means equal shares.

    Raises:
        InvalidParams: when there are not as many shares as words, one is negative or not finite, or all are 0.
        UnknownStyle: when a word is neither a style nor a file.
        NoPictures, FileUnreadable, InvalidImage: for a file that cannot be used. The sentence names it.
    """
    if shares and len(shares) != len(words):
        raise InvalidParams(f"Give one --share for each --style, in the same order, or none ({len(shares)} given for {len(words)}).")
    styles = []
    for word in normalised_shares(map(StyleShare, words, shares or [1.0] * len(words))):
        name, part = style_parts.split(word.style, catalogue)
        sources = _styles_of(name, catalogue, limits)
        styles += [StyleShare(_load_style(source, part, limits), word.share / len(sources)) for source in sources]
    return styles


def style_facts(styles: Sequence[StyleShare[NamedStyle]]) -> dict[str, Any]:
    """What a recipe says of styles, ready for JSON."""
    parts = [each.style.part for each in styles]
    of_parts = {
        "style_parts": [part and decode_names(part.name) for part in parts],
        "style_parts_sha256": [part and part.digest for part in parts],
    }
    return {
        "styles": [decode_names(each.style.name) for each in styles],
        "styles_sha256": [each.style.digest for each in styles],
        "style_shares": [round(each.share, 6) for each in styles],
        **(of_parts if any(parts) else {}),
    }


def describe_skipped(skipped: Counter[str]) -> str:
    """For instance "1 .heic, 2 folders"."""
    return ", ".join(f"{number} {kind if number == 1 or kind.startswith('.') else f'{kind}s'}" for kind, number in skipped.most_common())


def _photos_of(word: str, limits: Limits, skipped: dict[str, Counter[str]]) -> list[Source]:
    remote = address_source(word, limits)
    if remote:
        return [remote]
    path = path_from(word)
    if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir may raise, for instance for names too long
        counts = skipped.setdefault(word, Counter())
        return [file_source(file, limits, is_explicit=False) for file in _pictures_in(path, counts, include_paintings=False)]
    if os.path.lexists(path) or not glob.has_magic(word):
        return [file_source(path, limits)]
    counts = skipped.setdefault(word, Counter())
    return [file_source(file, limits, is_explicit=False) for file in _matches(word, counts)]


def _pictures_in(folder: Path, skipped: Counter[str], *, include_paintings: bool) -> list[Path]:
    """The pictures directly inside a folder, sorted by name. Other files are counted by kind in `skipped`.

    Raises:
        NoPictures: when there are none.
        FileUnreadable: when the folder may not be read.
    """
    try:
        found = _select(sorted(folder.iterdir()), skipped, include_paintings=include_paintings)
    except OSError as error:
        raise FileUnreadable(f"The folder {folder} cannot be read. Check its permissions.") from error
    if not found:
        raise NoPictures(f"There is no picture in the folder {folder}.{_hint(skipped)}")
    return found


def _matches(pattern: str, skipped: Counter[str]) -> list[Path]:
    found = map(Path, glob.glob(pattern, recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern
    matches = _select(sorted(found), skipped, include_paintings=False)
    if "**" in pattern:
        del skipped[_FOLDER]  # the pattern descends into them
    if not matches:
        raise NoPictures(f"No picture matches the pattern {pattern}.{_hint(skipped)}")
    return matches


def _select(paths: Iterable[Path], skipped: Counter[str], *, include_paintings: bool) -> list[Path]:
    selected = []
    for path in paths:
        kind = _reason_to_skip(path, include_paintings=include_paintings)
        if kind is None:
            selected.append(path)
        elif kind:
            skipped[kind] += 1
    return selected


def _reason_to_skip(path: Path, *, include_paintings: bool) -> str | None:
    """The kind of a file that is skipped, or "" if it is not worth mentioning; None for a picture to use."""
    if path.name.startswith(".") or path.name.lower() in _SYSTEM_FILES:
        return ""
    if os.path.isdir(path):  # noqa: PTH112
        return _FOLDER
    if not os.path.isfile(path):  # noqa: PTH113
        return "broken link" if path.is_symlink() else "special file"
    if not images.has_input_suffix(path):
        return "" if recipes.read_if_json(path) else _extension(path)
    return _EARLIER_PAINTING if not include_paintings and recipes.find(path) else None


def _extension(path: Path) -> str:
    extension = path.suffix.lower()
    return extension if 1 < len(extension) <= _MAX_EXTENSION and extension[1:].isalnum() else "other file"


def _hint(skipped: Counter[str]) -> str:
    paintings = " To paint from an earlier painting, name its file." if skipped[_EARLIER_PAINTING] else ""
    found = f" Skipped: {describe_skipped(skipped)}." if skipped.total() else ""
    return f" Picture files end in {', '.join(images.INPUT_SUFFIXES)}.{found}{paintings}"


def _key(source: Source) -> str:
    return source.label if source.path is None else os.path.abspath(source.path)  # noqa: PTH100  # links stay distinct


def _styles_of(word: str, catalogue: Catalogue, limits: Limits) -> list[Source]:
    """An id has priority over a file of the same name, which `./name` selects."""
    if word in catalogue:
        entry = catalogue.get(word)
        path = entry.path if isinstance(entry.path, Path) else None
        return [Source(word, word, partial(catalogue.picture, word), lambda: entry.digest, path)]
    remote = address_source(word, limits)
    if remote:
        return [remote]
    path = path_from(word)
    if os.path.isdir(path):  # noqa: PTH112
        return [file_source(file, limits) for file in _pictures_in(path, Counter(), include_paintings=True)]
    if os.path.lexists(path):
        return [file_source(path, limits)]
    if images.has_input_suffix(path):
        raise UnknownStyle(f"There is no style and no file called {word!r}. Check its name and folder.")
    raise catalogue.unknown(word)


def _load_style(source: Source, part: str | None, limits: Limits) -> NamedStyle:
    try:
        style = NamedStyle(source.name, source.read(), source.digest(), source.path)
    except PasticheError as error:
        raise type(error)(f"{source.name}: {error}") from error
    return replace(style, part=style_parts.load(part, source, style.picture, limits)) if part is not None else style
