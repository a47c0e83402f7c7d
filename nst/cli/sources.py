"""A picture in a file or at an address (http, https, data), which is read when it is needed."""

import hashlib
import os
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from PIL import Image

from nst import images
from nst.errors import FileUnreadable, NotAPicture, PictureTooLarge
from nst.images import Limits

DOWNLOAD_TIMEOUT = 10.0  # seconds, to connect and between two chunks

_MAX_NAME = 50  # characters of a downloaded file's name, which others have chosen and paintings are named after
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f]|^.*[/\\]|[:*?\"<>|]")  # folders, and characters that some file system refuses
_MAX_LABEL = 64  # characters of a data address in messages
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")


@dataclass(frozen=True)
class Source:
    """A picture that is not read yet.

    Attributes:
        label: its name in messages: a file's path, or an address as it was given.
        name: its name in recipes: a style's id, or a file's name without its folder.
        read: returns the picture, or raises FileUnreadable or InvalidImage.
        digest: returns the SHA-256 of the file, or raises FileUnreadable; None for a picture that is not a file of the user's.
        path: of the file, if it is one of the user's.
        is_explicit: whether the user named it, rather than a folder or pattern that contains it.
    """

    label: str
    name: str
    read: Callable[[], Image.Image]
    digest: Callable[[], str | None] = lambda: None
    path: Path | None = None
    is_explicit: bool = True


@dataclass(frozen=True)
class _Downloaded:
    """
    Attributes:
        is_page: whether the server calls it a web page, or it begins as one. It may be a picture nevertheless.
    """

    data: bytes
    is_page: bool


def file_source(path: Path, limits: Limits, *, is_explicit: bool = True) -> Source:
    return Source(str(path), path.name, partial(images.read, path, limits), partial(_digest, path), path, is_explicit)


def address_source(word: str, limits: Limits) -> Source | None:
    """The picture at an http, https or data address; None when the word names a file.

    An address of another kind gives a source whose `read` raises FileUnreadable.
    """
    try:
        address = _split(word)
    except FileUnreadable as error:
        return _unreadable(word, str(error))
    if address.scheme in ("http", "https"):
        remote = _RemotePicture(partial(_download, word.strip(), limits.max_bytes), limits)
        return Source(word, _file_name(address), remote.read, remote.digest)
    if address.scheme == "data":
        embedded = _RemotePicture(partial(_decode_data_address, word), limits)
        return Source(_shortened(word), "data", embedded.read, embedded.digest)
    if address.scheme == "file" or os.path.exists(word):  # noqa: PTH110  # Path.exists may raise, for instance for names too long
        return None
    if address.scheme and "://" in word:
        return _unreadable(word, f"Addresses that begin with {address.scheme} are not supported. Use http, https, file or data.")
    if re.match(r"(//)?www\.[^/]+\.[^/]+/|//[\w-]+(\.[\w-]+)+/", word, re.IGNORECASE):
        return _unreadable(word, f"There is no such file. If it is a web address, begin it with https://: https://{word.lstrip('/')}")
    return None


def path_from(word: str) -> Path:
    """The path that a word or a file address names."""
    address = _split(word)
    return Path(url2pathname(address.path)) if address.scheme == "file" else Path(word)


def _digest(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        FileUnreadable: when it is missing, is not a file, or may not be read.
    """
    try:
        if path.is_file():  # checked first, because opening a pipe would block
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        pass
    raise FileUnreadable("The file cannot be read. Check its permissions.")


def _split(word: str) -> SplitResult:
    try:
        return urlsplit(word)
    except ValueError as error:
        raise FileUnreadable("This is not a valid address. Check its brackets.") from error


def _file_name(address: SplitResult) -> str:
    """A name for a downloaded file: the last part of its address that can be a file's name, or else the server's name."""
    parts = (_NOT_IN_NAMES.sub("", unquote(part)).strip(" .") for part in reversed(address.path.split("/")))
    name = next((part for part in parts if Path(part).stem.strip(" .-_")), "")
    return "".join(filter(str.isprintable, name))[-_MAX_NAME:] or (address.hostname or "address").replace(":", "-")


class _RemotePicture:
    """A picture that is loaded from an address when it is read."""

    def __init__(self, load: Callable[[], _Downloaded], limits: Limits) -> None:
        self._load = load
        self._limits = limits
        self._digest: str | None = None

    def read(self) -> Image.Image:
        found = self._loaded()
        try:
            return images.decode(found.data, self._limits)
        except NotAPicture as error:
            if not found.is_page:
                raise
            raise NotAPicture("That address is a web page, not a picture. Open it, and copy the address of the picture itself.") from error

    def digest(self) -> str | None:
        if self._digest is None:
            self._loaded()
        return self._digest

    def _loaded(self) -> _Downloaded:
        found = self._load()
        self._digest = hashlib.sha256(found.data).hexdigest()  # the data itself is not kept: there may be many pictures
        return found


def _download(url: str, max_bytes: int) -> _Downloaded:
    """The file at an http or https address.

    Raises:
        PictureTooLarge: as soon as more than `max_bytes` arrive.
        FileUnreadable: when the server or a proxy cannot be reached, refuses, stalls, or redirects too often.
    """
    from nst.web import FetchedResponse, FetchError, ResponseTooLarge, fetch  # imported late: it takes a while

    def take(response: FetchedResponse) -> _Downloaded:
        data = b"".join(response.chunks(max_bytes))
        start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return _Downloaded(data, response.media_type in _HTML_TYPES or start.startswith(_HTML_STARTS))

    try:
        return fetch(url, take, timeout=DOWNLOAD_TIMEOUT)
    except ResponseTooLarge as error:
        raise PictureTooLarge(f"{error} Use a smaller picture.") from error
    except FetchError as error:
        raise FileUnreadable(str(error)) from error


def _decode_data_address(url: str) -> _Downloaded:
    """The file inside a data address (RFC 2397)."""
    head, comma, rest = url.partition(",")
    try:
        data = unquote_to_bytes(rest)
        data = b64decode(b"".join(data.split()) + b"==") if head.lower().rstrip().endswith(";base64") else data
    except ValueError as error:
        raise FileUnreadable("This data address is damaged. Copy all of it.") from error
    if not comma:
        raise FileUnreadable("This data address is damaged: it has no comma. Copy all of it.")
    return _Downloaded(data, is_page=False)


def _shortened(url: str) -> str:
    """A data address for messages: its beginning, length and a hash that distinguishes it from others."""
    digest = hashlib.sha256(os.fsencode(url)).hexdigest()
    return f"{url[: _MAX_LABEL // 2]}… ({len(url)} characters, {digest[:8]})" if len(url) > _MAX_LABEL else url


def _unreadable(word: str, sentence: str) -> Source:
    def read() -> Image.Image:
        raise FileUnreadable(sentence)

    return Source(word, word, read)
