"""The letters of the done queue, which existing agents and clients speak, too. JSON in and out; no library, no queue.

    {"resultKey": KEY, "requestId": "<front end>::<job id>"}                a painting is there: all that an agent has to say
    {..., "attempt": 1, "size": 81234, "recipe": {...}}                     the same from ours, which says more
    {"kind": "progress", "requestId": ..., "fraction": 0.4, "stage": ...}   and other kinds: failed, interrupted, cancel
    {"source": "aws.batch", "detail-type": "Batch Job State Change", ...}   from AWS Batch itself, by way of EventBridge

`attempt` is the record's, the fencing token. An agent that does not know of it speaks for the present one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nst.domain import JobProgress

FRONT_END = "studio"
_EVENT = "Batch Job State Change"
_MAX_TEXT = 500


class Unreadable(ValueError):
    """A letter that is none of ours."""


@dataclass(frozen=True)
class Sender:
    """Who writes about what.

    Attributes:
        attempt: None from an agent that knows of none.
        assignment: of the machines' keeper; empty when it is not known.
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
    """`size` is None from an agent that does not say it."""

    sender: Sender
    result_key: str
    size: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """`error` is a sentence for the user."""

    sender: Sender
    error: str


@dataclass(frozen=True)
class Advanced:
    sender: Sender
    progress: JobProgress
    preview_key: str | None = None


@dataclass(frozen=True)
class Interrupted:
    """The machine is taken away, or something that it needs is. Whether there will be another, its keeper tells."""

    sender: Sender


@dataclass(frozen=True)
class Cancel:
    """From the studio to itself: the owner wants it to stop."""

    sender: Sender


@dataclass(frozen=True)
class StateChanged:
    """What the machines' keeper has seen. `status` is Batch's word."""

    sender: Sender
    status: str
    reason: str = ""
    exit_code: int | None = None


Message = Painted | Failed | Advanced | Interrupted | Cancel | StateChanged


def request_id(job_id: str, front_end: str = FRONT_END) -> str:
    return f"{front_end}::{job_id}"


def job_id_of(request: str) -> str:
    """The job id of a request id; a front end may put anything before it.

    Raises:
        Unreadable: when there is none.
    """
    _, separator, job_id = request.rpartition("::")
    if not separator or not job_id:
        raise Unreadable("a request id without a job id")
    return job_id


def body_of(message: Painted | Failed | Advanced | Interrupted | Cancel) -> str:
    """The letter of a message."""
    sender = message.sender
    body: dict[str, Any] = {"requestId": sender.request_id, "attempt": sender.attempt, "assignment": sender.assignment or None}
    match message:
        case Painted():
            body |= {"resultKey": message.result_key, "size": message.size, "recipe": message.recipe}
        case Failed():
            body |= {"kind": "failed", "error": message.error}
        case Advanced(progress=progress):
            body |= {"kind": "progress", "fraction": progress.fraction, "stage": progress.stage}
            body |= {"secondsLeft": progress.seconds_left, "previewKey": message.preview_key}
        case Interrupted():
            body |= {"kind": "interrupted"}
        case Cancel():
            body |= {"kind": "cancel"}
    return json.dumps({name: value for name, value in body.items() if value is not None}, separators=(",", ":"))


def message_of(text: str) -> Message:
    """
    Raises:
        Unreadable: when the letter is none of ours.
    """
    try:
        body = json.loads(text)
        return _event(body) if body.get("detail-type") == _EVENT else _letter(body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"not a letter: {type(error).__name__}: {error}") from error


def _letter(body: Mapping[str, Any]) -> Message:
    request = str(body["requestId"])
    sender = Sender(job_id_of(request), _whole(body.get("attempt")), str(body.get("assignment", "")), request.rpartition("::")[0])
    kind = body.get("kind", "result")
    match kind:
        case "result":
            return Painted(sender, str(body["resultKey"]), _whole(body.get("size")), dict(body.get("recipe", {})))
        case "failed":
            return Failed(sender, str(body["error"])[:_MAX_TEXT])
        case "progress":
            left = body.get("secondsLeft")
            fraction = min(1.0, max(0.0, float(body["fraction"])))
            progress = JobProgress(fraction, str(body["stage"])[:_MAX_TEXT], None if left is None else float(left))
            return Advanced(sender, progress, body.get("previewKey"))
        case "interrupted":
            return Interrupted(sender)
        case "cancel":
            return Cancel(sender)
    raise Unreadable(f"an unknown kind: {kind!r}")


def _event(body: Mapping[str, Any]) -> StateChanged:
    detail = body["detail"]
    container = detail.get("container", {})
    sender = Sender(str(detail["jobName"]), attempt_in(detail.get("parameters", {})), str(detail["jobId"]))
    return StateChanged(sender, str(detail["status"]), reason_in(detail), _whole(container.get("exitCode")))


def reason_in(detail: Mapping[str, Any]) -> str:
    """Why a Batch job is as it is: it may say so of the job, of its container, or of both."""
    return " ".join(filter(None, (detail.get("statusReason"), detail.get("container", {}).get("reason"))))


def attempt_in(parameters: Mapping[str, Any]) -> int | None:
    """The record's attempt among a Batch job's parameters; 0, the job definition's default, stands for none."""
    return int(parameters.get("attempt") or 0) or None


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
