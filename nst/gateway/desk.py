"""What a program can ask for, whichever door it comes in by. Answers are plain values; refusals are PasticheErrors."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import lru_cache, partial
from typing import Any, TypeVar

from nst import images
from nst.domain import Job, JobState, is_key, media_type, new_id
from nst.errors import NotAllowed, ObjectMissing, PasticheError, UnknownJob, UnknownStyle
from nst.gateway import callers, views
from nst.gateway.callers import Caller
from nst.gateway.contract import PageRequest, SocketSubmission, Submission, cursor_of, cursor_text
from nst.gateway.limits import Addresses
from nst.gateway.outbound import Outbound
from nst.gateway.room import busy
from nst.images import Format, Limits
from nst.service import Service
from nst.settings import Settings
from nst.store.ports import Webhook

Answer = TypeVar("Answer")
_READERS, _QUALITY = 8, 90
_TURN_SECONDS = 10.0  # less than servers wait for an answer to a ping, which lies unread behind a submission that waits


class Desk:
    """Thread pools apart for what takes a millisecond and what decodes a photo, so that no submission delays an answer."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service, self.settings = service, settings
        self.limits = Limits.of(settings)
        self.outbound = Outbound(settings.webhooks_inside)
        self._addresses = Addresses(settings.uploads_per_minute, settings.jobs_per_visitor)
        self._readers = ThreadPoolExecutor(_READERS, "gateway-read")
        painters = max(2, (os.cpu_count() or 2) // 2)
        self._painters, self._turns = ThreadPoolExecutor(painters, "gateway-submit"), asyncio.Semaphore(painters)
        self._style_picture = lru_cache(maxsize=64)(self._encoded_style)

    async def read(self, call: Callable[..., Answer], *args: Any) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(call, *args))

    def close(self) -> None:
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._painters.shutdown(wait=False, cancel_futures=True)

    async def submit(self, caller: Caller, submission: Submission | SocketSubmission, base: str) -> dict[str, Any]:
        """The job's view. The same `requestId` again is the same job, and counts for nothing.

        Raises:
            ServerBusy: when others are before it for too long.
        """
        if submission.webhook is not None:
            await self.outbound.check(submission.webhook.url)
        if submission.requestId is not None:
            with suppress(UnknownJob):
                job, viewer = await self.read(callers.find, self.service, caller, submission.requestId)
                if viewer:
                    return await self.read(self._known, submission, job, viewer, base)
        job_id = submission.requestId or new_id()
        async with self._turn():
            return await asyncio.get_running_loop().run_in_executor(self._painters, self._submit, caller, submission, job_id, base)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise busy() from None
        try:
            yield
        finally:
            self._turns.release()

    async def look(self, caller: Caller, job_id: str, base: str) -> dict[str, Any]:
        def looked() -> dict[str, Any]:
            job, viewer = callers.find(self.service, caller, job_id)
            return views.job_view(self.service, job, viewer, base)

        return await self.read(looked)

    async def viewer(self, caller: Caller, job_id: str) -> str:
        """In whose name this caller sees the job; empty for a stranger to whom the gallery shows it."""
        _, viewer = await self.read(callers.find, self.service, caller, job_id)
        return viewer

    async def cancel(self, caller: Caller, job_id: str, base: str) -> dict[str, Any]:
        def cancelled() -> dict[str, Any]:
            owner = self._owner(caller, job_id)
            return views.job_view(self.service, self.service.cancel(job_id, owner), owner, base)

        return await self.read(cancelled)

    async def delete(self, caller: Caller, job_id: str) -> None:
        await self.read(lambda: self.service.delete(job_id, self._owner(caller, job_id)))

    async def result(self, caller: Caller, job_id: str) -> tuple[bytes, str, bool]:
        """The painting's file, its media type, and whether everybody may see it."""

        def found() -> tuple[bytes, str, bool]:
            job, viewer = callers.find(self.service, caller, job_id)
            return self.service.result(job_id, viewer), media_type(job.output_key or job.input_key), job.is_in_feed

        return await self.read(found)

    async def media(self, key: str, until: int | None, signature: str | None) -> tuple[bytes, str, bool]:
        """The picture with this key, its media type, and whether everybody may see it.

        Raises:
            PasticheError: when there is none, or it is not for strangers and the signature is not right.
        """
        return await self.read(self._media, key, until, signature)

    async def styles(self, base: str) -> list[dict[str, Any]]:
        return views.styles_view(self.service.styles(), base)

    async def images(self, page: PageRequest, base: str) -> dict[str, Any]:
        found = await self.read(self.service.feed, page.limit, cursor_of(page.cursor))
        return {"images": [views.entry_view(entry, base) for entry in found.entries], "cursor": cursor_text(found.following)}

    def _submit(self, caller: Caller, submission: Submission | SocketSubmission, job_id: str, base: str) -> dict[str, Any]:
        if caller.owner is not None:
            return self._accept(caller, submission, job_id, base)
        with self._addresses.counted(caller.address, job_id, self._is_active):
            return self._accept(caller, submission, job_id, base)

    def _accept(self, caller: Caller, submission: Submission | SocketSubmission, job_id: str, base: str) -> dict[str, Any]:
        owner = caller.owner_of(job_id)
        job = self.service.submit(owner, submission.order(submission.image, self.limits, job_id), caller.quota)
        return self._known(submission, job, owner, base)

    def _known(self, submission: Submission | SocketSubmission, job: Job, owner: str, base: str) -> dict[str, Any]:
        """The view of a job that is stored, with its webhook: whoever submitted it may have died in between, and is sent the same again.

        Of one that has ended, the view tells; and sending it again and again may not have others called again and again.
        """
        if submission.webhook is not None and not job.state.is_terminal:
            wanted = submission.webhook
            self.service.webhooks.put(Webhook(job.id, owner, wanted.url, wanted.secret, base), job.created)
        return views.job_view(self.service, job, owner, base)

    def _is_active(self, job_id: str) -> bool:
        try:
            return not self.service.get(job_id, callers.bearer(job_id)).state.is_terminal
        except PasticheError:
            return False

    def _owner(self, caller: Caller, job_id: str) -> str:
        _, viewer = callers.find(self.service, caller, job_id)
        if not viewer:
            raise NotAllowed("This painting is in the gallery. Only the key that it was submitted with may change it.")
        return viewer

    def _media(self, key: str, until: int | None, signature: str | None) -> tuple[bytes, str, bool]:
        if not is_key(key):
            raise _no_picture()
        if key.startswith("style/"):
            return self._style_picture(key.removeprefix("style/").removesuffix(".jpg")), Format.JPEG.media_type, True
        job_id = key.rpartition("/")[2].partition(".")[0]
        if signature is not None and until is not None:
            data, wanted = self.service.signed_result(job_id, until, signature), "output"
            if f"/{wanted}/" not in key:
                raise _no_picture()
            return data, media_type(key), False
        job = self.service.get(job_id, "")
        if job.state is not JobState.SUCCEEDED or key not in (job.output_key, job.input_key):
            raise _no_picture()
        data = self.service.result(job_id, "") if key == job.output_key else self.service.photo(job_id, "")
        return data, media_type(key), True

    def _encoded_style(self, name: str) -> bytes:
        try:
            return images.encode(self.service.style_picture(name), Format.JPEG, _QUALITY)
        except UnknownStyle:
            raise _no_picture() from None


def _no_picture() -> ObjectMissing:
    return ObjectMissing("There is no such picture, or it is somebody else's. An address that is signed is good for five minutes.")
