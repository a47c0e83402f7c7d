"""Output of the commands: sentences for people or JSON for programs, in text that every terminal and every encoding can show."""

import codecs
import errno
import json
import os
import re
import sys
import unicodedata
from contextlib import suppress
from typing import TextIO

from typer.exceptions import TyperException

from nst.errors import CannotWrite, PasticheError, StoreUnavailable

_ENCODING_ERRORS = "pastiche"
_ASCII_LOOKALIKES = str.maketrans("\u2013\u2014\u2018\u2019\u201c\u201d\u00d7\u00b7\u2022\u2502\u2500", "--''\"\"x-*|-") | {0x2026: "..."}
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # emoji and several scripts need them


def print_result(sentence: str, facts: object, *, as_json: bool, to_stderr: bool = False) -> None:
    """Print a sentence for people, or the facts as one line of JSON.

    Args:
        to_stderr: for runs whose standard output is a painting.
    """
    _write_line(to_json(facts) if as_json else sentence, to_stderr=to_stderr)


def print_note(sentence: str, facts: object, *, as_json: bool, to_stderr: bool = False) -> None:
    """Print what is not a result: a sentence on standard error, or JSON where `print_result` prints it."""
    print_result(sentence, facts, as_json=as_json, to_stderr=to_stderr or not as_json)


def print_error(error: PasticheError | TyperException, *, as_json: bool, photo: str | None = None, to_stderr: bool = False) -> None:
    """Print an error as a note, with the photo that it is about if there is one."""
    sentence = _sentence(error)
    facts = {"error": sentence, "code": error.exit_code}
    if photo is not None:
        facts, sentence = {"photo": photo, **facts}, f"{photo}: {sentence}"
    print_note(one_line(sentence), facts, as_json=as_json, to_stderr=to_stderr)


def _sentence(error: PasticheError | TyperException) -> str:
    if isinstance(error, TyperException):
        return error.format_message()
    # The person at the command line of a store is its operator, so the technical reason is shown. Visitors do not see it.
    return error.reason if isinstance(error, StoreUnavailable) else str(error)


def _write_line(line: str, *, to_stderr: bool) -> None:
    """Write and flush a line. A reader that has closed the pipe is no error.

    Raises:
        CannotWrite: when the disk that standard output goes to is full. Raised once: later lines are dropped.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    if stream is None:  # the process was started without one
        return
    try:
        stream.write(line + "\n")
        stream.flush()
    except OSError as error:
        _discard_output(stream)
        if not to_stderr and error.errno != errno.EPIPE:
            raise CannotWrite(f"Standard output cannot be written ({reason_of(error)}).") from error


def _discard_output(stream: TextIO) -> None:
    """Send the rest of the stream's buffer to the null device. Otherwise Python fails on it again at exit."""
    with suppress(OSError, ValueError):
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, stream.fileno())
        os.close(null_device)


def reason_of(error: OSError) -> str:
    """What the system says about an error, for the middle of a sentence."""
    return (error.strerror or "no reason given").lower()


def decode_names(text: str) -> str:
    """Text with file names in it, whose bytes that Python could not decode (as in the C locale) are decoded as UTF-8 where possible."""
    has_raw_bytes = re.search("[\udc80-\udcff]", text) is not None
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") if has_raw_bytes else text


def one_line(text: str) -> str:
    """Text for a terminal. Control characters, line breaks included, and bytes that are not UTF-8 are written as escapes."""
    return "".join(map(_visible, decode_names(text)))


def to_json(facts: object) -> str:
    """JSON in ASCII. A byte of a file name that is not UTF-8 is written as \\udcXX, which Python decodes to the same name."""
    return re.sub(r"[^\x00-\x7f]", lambda match: json.dumps(match[0])[1:-1], decode_names(json.dumps(facts, ensure_ascii=False)))


def allow_all_characters() -> None:
    """Make standard output and standard error replace or escape the characters that their encoding lacks, instead of failing."""
    codecs.register_error(_ENCODING_ERRORS, _replacement)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a closed stream or one of a test may lack it
        if reconfigure is not None:
            reconfigure(errors=_ENCODING_ERRORS)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN_CATEGORIES or character in _JOINERS:
        return character
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _replacement(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101  # it is registered for output only
    plain = error.object[error.start : error.end].translate(_ASCII_LOOKALIKES)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end
