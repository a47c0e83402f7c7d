"""Parts of style pictures, as words on the command line name them: STYLE@MASK."""

import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from nst import images
from nst.cli.sources import Source, address_source, file_source, path_from
from nst.domain import is_automatic
from nst.domain.regions import NAMES
from nst.errors import FileUnreadable, InvalidImage, PasticheError
from nst.images import Limits
from nst.styles import Catalogue


@dataclass(frozen=True)
class NamedPart:
    """The part of a style picture that is used.

    Attributes:
        name: its name in recipes: a file's, or that of a region that is found in the style picture.
        digest: the SHA-256 of the mask's file, if there is one.
        path: of that file, if it is one of the user's.
    """

    name: str
    mask: Image.Image
    digest: str | None = None
    path: Path | None = None


def split(word: str, catalogue: Catalogue) -> tuple[str, str | None]:
    """The word for a style, and that for the mask of its part, if there is one. Names of files and addresses may have an @ of their own."""
    if word in catalogue or _exists(word):
        return word, None
    splits = _splits(word)
    masks = [pair for pair in splits if _is_mask(pair[1])]
    styles = [pair for pair in splits if pair[0] in catalogue or _exists(pair[0])]
    whole = [pair for pair in masks if pair in styles] or masks or styles
    return whole[0] if whole else (word, None)


def split_styles(words: str) -> list[str]:
    """The words for styles with + between them. Names of files may have a + of their own: the longest word that names one is a style."""
    pieces, found = words.split("+"), []
    while pieces:
        length = next((each for each in range(len(pieces), 1, -1) if _has_plus_in_name("+".join(pieces[:each]))), 1)
        found.append("+".join(pieces[:length]))
        del pieces[:length]
    return found


def load(word: str, style: Source, picture: Image.Image, limits: Limits) -> NamedPart:
    """The part of a style's picture.

    Args:
        word: a file, an address, or the name of a region, which is then found in the style picture.

    Raises:
        FileUnreadable, InvalidImage: when it cannot be used. The sentence names it.
    """
    part = _found(word, picture) if is_automatic(word) else _read(word, limits)
    if part.mask.getbbox() is None and is_automatic(word):
        raise InvalidImage(f"{part.name}: Nothing was found for it in {style.name}. Choose another part, or use the whole picture.")
    if part.mask.getbbox() is None:
        raise InvalidImage(f"{part.name}: The mask is black everywhere; it must be white in the part of {style.name} to be used.")
    return part


def _found(name: str, picture: Image.Image) -> NamedPart:
    from nst.engine.region_proposals import propose  # its libraries take a while to load

    return NamedPart(name, propose(picture, name))


def _read(word: str, limits: Limits) -> NamedPart:
    source = address_source(word, limits)
    if source is None and not _exists(word):
        raise FileUnreadable(f"There is no mask {word!r} of a style: neither a file nor one of {NAMES}. Check its name and folder.")
    source = source or file_source(path_from(word), limits)
    try:
        return NamedPart(source.name, images.mask_of(source.read()), source.digest(), source.path)
    except PasticheError as error:
        raise type(error)(f"{source.name}: {error}") from error


def _has_plus_in_name(word: str) -> bool:
    """Whether the + in a word are of a file's name: a style's, a mask's after @, or both."""
    return any(all("+" not in name or _exists(name) for name in names) for names in [(word,), *_splits(word)])


def _splits(word: str) -> list[tuple[str, str]]:
    """The word in two, at each @ that has something before it."""
    return [(word[:place], word[place + 1 :]) for place, letter in enumerate(word) if letter == "@" and place]


def _is_mask(word: str) -> bool:
    return is_automatic(word) or _exists(word)


def _exists(word: str) -> bool:
    try:
        return bool(word) and os.path.lexists(path_from(word))
    except FileUnreadable:  # an address with a bracket too many
        return False
