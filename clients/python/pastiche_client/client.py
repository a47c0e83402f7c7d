"""A client of the studio's REST API. Uses httpx, and none of the studio's own code."""

import base64
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from pastiche_client.connection import Connection

WAIT_SECONDS = 20.0  # that the studio holds a request until the job changes
_SLACK_SECONDS = 15.0  # more that an answer may take
_FINAL_STATES = ("succeeded", "failed", "cancelled")

Picture = str | PathLike[str] | bytes
"""A path, or the bytes of a picture file."""


class PaintingFailed(Exception):
    """The job ended without a painting."""

    def __init__(self, job: "Job") -> None:
        super().__init__(job.error or f"The painting was {job.state}.")
        self.job = job


@dataclass(frozen=True)
class Style:
    name: str
    title: str
    line: str
    url: str


@dataclass(frozen=True)
class Region:
    """A part of the painting with a style of its own. Later regions cover earlier ones.

    Attributes:
        mask: a picture that is white inside, in the photo's shape; or the name of a region that the studio finds, as "sky" or "faces",
            or "colour:#4466aa" for all places of about that colour.
        style: the name of a style, or any picture; None to keep the photo.
        strength: from 0 to 1; None for the painting's.
        style_part: the part of the style's picture that is used, as a mask of any shape or a name; None for the whole picture.
    """

    mask: Picture
    style: Picture | None = None
    strength: float | None = None
    style_part: Picture | None = None

    def _as_json(self) -> dict[str, Any]:
        part = {} if self.style_part is None else {"part": _name_or_picture(self.style_part)}
        styles = [] if self.style is None else [{"style": _name_or_picture(self.style), **part}]
        return {"mask": _name_or_picture(self.mask), "styles": styles, "strength": self.strength}


@dataclass(frozen=True)
class Job:
    """A job as the studio last reported it.

    Attributes:
        state: queued, running, succeeded, failed or cancelled.
        fraction: of the work, from 0 to 1.
        seconds_left: while it is painted, once there is an estimate.
        jobs_ahead: while it waits.
        result: the painting's URL; of a private one, valid for five minutes.
    """

    id: str
    state: str
    fraction: float
    stage: str
    seconds_left: float | None
    jobs_ahead: int | None
    is_private: bool
    result: str | None
    error: str | None

    @property
    def is_final(self) -> bool:
        return self.state in _FINAL_STATES

    @classmethod
    def _of(cls, answer: Mapping[str, Any]) -> "Job":
        return cls(
            answer["requestId"],
            answer["state"],
            answer["fraction"],
            answer["stage"],
            answer["secondsLeft"],
            answer["jobsAhead"],
            answer["isPrivate"],
            answer["result"],
            answer["error"],
        )


@dataclass(frozen=True)
class Painting:
    job: Job
    data: bytes
    media_type: str

    def save(self, path: str | PathLike[str]) -> None:
        Path(path).write_bytes(self.data)


