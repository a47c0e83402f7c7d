"""ZIP files of a visitor's own paintings, which are sent while they are put together: one painting at a time is in memory."""

import logging
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from nst.domain import Job, JobState
from nst.errors import ObjectMissing, PasticheError, StoreUnavailable, UnknownJob
from nst.http_responses import PRIVATE
from nst.service import Service
from nst.ui import owner, singletons
from nst.ui.download_slots import DownloadSlots
from nst.ui.media import not_found

MOST = 100
"""Paintings of one file: their ids are in the URL."""

_CHUNK = 65_536  # bytes
_NAME = 120  # bytes of a title in a file's name, of which file systems allow 255
_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # that ZIP files know

log = logging.getLogger(__name__)
_slots = DownloadSlots(at_a_time=8, of_network=2)


class Archive:
    """The ASGI application of one request for a ZIP file: `?job=…&job=…`, for the owner of all these paintings alone."""

    def __init__(self, scope: Scope) -> None:
        self._request = Request(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            jobs = await run_in_threadpool(self._jobs)
        except StoreUnavailable as error:
            await PlainTextResponse(str(error), 503, {"Cache-Control": "no-store"})(scope, receive, send)
            return
        except PasticheError:
            await not_found()(scope, receive, send)
            return
        await _slots.send(Request(scope, receive), partial(self._response, jobs), send)

    async def _response(self, jobs: Sequence[Job]) -> StreamingResponse:
        headers = {"Content-Disposition": 'attachment; filename="pastiche.zip"', "Cache-Control": PRIVATE}
        chunks = zipped(singletons.service(), jobs) if self._request.method == "GET" else iter(())
        return StreamingResponse(chunks, media_type="application/zip", headers=headers)

    def _jobs(self) -> list[Job]:
        """
        Raises:
            UnknownJob: when one of them is not the visitor's own, or there are too many.
        """
        viewer, ids = owner.in_headers(self._request.headers), dict.fromkeys(self._request.query_params.getlist("job"))
        if not viewer or not 0 < len(ids) <= MOST:
            raise UnknownJob("Choose up to 100 paintings of your own.")
        jobs = [singletons.service().get(job_id, viewer) for job_id in ids]
        if not all(job.owner and job.state is JobState.SUCCEEDED for job in jobs):
            raise UnknownJob("There is no such painting.")
        return jobs


class ArchiveRoute:
    """The application that `Route` calls: one that is no function is not wrapped, and answers by itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Archive(scope)(scope, receive, send)


def zipped(service: Service, jobs: Sequence[Job]) -> Iterator[bytes]:
    """The bytes of a ZIP file with the paintings as they are stored; those that were deleted meanwhile are left out."""
    out = _Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:  # pictures are compressed already
        for number, job in enumerate(jobs, start=1):
            try:
                data = service.result(job.id, job.owner)
            except (UnknownJob, ObjectMissing):
                log.info("job %s was deleted while it was downloaded", job.id, extra={"job_id": job.id})
                continue
            with file.open(_entry(job, number, len(data)), "w") as entry:
                for start in range(0, len(data), _CHUNK):
                    entry.write(data[start : start + _CHUNK])
                    yield out.taken()
    yield out.taken()


class _Unseekable(BytesIO):
    """What was written since it was last taken. `ZipFile` writes sizes after each entry where it cannot go back."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def taken(self) -> bytes:
        data = self.getvalue()
        self.seek(0)
        self.truncate()
        return data


def _entry(job: Job, number: int, size: int) -> zipfile.ZipInfo:
    """Its name begins with a number, so that names differ and keep the order; letters and digits of the title follow."""
    ended = datetime.fromtimestamp(job.finished or 0.0, UTC)
    year = min(max(ended.year, _FIRST_YEAR), _LAST_YEAR)
    suffix = PurePosixPath(job.output_key or job.input_key).suffix
    name = f"{number:03d}-{_name(job.title or '')}-{job.id[:8]}{suffix}"
    entry = zipfile.ZipInfo(name, (year, ended.month, ended.day, ended.hour, ended.minute, ended.second))
    entry.file_size = size
    return entry


def _name(title: str) -> str:
    """Letters with their accents and digits, in lower case, with hyphens between words."""
    kept = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in title.lower())
    return "-".join(kept.split()).encode()[:_NAME].decode(errors="ignore").rstrip("-") or "pastiche"
