"""Log lines: one for a record, whatever is in it."""

import json
import logging
import sys

import pytest

from nst.logs import JsonLines, TextLines

FORGED = "x\n2026-11-28 22:00:00,000 CRITICAL root: FORGED\x1b[31m\r\u2028\x9b31m"


def record_of(error: Exception | None = None) -> logging.LogRecord:
    try:
        if error is not None:
            raise error
    except type(error or ValueError()):
        return logging.LogRecord("nst", logging.ERROR, "file", 1, "job %s", (FORGED,), sys.exc_info())
    return logging.LogRecord("nst", logging.ERROR, "file", 1, "job %s", (FORGED,), None)


@pytest.mark.parametrize("formatter", [TextLines("%(levelname)s %(name)s: %(message)s"), JsonLines()], ids=["text", "json"])
def test_a_message_is_one_line_without_control_characters(formatter: logging.Formatter) -> None:
    line = formatter.format(record_of())
    assert line.isprintable() or isinstance(formatter, JsonLines)
    assert len(line.split("\n")) == 1
    assert not {"\x1b", "\r"} & set(line)


def test_lines_of_a_traceback_do_not_look_like_records() -> None:
    first, *others = TextLines("%(message)s").format(record_of(ValueError(FORGED))).split("\n")
    assert first.startswith("job x\\n2026")
    assert others
    assert all(line.startswith("  ") and line.isprintable() for line in others)


def test_json_has_the_message_as_it_was() -> None:
    assert json.loads(JsonLines().format(record_of()))["message"] == f"job {FORGED}"
