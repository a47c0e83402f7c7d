"""Ids and titles of own styles, made from file names."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePath

LONGEST_ID = 64  # characters; object keys `style/<id>.jpg` allow no more
_DIGITS, _MORE_DIGITS = 8, 16  # hexadecimal digits of a digest in an id
_DEFAULT_SLUG = "style"
_NEGLIGIBLE = ("M", "P", "Z")  # Unicode categories that a slug may drop: accents, punctuation, spaces


@dataclass(frozen=True)
class OwnName:
    """The possible ids of a file, which do not depend on other files.

    Attributes:
        plain: the slug, if it keeps all letters of the name: "My style.jpg" is `my-style`.
        full: the slug with a digest of the file's name, `my-style-5d41402a`, which is unique.
        former: the id in earlier versions if no other file had the same slug; None for a name without a Latin letter or digit.
    """

    file: str
    plain: str | None
    full: str
    former: str | None


def slug(text: str) -> str:
    """A name in lower-case ASCII letters, digits and hyphens: "Der Schrei (1893)" becomes "der-schrei-1893"."""
    return _slug(_decoded(text)) or _DEFAULT_SLUG


def own_name(file: str) -> OwnName:
    text = _decoded(file)
    stem = PurePath(text).stem
    former = _slug(stem) or None
    plain = former if former and len(former) <= LONGEST_ID and not _loses_letters(stem) else None
    return OwnName(file, plain, _full(stem, _digest(unicodedata.normalize("NFC", text))[:_DIGITS]), former)


def assign_ids(files: Iterable[str], reserved: Collection[str]) -> dict[str, OwnName]:
    """The files by id: the plain one, or the full one if another style has the plain one.

    Of several files with the same plain id, `<id>.jpg` gets it, or else the first by name. So ids do not depend on when files were added.
    """
    found: dict[str, OwnName] = {}
    taken = set(reserved)
    for file in sorted(files, key=_rank):
        own = own_name(file)
        longest = _full(PurePath(file).stem, _digest(file)[:_MORE_DIGITS])  # for a file name that differs in Unicode normalisation only
        style_id = next((each for each in (own.plain, own.full) if each and each not in taken), longest)
        found[style_id] = own
        taken |= {style_id, own.full}
    return found


def title(file: str) -> str:
    """The file's name for people, in its own script."""
    stem = unicodedata.normalize("NFC", readable(PurePath(file).stem))
    words = re.sub(r"[\s_-]+", " ", stem).strip() or stem
    return words[:1].upper() + words[1:]


def readable(name: str) -> str:
    """A file's name with unprintable parts replaced: bytes that are not UTF-8, and control characters."""
    text = _encoded(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _rank(file: str) -> tuple[bool, bool, str]:
    return file != f"{own_name(file).plain}.jpg", not unicodedata.is_normalized("NFC", _decoded(file)), _decoded(file)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _loses_letters(text: str) -> bool:
    """Whether a slug drops a letter or a symbol."""
    return any(
        not letter.isascii() and unicodedata.category(letter)[0] not in _NEGLIGIBLE for letter in unicodedata.normalize("NFKD", text)
    )


def _full(stem: str, digest: str) -> str:
    return f"{slug(stem)[: LONGEST_ID - 1 - len(digest)].rstrip('-')}-{digest}"


def _digest(name: str) -> str:
    return hashlib.sha256(_encoded(name)).hexdigest()


def _decoded(name: str) -> str:
    """The name as Python has it in a UTF-8 locale: in others, parts of file names are undecoded bytes."""
    return _encoded(name).decode("utf-8", "surrogateescape")


def _encoded(name: str) -> bytes:
    """Always in UTF-8, unlike `os.fsencode`: ids must be the same on all machines of a fleet."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # JSON can have halves of a surrogate pair, which stand for no byte of a file name
        return name.encode("utf-8", "surrogatepass")