class Client:
    """
    Args:
        url: of the studio: `http://localhost:8600`.
        key: an API key, optional.
        patience: seconds during which requests are retried when the studio does not answer.

    Raises:
        StudioUnreachable: when the URL is not valid, or that of a proxy in the environment is not.
    """

    def __init__(self, url: str, key: str | None = None, patience: float = 60.0) -> None:
        self._connection = Connection(url, key, WAIT_SECONDS + _SLACK_SECONDS, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def stylize(
        self,
        photo: Picture,
        style: Picture,
        *,
        private: bool = True,
        params: Mapping[str, Any] | None = None,
        regions: Sequence[Region] = (),
        on_progress: Callable[[Job], None] | None = None,
        timeout: float | None = None,
    ) -> Painting:
        """Paint a photo, and wait for the painting.

        Args:
            style: the name of a style, or any picture.
            params: mode, preset, strength, style_scale, keep_colours, smoothness, seed.
            regions: parts of the painting with other styles, or kept as the photo.
            on_progress: called each time the job has changed.
            timeout: seconds after which the job is cancelled.

        Raises:
            StudioError: when the studio refuses.
            StudioUnreachable: when it does not answer; a subclass of StudioError.
            PaintingFailed: when the job ends without a painting.
            TimeoutError: when it takes longer than `timeout`.
        """
        job = self.submit(photo, style, private=private, params=params, regions=regions)
        try:
            job = self.wait(job.id, on_progress=on_progress, timeout=timeout)
        except TimeoutError:
            self.cancel(job.id)
            raise
        if job.state != "succeeded":
            raise PaintingFailed(job)
        return self.result(job)

    def submit(
        self,
        photo: Picture,
        style: Picture,
        *,
        private: bool = True,
        params: Mapping[str, Any] | None = None,
        regions: Sequence[Region] = (),
        job_id: str | None = None,
        webhook: Mapping[str, str] | None = None,
    ) -> Job:
        """Submit a photo, and return at once.

        Args:
            job_id: submitted again, it is the same job; by default a new one.
            webhook: {url, secret}, described in the studio's docs/gateway.md.
        """
        body: dict[str, Any] = {
            "requestId": job_id or secrets.token_hex(16),
            "image": _data_url(_read(photo)),
            "style": _name_or_picture(style),
            "isPrivate": private,
            "params": dict(params or {}),
        }
        if regions:
            body["regions"] = [region._as_json() for region in regions]
        if webhook is not None:
            body["webhook"] = dict(webhook)
        return self._job("POST", "/jobs", json=body)

    def submit_larger(
        self,
        job_id: str,
        size: int,
        *,
        private: bool = True,
        larger_id: str | None = None,
        webhook: Mapping[str, str] | None = None,
    ) -> Job:
        """Submit a larger version of a finished painting, and return at once. It is a job of its own.

        Args:
            job_id: of the painting, which must be yours.
            size: long side of the larger version in pixels, up to 8192.
            larger_id: submitted again, it is the same job; by default a new one.
            webhook: as of `submit`.
        """
        body: dict[str, Any] = {"requestId": larger_id or secrets.token_hex(16), "size": size, "isPrivate": private}
        if webhook is not None:
            body["webhook"] = dict(webhook)
        return self._job("POST", f"/jobs/{job_id}/larger", json=body)

    def job(self, job_id: str) -> Job:
        """The job as it is now."""
        return self._job("GET", f"/jobs/{job_id}")

    def wait(self, job_id: str, *, on_progress: Callable[[Job], None] | None = None, timeout: float | None = None) -> Job:
        """Wait for the end of a job, and return it.

        Raises:
            TimeoutError: after `timeout` seconds; the job continues.
        """
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        tag = ""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"The painting is not ready after {timeout:g} seconds.")
            seconds = f"{min(WAIT_SECONDS, left):.3f}"
            answer = self._connection.request(
                "GET", f"/jobs/{job_id}", params={"wait": seconds}, headers={"If-None-Match": tag} if tag else {}
            )
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                continue
            tag, job = answer.headers.get("ETag", ""), Job._of(self._connection.json(answer))
            if on_progress is not None:
                on_progress(job)
            if job.is_final:
                return job

    def cancel(self, job_id: str) -> Job:
        return self._job("POST", f"/jobs/{job_id}/cancel")

    def delete(self, job_id: str) -> None:
        """Delete a job and all its pictures."""
        self._connection.request("DELETE", f"/jobs/{job_id}")

    def result(self, job: Job, format: str | None = None) -> Painting:
        """The painting's file.

        Args:
            format: jpeg, png, webp, or tiff, for printers; by default as it is stored.
        """
        answer = self._connection.request("GET", f"/jobs/{job.id}/result", params={"format": format} if format else {})
        return Painting(job, answer.content, answer.headers["Content-Type"])

    def styles(self) -> list[Style]:
        return [Style(**style) for style in self._connection.json(self._connection.request("GET", "/styles"))]

    def _job(self, method: str, path: str, **options: Any) -> Job:
        return Job._of(self._connection.json(self._connection.request(method, path, **options)))


def _name_or_picture(value: Picture) -> str:
    """A name, unless there is such a file."""
    if isinstance(value, str) and not Path(value).is_file():
        return value
    return _data_url(_read(value))


def _read(picture: Picture) -> bytes:
    return picture if isinstance(picture, bytes) else Path(picture).read_bytes()


def _data_url(data: bytes) -> str:
    """Without a media type: the studio detects it from the bytes."""
    return "data:image/*;base64," + base64.b64encode(data).decode()
