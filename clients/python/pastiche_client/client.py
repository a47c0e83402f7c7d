"""The studio over its REST door. It knows httpx and the contract, and nothing of the studio's own code."""

import base64
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

WAIT_SECONDS = 20.0  # for which the studio holds a question until there is news
_SLACK = 15.0
_FINAL = ("succeeded", "failed", "cancelled")

Picture = str | PathLike[str] | bytes
"""A path, or a picture file's bytes."""


class StudioError(Exception):
    """What the studio refused: `str(error)` is its sentence, `code` its word for programs."""

    def __init__(self, sentence: str, code: str, status: int) -> None:
        super().__init__(sentence)
        self.code, self.status = code, status


class PaintingFailed(Exception):
    """The job has ended without a painting."""

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
class Job:
    """A job as the studio last told.

    Attributes:
        state: queued, running, succeeded, failed or cancelled.
        fraction: from 0 to 1.
        seconds_left: while it is painted, once there is an estimate.
        jobs_ahead: while it waits.
        result: where the painting is; of a private one, for five minutes.
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
        return self.state in _FINAL

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
        key: an API key, for those who have one.
        patience: seconds for which a studio that does not answer is tried again.
    """

    def __init__(self, url: str, key: str | None = None, patience: float = 60.0) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/api", headers=headers, timeout=WAIT_SECONDS + _SLACK)
        # Everything here may be sent twice: a submission has an id, and the rest is reading or can only be done once.
        self._again = Retrying(
            retry=retry_if_exception_type(httpx.TransportError),
            wait=wait_exponential_jitter(multiplier=0.2, max=5.0),
            stop=stop_after_delay(patience),
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def stylize(
        self,
        photo: Picture,
        style: Picture,
        *,
        private: bool = True,
        params: Mapping[str, Any] | None = None,
        on_progress: Callable[[Job], None] | None = None,
        timeout: float | None = None,
    ) -> Painting:
        """The photo, painted.

        Args:
            style: the name of a style, or any picture.
            params: preset, strength, style_scale, keep_colours, smoothness, seed.
            on_progress: called with each news of the job.
            timeout: seconds after which the job is cancelled.

        Raises:
            StudioError: when the studio refuses.
            PaintingFailed: when the job ends without a painting.
            TimeoutError: when it took longer than `timeout`.
        """
        job = self.submit(photo, style, private=private, params=params)
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
        job_id: str | None = None,
        webhook: Mapping[str, str] | None = None,
    ) -> Job:
        """Puts a photo in line, and returns at once.

        Args:
            job_id: the same is painted once, however often it is submitted; by default a new one.
            webhook: {url, secret}; see the studio's description.
        """
        body = {
            "requestId": job_id or secrets.token_hex(16),
            "image": _data_url(_read(photo)),
            "style": _style(style),
            "isPrivate": private,
            "params": dict(params or {}),
        }
        if webhook is not None:
            body["webhook"] = dict(webhook)
        return Job._of(self._ask("POST", "/jobs", json=body).json())

    def job(self, job_id: str) -> Job:
        """As it is now."""
        return Job._of(self._ask("GET", f"/jobs/{job_id}").json())

    def wait(self, job_id: str, *, on_progress: Callable[[Job], None] | None = None, timeout: float | None = None) -> Job:
        """As it is at its end.

        Raises:
            TimeoutError: when that does not come in time; the job goes on.
        """
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        tag = ""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"The painting is not ready after {timeout:g} seconds.")
            seconds = f"{min(WAIT_SECONDS, left):.3f}"
            answer = self._ask("GET", f"/jobs/{job_id}", params={"wait": seconds}, headers={"If-None-Match": tag} if tag else {})
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                continue
            tag, job = answer.headers["ETag"], Job._of(answer.json())
            if on_progress is not None:
                on_progress(job)
            if job.is_final:
                return job

    def cancel(self, job_id: str) -> Job:
        return Job._of(self._ask("POST", f"/jobs/{job_id}/cancel").json())

    def delete(self, job_id: str) -> None:
        """The job and all its pictures."""
        self._ask("DELETE", f"/jobs/{job_id}")

    def result(self, job: Job) -> Painting:
        answer = self._ask("GET", f"/jobs/{job.id}/result")
        return Painting(job, answer.content, answer.headers["Content-Type"])

    def styles(self) -> list[Style]:
        return [Style(**style) for style in self._ask("GET", "/styles").json()]

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._again(self._http.request, method, path, **options)
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        raise _error(answer)


def _error(answer: httpx.Response) -> StudioError:
    try:
        problem = answer.json()
        return StudioError(problem["error"], problem["code"], answer.status_code)
    except (ValueError, KeyError, TypeError):  # somebody in between has answered
        return StudioError(f"The server answers with status {answer.status_code}.", "unknown", answer.status_code)


def _style(style: Picture) -> str:
    """What is no file is a name."""
    if isinstance(style, str) and not Path(style).is_file():
        return style
    return _data_url(_read(style))


def _read(picture: Picture) -> bytes:
    return picture if isinstance(picture, bytes) else Path(picture).read_bytes()


def _data_url(data: bytes) -> str:
    """Of no type in particular: the studio looks at the bytes."""
    return "data:image/*;base64," + base64.b64encode(data).decode()
