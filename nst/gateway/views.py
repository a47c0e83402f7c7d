"""A job, a page and a style as programs see them, and the addresses where their pictures are."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from nst.domain import FeedEntry, Job, JobState
from nst.errors import InvalidRequest
from nst.service import Service
from nst.settings import Settings
from nst.styles import StyleEntry

SIGNED_SECONDS = 300.0
PREFIX = "/api"
_HOST = re.compile(r"[\w.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?", re.ASCII)


def base(settings: Settings, scheme: str, host: str) -> str:
    """What addresses begin with for a program that has called this host.

    Raises:
        InvalidRequest: when that is none.
    """
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    if not _HOST.fullmatch(host):
        raise InvalidRequest("The Host header is none.")
    return f"{'https' if scheme in ('https', 'wss') else 'http'}://{host}"


def job_view(service: Service, job: Job, viewer: str, base: str) -> dict[str, Any]:
    """Everything about a job that this viewer may know."""
    waiting = service.waiting(job.id, viewer) if viewer and job.state is JobState.QUEUED else None
    return {
        "requestId": job.id,
        "isPrivate": not job.public,
        "created": job.created,
        **progress_view(job),
        "jobsAhead": waiting.jobs_ahead if waiting else None,
        "secondsToStart": waiting.seconds if waiting else None,
        "result": result_address(service, job, viewer, base),
        "error": job.error,
    }


def progress_view(job: Job) -> dict[str, Any]:
    done = job.state is JobState.SUCCEEDED
    return {
        "state": job.state.value,
        "fraction": 1.0 if done else job.progress.fraction,
        "stage": job.progress.stage,
        "secondsLeft": 0.0 if done else job.progress.seconds_left,
    }


def failure_view(job: Job) -> dict[str, Any]:
    if job.state is JobState.CANCELLED:
        return {"error": "This painting was cancelled.", "code": "cancelled"}
    return {"error": job.error or "", "code": "failed"}


def result_address(service: Service, job: Job, viewer: str, base: str) -> str | None:
    """Where the painting is: for everybody if the gallery shows it, else signed, and for the next five minutes."""
    if job.output_key is None:
        return None
    if job.is_in_feed:
        return picture_address(job.output_key, base)
    until, signature = service.sign(job.id, viewer, SIGNED_SECONDS)
    return f"{picture_address(job.output_key, base)}?{urlencode({'until': until, 'signature': signature})}"


def picture_address(key: str, base: str) -> str:
    return f"{base}{PREFIX}/media/{key}"


def style_address(entry: StyleEntry, base: str) -> str:
    return picture_address(f"style/{entry.id}.jpg", base)


def styles_view(entries: Iterable[StyleEntry], base: str) -> list[dict[str, Any]]:
    return [{"name": entry.id, "title": entry.title, "line": entry.line, "url": style_address(entry, base)} for entry in entries]


def entry_view(entry: FeedEntry, base: str) -> dict[str, Any]:
    return {
        "requestId": entry.job_id,
        "result": picture_address(entry.output_key, base),
        "before": picture_address(entry.input_key, base),
        "styles": [style.name for style in entry.styles if not style.is_upload],
        "published": entry.published,
    }
