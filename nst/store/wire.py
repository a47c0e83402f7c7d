"""The messages of the done queue, which existing agents and clients send, too: JSON in and out.

    {"resultKey": KEY, "requestId": "<front end>::<job id>"}                a painting is stored: all that an agent must send
    {..., "attempt": 1, "size": 81234, "recipe": {...}, "thumbnails": true} the same from this project's agent
    {"kind": "progress", "requestId": ..., "fraction": 0.4, "stage": ...}   and other kinds: failed, interrupted, cancel
    {"source": "aws.batch", "detail-type": "Batch Job State Change", ...}   from AWS Batch itself, through EventBridge

`attempt` is the record's, which is the fencing token. A message without it counts for the current attempt.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nst.domain import JobProgress

FRONT_END = "studio"
NO_EARLIER = "none"
"""The parameter `earlier` of a batch job that begins with the photo."""
_EVENT = "Batch Job State Change"
_MAX_TEXT, _MAX_CODE = 500, 50


class MalformedMessage(ValueError):
    """A message that has none of these forms."""


@dataclass(frozen=True)
class Sender:
    """The job that a message is about, and its sender.

    Attributes:
        attempt: None from an agent that does not report it.
        assignment: id of the batch job; empty when it is not known.
    """

    job_id: str
    attempt: int | None = None
    assignment: str = ""
    front_end: str = FRONT_END

    @property
    def request_id(self) -> str:
        return request_id(self.job_id, self.front_end)


@dataclass(frozen=True)
class Painted:
    """`size` in bytes is None from an agent that does not report it, and `has_thumbnails` false from one that makes none."""

    sender: Sender
    result_key: str
    size: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    has_thumbnails: bool = False


@dataclass(frozen=True)
class Failed:
    """`error` is a sentence for the user, `code` a public error code."""

    sender: Sender
    error: str
    code: str | None = None


@dataclass(frozen=True)
class Advanced:
    sender: Sender
    progress: JobProgress
    preview_key: str | None = None


@dataclass(frozen=True)
class Interrupted:
    """The machine is being reclaimed, or has lost something that it needs. AWS Batch reports whether there will be another attempt."""

    sender: Sender


@dataclass(frozen=True)
class Cancel:
    """From the app to the relay: the owner wants the job to stop."""

    sender: Sender


@dataclass(frozen=True)
class StateChanged:
    """A change of a batch job. `status` is one of AWS Batch's."""

    sender: Sender
    status: str
    reason: str = ""
    exit_code: int | None = None


Message = Painted | Failed | Advanced | Interrupted | Cancel | StateChanged


def request_id(job_id: str, front_end: str = FRONT_END) -> str:
    return f"{front_end}::{job_id}"


def job_id_of(request: str) -> str:
    """The job id in a request id; a front end may put anything before `::`.

    Raises:
        MalformedMessage: when there is none.
    """
    _, separator, job_id = request.rpartition("::")
    if not separator or not job_id:
        raise MalformedMessage("a request id without a job id")
    return job_id


def encode_message(message: Painted | Failed | Advanced | Interrupted | Cancel) -> str:
    """The JSON text of a message."""
    sender = message.sender
    body: dict[str, Any] = {"requestId": sender.request_id, "attempt": sender.attempt, "assignment": sender.assignment or None}
    match message:
        case Painted():
            body |= {"resultKey": message.result_key, "size": message.size, "recipe": message.recipe}
            body |= {"thumbnails": True} if message.has_thumbnails else {}
        case Failed():
            body |= {"kind": "failed", "error": message.error, "code": message.code}
        case Advanced(progress=progress):
            body |= {"kind": "progress", "fraction": progress.fraction, "stage": progress.stage}
            body |= {"secondsLeft": progress.seconds_left, "previewKey": message.preview_key}
        case Interrupted():
            body |= {"kind": "interrupted"}
        case Cancel():
            body |= {"kind": "cancel"}
    return json.dumps({name: value for name, value in body.items() if value is not None}, separators=(",", ":"))


def decode_message(text: str) -> Message:
    """
    Raises:
        MalformedMessage: when it has none of the forms above.
    """
    try:
        body = json.loads(text)
        return _event(body) if body.get("detail-type") == _EVENT else _parsed(body)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MalformedMessage(f"not a message: {type(error).__name__}: {error}") from error


def _parsed(body: Mapping[str, Any]) -> Message:
    request = str(body["requestId"])
    sender = Sender(job_id_of(request), _whole(body.get("attempt")), str(body.get("assignment", "")), request.rpartition("::")[0])
    kind = body.get("kind", "result")
    match kind:
        case "result":
            size, recipe = _whole(body.get("size")), dict(body.get("recipe", {}))
            return Painted(sender, str(body["resultKey"]), size, recipe, body.get("thumbnails") is True)
        case "failed":
            code = body.get("code")
            return Failed(sender, str(body["error"])[:_MAX_TEXT], None if code is None else str(code)[:_MAX_CODE])
        case "progress":
            left = body.get("secondsLeft")
            fraction = min(1.0, max(0.0, float(body["fraction"])))
            progress = JobProgress(fraction, str(body["stage"])[:_MAX_TEXT], None if left is None else float(left))
            return Advanced(sender, progress, body.get("previewKey"))
        case "interrupted":
            return Interrupted(sender)
        case "cancel":
            return Cancel(sender)
    raise MalformedMessage(f"an unknown kind: {kind!r}")


def _event(body: Mapping[str, Any]) -> StateChanged:
    detail = body["detail"]
    container = detail.get("container", {})
    sender = Sender(str(detail["jobName"]), attempt_in(detail.get("parameters", {})), str(detail["jobId"]))
    return StateChanged(sender, str(detail["status"]), reason_in(detail), _whole(container.get("exitCode")))


def reason_in(detail: Mapping[str, Any]) -> str:
    """The reason of a batch job's status, which AWS gives for the job, for its container, or for both."""
    return " ".join(filter(None, (detail.get("statusReason"), detail.get("container", {}).get("reason"))))


def attempt_in(parameters: Mapping[str, Any]) -> int | None:
    """The record's attempt in a batch job's parameters; 0, the default in the job definition, means none."""
    return int(parameters.get("attempt") or 0) or None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
