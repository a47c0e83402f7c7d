"""Between jobs and hashes."""

import json
import struct
from collections.abc import Sequence

from nst.domain import Cursor, Job, JobProgress, JobState, StyleParams, StyleRef


def fields_of(job: Job) -> list[str]:
    """Fields and values by turns, as they are stored when a job is submitted; the queue adds the turn."""
    fields = {
        "id": job.id,
        "owner": job.owner,
        "token": job.token,
        "params": json.dumps(job.params.to_dict(), separators=(",", ":")),
        "styles": json.dumps([[style.name, style.share] for style in job.styles]),
        "lane": job.lane.value,
        "cost": repr(float(job.cost)),
        "public": flag(job.public),
        "input_key": job.input_key,
        "created": repr(float(job.created)),
        "size_bytes": str(job.size_bytes),
        "state": job.state.value,
        "attempt": str(job.attempt),
        "max_attempts": str(job.max_attempts),
        "returns": str(job.returns),
        "fraction": "0",
        "stage": "",
        "cancel_requested": flag(job.cancel_requested),
        "hidden": flag(job.hidden),
    }
    return [text for pair in fields.items() for text in pair]


def job_of(reply: Sequence[str]) -> Job:
    """From fields and values by turns."""
    fields = dict(zip(reply[::2], reply[1::2], strict=True))
    return Job(
        id=fields["id"],
        owner=fields["owner"],
        token=fields["token"],
        params=StyleParams.from_dict(json.loads(fields["params"])),
        styles=tuple(StyleRef(name, share) for name, share in json.loads(fields["styles"])),
        public=fields["public"] == "1",
        input_key=fields["input_key"],
        created=float(fields["created"]),
        size_bytes=int(fields["size_bytes"]),
        max_attempts=int(fields["max_attempts"]),
        state=JobState(fields["state"]),
        attempt=int(fields["attempt"]),
        returns=int(fields["returns"]),
        turn=float(fields["turn"]),
        started=_number(fields.get("started")),
        finished=_number(fields.get("finished")),
        progress=JobProgress(float(fields["fraction"]), fields["stage"], _number(fields.get("seconds_left"))),
        preview_key=fields.get("preview_key"),
        output_key=fields.get("output_key"),
        recipe=json.loads(fields["recipe"]) if "recipe" in fields else None,
        error=fields.get("error"),
        cancel_requested=fields["cancel_requested"] == "1",
        published=_number(fields.get("published")),
        hidden=fields["hidden"] == "1",
    )


def flag(value: bool) -> str:
    return "1" if value else "0"


def place(at: float, job_id: str = "") -> str:
    """Sorts as (at, job_id): the bytes of a double that is not negative sort as it does."""
    return struct.pack(">d", at).hex() + job_id


def behind(cursor: Cursor | None) -> str:
    return place(*cursor) if cursor else ""


def time_of(text: str) -> float:
    """The time that a place begins with."""
    (at,) = struct.unpack(">d", bytes.fromhex(text[:16]))
    return float(at)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
