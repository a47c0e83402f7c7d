"""Sends job events to connected programs: to the watchers of a job, and of public paintings to everybody.

Every gateway receives every job event of the backend (`nst.store.ports.JobEvents`) and sends to its own connections. So
a job may be submitted on any gateway and painted anywhere, gateways do not talk to each other, and nothing is sent
twice. Events of the backend may be lost: watched jobs and the gallery are polled as well, which also finds progress.

One task does all of it in order: a new watcher receives the job's present state first, and its end once.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from nst.domain import FeedEntry, Job, JobState
from nst.errors import StoreUnavailable, UnknownJob
from nst.gateway.answers import Problem, ProgressAnswer, failure
from nst.gateway.connections import ConnectionRegistry
from nst.gateway.pools import ThreadPools
from nst.gateway.requests import COMPLETED, FAILED, PROGRESS
from nst.gateway.urls import entry_url, result_url
from nst.lru import LRUCache
from nst.service import Service

JOBS_SECONDS = 0.5
GALLERY_SECONDS = 3.0
_LISTEN_SECONDS = 0.5
_GALLERY_HEAD = 50  # entries
_MAX_ANNOUNCED = 5000  # paintings that are remembered as announced

Action = Callable[[], Awaitable[None]]
log = logging.getLogger(__name__)


@dataclass
class _Subscription:
    """The watchers of one job.

    Attributes:
        viewer: the owner token with which the job is read; empty for strangers.
        last_sent: see `_progress_of`.
    """

    viewer: str
    watchers: set[str] = field(default_factory=set)
    last_sent: object = None


class JobNotifier:
    """
    Args:
        on_change: called in the event loop with the id of each job that has changed.
    """

    def __init__(self, service: Service, pools: ThreadPools, connections: ConnectionRegistry, on_change: Callable[[str], None]) -> None:
        self._service, self._pools, self._connections, self._on_change = service, pools, connections, on_change
        self._subscriptions: dict[str, _Subscription] = {}
        self._actions: asyncio.Queue[Action] = asyncio.Queue()
        self._announced: LRUCache[str, bool] = LRUCache(_MAX_ANNOUNCED)  # by job id
        self._oldest, self._knows_gallery = 0.0, False
        self._stopped = threading.Event()

    def watch(self, connection: str, job_id: str, viewer: str) -> None:
        """Send the job's present state, then each change. Returns before anything is sent."""
        self._actions.put_nowait(lambda: self._subscribe(connection, job_id, viewer))

    def is_watching(self, connection: str) -> bool:
        return any(connection in subscription.watchers for subscription in self._subscriptions.values())

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        await self._attempt(self._read_gallery)
        threading.Thread(target=self._listen, args=(loop,), name="gateway-events", daemon=True).start()
        polls = ((JOBS_SECONDS, self._refresh_all), (GALLERY_SECONDS, self._poll_gallery))
        timers = [asyncio.create_task(self._every(seconds, poll)) for seconds, poll in polls]
        try:
            while True:
                await self._attempt(await self._actions.get())
        finally:
            self._stopped.set()
            for timer in timers:
                timer.cancel()

    async def _attempt(self, action: Action) -> None:
        """Log what goes wrong and go on: the next poll tries again."""
        try:
            await action()
        except StoreUnavailable as error:
            log.warning("some events cannot be sent yet: %s", error.reason)
        except Exception:
            log.exception("some events could not be sent")

    async def _every(self, seconds: float, poll: Action) -> None:
        """Queue a poll, and the next one `seconds` after it was done."""
        while True:
            await asyncio.sleep(seconds)
            done = asyncio.Event()

            async def poll_once(done: asyncio.Event = done) -> None:
                try:
                    await poll()
                finally:
                    done.set()

            self._actions.put_nowait(poll_once)
            await done.wait()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopped.is_set():
            try:
                listener = self._service.listen()
                while not self._stopped.is_set():
                    for job_id in dict.fromkeys(listener.wait(_LISTEN_SECONDS)):
                        loop.call_soon_threadsafe(self._on_event, job_id)
            except RuntimeError:  # the loop is closed
                return
            except StoreUnavailable as error:
                log.warning("job events cannot be received yet: %s", error.reason)
                self._stopped.wait(GALLERY_SECONDS)  # jobs and the gallery are polled meanwhile
            except Exception:
                log.exception("job events cannot be received; listening again")
                self._stopped.wait(_LISTEN_SECONDS)

    def _on_event(self, job_id: str) -> None:
        self._actions.put_nowait(lambda: self._changed(job_id))
        self._on_change(job_id)

    async def _changed(self, job_id: str) -> None:
        if job_id in self._subscriptions:
            await self._refresh(job_id)
        try:
            job = await self._pools.read(self._service.get, job_id, "")
        except UnknownJob:  # not public
            return
        if job.is_in_feed:
            await self._announce(FeedEntry.of(job))

    async def _subscribe(self, connection: str, job_id: str, viewer: str) -> None:
        try:
            job = await self._pools.read(self._service.get, job_id, viewer)
            if not job.state.is_terminal:
                subscription = self._subscriptions.setdefault(job_id, _Subscription(viewer, last_sent=_progress_of(job)))
                subscription.watchers.add(connection)
            await self._send(connection, job)
        except StoreUnavailable:  # the first poll that succeeds sends the state
            self._subscriptions.setdefault(job_id, _Subscription(viewer)).watchers.add(connection)
            self._subscriptions[job_id].last_sent = None
            raise

    async def _refresh_all(self) -> None:
        for job_id, subscription in list(self._subscriptions.items()):
            subscription.watchers = {watcher for watcher in subscription.watchers if self._connections.base_of(watcher) is not None}
            if subscription.watchers:
                await self._refresh(job_id)
            else:
                self._subscriptions.pop(job_id, None)

    async def _refresh(self, job_id: str) -> None:
        subscription = self._subscriptions[job_id]
        try:
            job = await self._pools.read(self._service.get, job_id, subscription.viewer)
        except UnknownJob as error:
            event, body = f"{FAILED}::{job_id}", Problem(error=str(error), code="deleted").as_json()
            await self._end(job_id, lambda watcher: self._connections.send(watcher, event, body))
            return
        if job.state.is_terminal:
            await self._end(job_id, lambda watcher: self._send(watcher, job))
        elif _progress_of(job) != subscription.last_sent:
            for watcher in list(subscription.watchers):
                await self._send(watcher, job)
            subscription.last_sent = _progress_of(job)

    async def _end(self, job_id: str, send: Callable[[str], Awaitable[None]]) -> None:
        """Send the last event to each watcher once. When sending fails, the next poll sends to the rest."""
        watchers = self._subscriptions[job_id].watchers
        while watchers:
            watcher = next(iter(watchers))
            await send(watcher)
            watchers.discard(watcher)
        self._subscriptions.pop(job_id, None)

    async def _send(self, connection: str, job: Job) -> None:
        base = self._connections.base_of(connection)
        if base is not None:
            event, body = await self._pools.read(self._event, job, base)
            await self._connections.send(connection, f"{event}::{job.id}", body)

    def _event(self, job: Job, base: str) -> tuple[str, dict[str, Any]]:
        if job.state is JobState.SUCCEEDED:
            return COMPLETED, {"result": result_url(self._service.view_of(job), base)}
        if job.state.is_terminal:
            return FAILED, failure(job).as_json()
        return PROGRESS, ProgressAnswer.of(job).as_json()

    async def _read_gallery(self) -> None:
        """Note what the gallery shows when the gateway starts: neither it nor anything older is announced."""
        entries = (await self._pools.read(self._service.feed, _GALLERY_HEAD)).entries
        self._knows_gallery = True
        for entry in entries:
            self._announced.put(entry.job_id, True)
        self._oldest = entries[-1].published if entries else 0.0

    async def _poll_gallery(self) -> None:
        if not self._knows_gallery:  # the store was unavailable when the gateway started
            await self._read_gallery()
        page = await self._pools.read(self._service.feed, _GALLERY_HEAD)
        for entry in reversed(page.entries):
            if entry.published >= self._oldest:
                await self._announce(entry)

    async def _announce(self, entry: FeedEntry) -> None:
        if self._announced.get(entry.job_id):
            return
        self._announced.put(entry.job_id, True)
        for base in list(self._connections.bases()):
            await self._connections.broadcast(base, COMPLETED, {"result": entry_url(entry, base, self._service.public_url)})


def _progress_of(job: Job) -> object:
    """What watchers are sent again when it changes."""
    return job.state, job.progress
