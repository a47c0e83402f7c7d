"""Tells connected programs what becomes of jobs: those that watch one, everything; all of them, what the gallery shows.

Every gateway hears every hint of the backend (`nst.store.ports.Completions`) and tells its own connections, so it does not matter on which
gateway a job was submitted, nor where it is painted; no gateway speaks through another, and nothing is told twice. Hints may be lost:
watched jobs and the head of the gallery are looked at from time to time in any case, which is also how progress is seen.

All news go through one task, in order: who begins to watch a job hears its present state first, and its end once.
"""

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from nst.domain import Job, JobState
from nst.errors import UnknownJob
from nst.gateway import views
from nst.gateway.contract import COMPLETED, FAILED, PROGRESS
from nst.gateway.desk import Desk

LOOK_SECONDS = 0.5
GALLERY_SECONDS = 3.0
_LISTEN_SECONDS = 0.5
_HEAD = 50
_REMEMBERED = 5000

log = logging.getLogger(__name__)


class Audience(Protocol):
    """The connections, as the herald needs to know them."""

    def base_of(self, connection: str) -> str | None:
        """What addresses for this connection begin with; None when it is gone."""
        ...

    def bases(self) -> Iterable[str]: ...

    async def tell(self, connection: str, event: str, body: dict[str, Any]) -> None: ...

    async def tell_all(self, base: str, event: str, body: dict[str, Any]) -> None: ...


@dataclass
class _Room:
    """Those who watch one job."""

    viewer: str
    members: set[str] = field(default_factory=set)
    told: object = None


class Herald:
    """
    Args:
        on_change: called with a job's id whenever a hint has come.
    """

    def __init__(self, desk: Desk, audience: Audience, on_change: Callable[[str], None]) -> None:
        self._desk, self._service, self._audience, self._on_change = desk, desk.service, audience, on_change
        self._rooms: dict[str, _Room] = {}
        self._news: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._shown: OrderedDict[str, None] = OrderedDict()
        self._oldest = 0.0
        self._leaving = threading.Event()

    def watch(self, connection: str, job_id: str, viewer: str) -> None:
        """From now on this connection hears of the job, beginning with its present state. Returns before anything is told."""
        self._news.put_nowait(lambda: self._join(connection, job_id, viewer))

    def is_watching(self, connection: str) -> bool:
        return any(connection in room.members for room in self._rooms.values())

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        await self._survive(self._remember_head)
        threading.Thread(target=self._listen, args=(loop,), name="gateway-hints", daemon=True).start()
        clocks = [asyncio.create_task(self._every(seconds, look)) for seconds, look in self._looks()]
        try:
            while True:
                await self._survive(await self._news.get())
        finally:
            self._leaving.set()
            for clock in clocks:
                clock.cancel()

    def _looks(self) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        return [(LOOK_SECONDS, self._look_at_rooms), (GALLERY_SECONDS, self._look_at_gallery)]

    async def _survive(self, news: Callable[[], Awaitable[None]]) -> None:
        """A store that is away is told of in the log, and looked at again later; the herald goes on."""
        try:
            await news()
        except Exception:
            log.exception("some news could not be told")

    async def _every(self, seconds: float, look: Callable[[], Awaitable[None]]) -> None:
        """Asks for a look, and again so long after it was taken."""
        while True:
            await asyncio.sleep(seconds)
            taken = asyncio.Event()

            async def look_once(taken: asyncio.Event = taken) -> None:
                try:
                    await look()
                finally:
                    taken.set()

            self._news.put_nowait(look_once)
            await taken.wait()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._leaving.is_set():
            try:
                with self._service.listen() as listener:
                    while not self._leaving.is_set():
                        for job_id in dict.fromkeys(listener.wait(_LISTEN_SECONDS)):
                            loop.call_soon_threadsafe(self._heard, job_id)
            except RuntimeError:  # the loop is closed
                return
            except Exception:
                log.exception("the hints cannot be heard; listening again")
                self._leaving.wait(_LISTEN_SECONDS)

    def _heard(self, job_id: str) -> None:
        self._news.put_nowait(lambda: self._changed(job_id))
        self._on_change(job_id)

    async def _changed(self, job_id: str) -> None:
        if job_id in self._rooms:
            await self._refresh(job_id)
        try:
            job = await self._desk.read(self._service.get, job_id, "")
        except UnknownJob:  # not public
            return
        if job.output_key is not None:
            await self._show(job_id, job.output_key)

    async def _join(self, connection: str, job_id: str, viewer: str) -> None:
        job = await self._desk.read(self._service.get, job_id, viewer)
        if not job.state.is_terminal:
            room = self._rooms.setdefault(job_id, _Room(viewer, told=_news_of(job)))
            room.members.add(connection)
        await self._tell(connection, job, viewer)

    async def _look_at_rooms(self) -> None:
        for job_id, room in list(self._rooms.items()):
            room.members = {member for member in room.members if self._audience.base_of(member) is not None}
            if room.members:
                await self._refresh(job_id)
            else:
                self._rooms.pop(job_id, None)

    async def _refresh(self, job_id: str) -> None:
        room = self._rooms[job_id]
        try:
            job = await self._desk.read(self._service.get, job_id, room.viewer)
        except UnknownJob as error:
            event, body = f"{FAILED}::{job_id}", {"error": str(error), "code": "deleted"}
            await self._close(job_id, lambda member: self._audience.tell(member, event, body))
            return
        if job.state.is_terminal:
            await self._close(job_id, lambda member: self._tell(member, job, room.viewer))
        elif _news_of(job) != room.told:
            room.told = _news_of(job)
            for member in list(room.members):
                await self._tell(member, job, room.viewer)

    async def _close(self, job_id: str, tell: Callable[[str], Awaitable[None]]) -> None:
        for member in self._rooms.pop(job_id).members:
            await tell(member)

    async def _tell(self, connection: str, job: Job, viewer: str) -> None:
        base = self._audience.base_of(connection)
        if base is not None:
            event, body = await self._desk.read(self._present, job, viewer, base)
            await self._audience.tell(connection, f"{event}::{job.id}", body)

    def _present(self, job: Job, viewer: str, base: str) -> tuple[str, dict[str, Any]]:
        if job.state is JobState.SUCCEEDED:
            return COMPLETED, {"result": views.result_address(self._service, job, viewer, base)}
        if job.state.is_terminal:
            return FAILED, views.failure_view(job)
        return PROGRESS, views.progress_view(job)

    async def _remember_head(self) -> None:
        """What the gallery shows already is no news; nor is what is older, when it comes to light again."""
        entries = (await self._desk.read(self._service.feed, _HEAD)).entries
        self._shown.update(dict.fromkeys(entry.job_id for entry in entries))
        self._oldest = entries[-1].published if entries else 0.0

    async def _look_at_gallery(self) -> None:
        page = await self._desk.read(self._service.feed, _HEAD)
        for entry in reversed(page.entries):
            if entry.published >= self._oldest:
                await self._show(entry.job_id, entry.output_key)

    async def _show(self, job_id: str, output_key: str) -> None:
        if job_id in self._shown:
            return
        self._shown[job_id] = None
        while len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)
        for base in list(self._audience.bases()):
            await self._audience.tell_all(base, COMPLETED, {"result": views.picture_address(output_key, base)})


def _news_of(job: Job) -> object:
    return job.state, job.progress
