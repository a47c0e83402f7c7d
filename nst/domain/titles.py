"""Titles that owners give their paintings, and the words by which paintings are found."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby, islice

from nst.errors import InvalidParams

MAX_TITLE = 80
"""Characters."""
MOST_WORDS = 12
"""Of a search. A title has as many as its characters allow."""

_MOST_MARKS = 3  # accents on one character: no writing system needs more, and stacks of them cover other lines
_LONGEST_WORD = 32  # characters
_JOINERS = "\u200c\u200d"  # Persian and emoji need them
_REFUSED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # control and format characters (which reverse text), halves, private and unassigned
_VOICING = "\u3099\u309a"  # in Japanese, they make another letter
_UNSPACED = (  # scripts without spaces between words, and Korean, which writes particles and compounds as one word
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"(?P<unspaced>(?:(?=[^\W_])[{_UNSPACED}])+)|[^\W_{_UNSPACED}]+")
_BLANK_LETTERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # which fonts draw as nothing


def normalised_title(text: str) -> str | None:
    """The title as it is stored: in Unicode's form C, with single spaces. None when nothing is left, which is no title.

    Raises:
        InvalidParams: when it is too long, or has characters that are invisible, change the direction of text or cover other lines.
    """
    if len(text) > 10 * MAX_TITLE:  # before any work
        raise _too_long()
    if any(unicodedata.category(each) in _REFUSED and each not in _JOINERS for each in text):
        raise InvalidParams("The title has characters that cannot be shown. Use letters, digits, punctuation and emoji.")
    title = " ".join(unicodedata.normalize("NFC", text).split())
    if len(title) > MAX_TITLE:
        raise _too_long()
    if any(is_mark and len(list(run)) > _MOST_MARKS for is_mark, run in groupby(title, _is_mark)):
        raise InvalidParams("The title has too many accents on one letter. Remove some of them.")
    return title if any(_is_visible(each) for each in title) else None


def words_of(text: str, most: int = MOST_WORDS) -> tuple[str, ...]:
    """The first words of a search or a style, each once, without regard to case and accents: "Élan" is "elan".

    Of scripts without spaces, they are all pairs of neighbouring characters, and the last character: a title is found by any part of it.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = unicodedata.normalize("NFC", "".join(each for each in decomposed if each in _VOICING or not _is_mark(each)))
    return tuple(islice(dict.fromkeys(word for run in _RUN.finditer(plain) for word in _words_of_run(run)), most))


def title_words(title: str) -> tuple[str, ...]:
    """The words by which a painting with this title is found."""
    return words_of(title, MAX_TITLE)


def _words_of_run(run: re.Match[str]) -> Iterator[str]:
    if run["unspaced"] is None:
        yield run[0][:_LONGEST_WORD]
    else:
        yield from (run[0][start : start + 2] for start in range(len(run[0])))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _is_visible(character: str) -> bool:
    return character not in _BLANK_LETTERS and unicodedata.category(character)[0] in "LNPS"


def _too_long() -> InvalidParams:
    return InvalidParams(f"A title has at most {MAX_TITLE} characters. Shorten it.")
