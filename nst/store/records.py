"""Job records as named fields, which each backend stores in its own way: SQLite as columns, Redis as texts."""

import json
from collections.abc import Mapping
from typing import Any

from nst.domain import Job, JobProgress, JobState, RegionRef, SharedLane, StyleParams, digests_of, styles_of

_COUNTS = ("size_bytes", "max_attempts", "attempt", "returns", "width", "height")
_COPIED = ("id", "owner", "token", "input_key", "created", "parent", "earlier_key", *_COUNTS)
_SET_LATER = ("started", "finished", "preview_key", "output_key", "error", "error_code", "published", "lease_until", "title", "kept_until")
_FLAGS = ("public", "cancel_requested", "hidden", "cleared", "has_thumbnails")


def fields_of(job: Job) -> dict[str, Any]:
    """The fields of a job that is submitted, without its virtual finish time (`turn`), which the queue sets."""
    return {
        **{name: getattr(job, name) for name in (*_COPIED, *_FLAGS)},
        "params": json.dumps(job.params.to_dict(), separators=(",", ":")),
        "styles": json.dumps([[style.name, style.share] for style in job.styles]),
        "style_digests": json.dumps(digests) if (digests := digests_of(job.styles)) else None,
        "regions": json.dumps([region.to_dict() for region in job.regions], separators=(",", ":")) if job.regions else None,
        "lane": job.lane.value,
        "cost": job.cost,
        "state": job.state.value,
        "fraction": job.progress.fraction,
        "stage": job.progress.stage,
    }


def restored_fields(job: Job) -> dict[str, Any]:
    """The fields of a job that has succeeded."""
    ended = {"turn": job.virtual_finish, **{name: getattr(job, name) for name in ("output_key", "finished", "published")}}
    return {**fields_of(job), **ended}


def job_of(fields: Mapping[str, Any]) -> Job:
    """The job of a record; fields that it lacks are unset, or were not stored by an earlier version."""
    plain: dict[str, Any] = {name: fields.get(name) for name in (*_COPIED, *_SET_LATER)}
    return Job(
        **plain | {name: bool(fields.get(name)) for name in _FLAGS},
        params=StyleParams.from_dict(json.loads(fields["params"])),
        styles=styles_of(json.loads(fields["styles"]), json.loads(fields.get("style_digests") or "{}")),
        regions=tuple(RegionRef.from_dict(region) for region in json.loads(fields.get("regions") or "[]")),
        likes=fields.get("likes") or 0,
        in_folder=fields.get("lane") == SharedLane.FOLDER,
        state=JobState(fields["state"]),
        virtual_finish=fields["turn"],
        progress=JobProgress(fields["fraction"], fields["stage"], fields.get("seconds_left")),
        recipe=json.loads(fields["recipe"]) if fields.get("recipe") else None,
    )
