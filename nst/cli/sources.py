"""A picture that a word on the command line means: a file, or what lies at an address. Read only when it is its turn."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import url2pathname

from PIL import Image

from nst import images
from nst.cli.download import download
from nst.errors import FileUnreadable
from nst.images import Limits

_LONGEST_NAME = 50  # letters: others have chosen it, and files are called after it


@dataclass(frozen=True)
class Source:
    """A picture that is not read yet.

    Attributes:
        said: what messages call it: a file's path, or an address as it was given.
        name: what a recipe calls it: a style's id, or a file's name without its folder.
        read: gives the picture, or raises FileUnreadable or InvalidImage.
    """

    said: str
    name: str
    read: Callable[[], Image.Image]


def in_file(path: Path, limits: Limits) -> Source:
    return Source(str(path), path.name, partial(images.read, path, limits))


def at_address(word: str, limits: Limits) -> Source | None:
    """What lies at an http or https address; None when the word is none.

    Raises:
        FileUnreadable: when it is an address that nothing can be fetched from.
    """
    address = _split(word)
    if address.scheme in ("http", "https"):
        name = "".join(filter(str.isprintable, Path(unquote(address.path)).name))[-_LONGEST_NAME:]
        return Source(word, name or str(address.hostname), lambda: images.decode(download(word, limits.max_bytes), limits))
    if address.netloc and address.scheme not in ("", "file"):
        raise FileUnreadable(f"Nothing can be fetched from {word}. Addresses of pictures begin with http, https or file.")
    return None


def path_of(word: str) -> Path:
    """A file's path, also out of its address (file:)."""
    address = _split(word)
    return Path(url2pathname(address.path)) if address.scheme == "file" else Path(word)


def _split(word: str) -> SplitResult:
    try:
        return urlsplit(word)
    except ValueError as error:
        raise FileUnreadable(f"{word} is not an address. Check it for missing or superfluous brackets.") from error
