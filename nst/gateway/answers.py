"""What programs receive: models built from domain objects, for socket.io, REST and webhooks."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nst.domain import FeedEntry, Job, JobState, Page
from nst.gateway.requests import cursor_text
from nst.gateway.urls import PublicUrl, entry_url, picture_url, result_url, style_url
from nst.service import JobView
from nst.styles import StyleEntry


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class Problem(Answer):
    """What went wrong."""

    error: str = Field(description="a sentence for people")
    code: str = Field(description="a code for programs")


class ProgressAnswer(Answer):
    """How far a job is."""

    state: JobState
    fraction: float = Field(description="from 0 to 1")
    stage: str
    secondsLeft: float | None

    @classmethod
    def of(cls, job: Job) -> "ProgressAnswer":
        return cls(**_progress(job))


class JobAnswer(Answer):
    """A job as it is now."""

    requestId: str
    isPrivate: bool
    created: float = Field(description="seconds since 1970")
    state: JobState
    fraction: float = Field(description="from 0 to 1")
    stage: str
    secondsLeft: float | None
    jobsAhead: int | None = Field(description="while it waits")
    secondsToStart: float | None = Field(description="an estimate while it waits, if there is one")
    result: str | None = Field(description="the painting's URL; of a private one, valid for five minutes")
    error: str | None
    code: str | None = Field(description="a code for programs, when it failed or was cancelled")
    parent: str | None = Field(description="the job whose painting this one enlarges; it may have been deleted")

    @classmethod
    def of(cls, view: JobView, base: str) -> "JobAnswer":
        job = view.job
        return cls(
            requestId=job.id,
            isPrivate=not job.public,
            created=job.created,
            **_progress(job),
            jobsAhead=view.waiting.jobs_ahead if view.waiting else None,
            secondsToStart=view.waiting.seconds if view.waiting else None,
            result=result_url(view, base),
            error=job.error,
            code=failure(job).code if job.state in (JobState.FAILED, JobState.CANCELLED) else None,
            parent=job.parent,
        )


class StyleAnswer(Answer):
    name: str
    title: str
    line: str
    url: str

    @classmethod
    def of(cls, entry: StyleEntry, base: str) -> "StyleAnswer":
        return cls(name=entry.id, title=entry.title, line=entry.line, url=style_url(entry, base))


class ImageAnswer(Answer):
    requestId: str
    result: str
    before: str
    styles: list[str]
    published: float
    title: str | None = Field(description="that the owner has given it")
    likes: int = Field(description="visitors who like it")

    @classmethod
    def of(cls, entry: FeedEntry, base: str, public_url: PublicUrl) -> "ImageAnswer":
        return cls(
            requestId=entry.job_id,
            result=entry_url(entry, base, public_url),
            before=(public_url(entry.input_key) if entry.input_key else None) or picture_url(entry.input_key or entry.output_key, base),
            styles=list(dict.fromkeys(style.name for group in entry.style_groups for style in group if not style.is_upload)),
            published=entry.published,
            title=entry.title,
            likes=entry.likes,
        )


class PageAnswer(Answer):
    images: list[ImageAnswer]
    cursor: str | None = Field(description="where the next page begins; null after the last")

    @classmethod
    def of(cls, page: Page, base: str, public_url: PublicUrl) -> "PageAnswer":
        return cls(images=[ImageAnswer.of(entry, base, public_url) for entry in page.entries], cursor=cursor_text(page.following))


class LimitsAnswer(Answer):
    formats: list[str]
    maxBytes: int
    maxPixels: int
    minSide: int
    params: list[str]
    maxRegions: int
    regions: list[str] = Field(description="names that need no mask, besides colours")
    uploadsPerMinute: int
    jobs: int
    needsKey: bool


def failure(job: Job) -> Problem:
    """Why a job ended without a painting."""
    if job.state is JobState.CANCELLED:
        return Problem(error="This painting was cancelled.", code="cancelled")
    return Problem(error=job.error or "", code=job.error_code or "failed")


def _progress(job: Job) -> dict[str, Any]:
    done = job.state is JobState.SUCCEEDED
    return {
        "state": job.state,
        "fraction": 1.0 if done else job.progress.fraction,
        "stage": job.progress.stage,
        "secondsLeft": 0.0 if done else job.progress.seconds_left,
    }
