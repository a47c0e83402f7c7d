"""How a process writes its log: lines for people, or one JSON object a line for programs. It knows no settings.

A line about a job carries the job's id in a field of its own (`extra={"job_id": …}`), from the page that submits it to the worker.
"""

import json
import logging
from datetime import UTC, datetime

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(form: str) -> None:
    """
    Args:
        form: "text" or "json".
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


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
