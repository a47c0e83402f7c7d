"""How a process writes its log: lines for people, or one JSON object a line for programs. It knows no settings.

A line about a job carries the job's id in a field of its own (`extra={"job_id": …}`), from the page that submits it to the worker.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # new lines, and what terminals obey
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(form: str) -> None:
    """
    Args:
        form: "text" or "json".
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class TextLines(logging.Formatter):
    """One line for each record, and an indented traceback: nothing in a message or an error can pass for a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return _escaped(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return "\n".join(f"  {_escaped(line)}" for line in super().formatException(ei).splitlines())


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message; the job's id and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if job_id := getattr(record, "job_id", None):
            facts["job_id"] = job_id
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps(facts, ensure_ascii=False)


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
