"""Between jobs and rows."""

import json
import sqlite3
from typing import Any

from nst.domain import Job, JobProgress, JobState, StyleParams, StyleRef


def row_of(job: Job) -> dict[str, Any]:
    """What is stored when a job is submitted; the other columns have defaults."""
    return {
        "id": job.id,
        "owner": job.owner,
        "token": job.token,
        "params": json.dumps(job.params.to_dict()),
        "styles": json.dumps([[style.name, style.share] for style in job.styles]),
        "lane": job.lane,
        "cost": job.cost,
        "public": job.public,
        "input_key": job.input_key,
        "size_bytes": job.size_bytes,
        "state": job.state,
        "max_attempts": job.max_attempts,
        "turn": job.turn,
        "created": job.created,
    }


def job_of(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        owner=row["owner"],
        token=row["token"],
        params=StyleParams.from_dict(json.loads(row["params"])),
        styles=tuple(StyleRef(name, share) for name, share in json.loads(row["styles"])),
        public=bool(row["public"]),
        input_key=row["input_key"],
        created=row["created"],
        size_bytes=row["size_bytes"],
        max_attempts=row["max_attempts"],
        state=JobState(row["state"]),
        attempt=row["attempt"],
        returns=row["returns"],
        turn=row["turn"],
        started=row["started"],
        finished=row["finished"],
        progress=JobProgress(row["fraction"], row["stage"], row["seconds_left"]),
        preview_key=row["preview_key"],
        output_key=row["output_key"],
        recipe=json.loads(row["recipe"]) if row["recipe"] else None,
        error=row["error"],
        cancel_requested=bool(row["cancel_requested"]),
        published=row["published"],
        hidden=bool(row["hidden"]),
    )
