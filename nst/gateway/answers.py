"""What the REST door answers, for its OpenAPI description."""

from pydantic import BaseModel, ConfigDict, Field

from nst.domain import JobState


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """What went wrong."""

    error: str = Field(description="a sentence for people")
    code: str = Field(description="a word for programs")


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
    secondsToStart: float | None = Field(description="while it waits, once there is something to estimate it from")
    result: str | None = Field(description="where the painting is; of a private one, for the next five minutes")
    error: str | None


class StyleAnswer(Answer):
    name: str
    title: str
    line: str
    url: str


class ImageAnswer(Answer):
    requestId: str
    result: str
    before: str
    styles: list[str]
    published: float


class PageAnswer(Answer):
    images: list[ImageAnswer]
    cursor: str | None = Field(description="where the next page begins; none after the last")


class LimitsAnswer(Answer):
    formats: list[str]
    maxBytes: int
    maxPixels: int
    minSide: int
    params: list[str]
    uploadsPerMinute: int
    jobs: int
    needsKey: bool
