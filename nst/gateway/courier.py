"""Delivers webhooks: a signed message at a job's end, tried again with growing pauses, by one gateway at a time.

What is owed lies in the store until it is settled, so a gateway that dies in between is followed by another one. A message may arrive
twice; its `webhook-id` is then the same.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from nst.domain import Job, JobState
from nst.errors import UnknownJob
from nst.gateway import views
from nst.gateway.desk import Desk
from nst.gateway.outbound import Unreachable
from nst.store.ports import Webhook

SWEEP_SECONDS = 15.0
LEASE_SECONDS = 1800.0  # longer than all tries together
TRIES, FIRST_PAUSE, LONGEST_PAUSE = 8, 1.0, 300.0
_AT_ONCE = 8
_MANY = 1000
_GONE = 410  # the address says that it wants to hear no more

log = logging.getLogger(__name__)


class NotTaken(Exception):
    """The other side has answered, and has not taken the message."""


class Courier:
    def __init__(self, desk: Desk, first_pause: float = FIRST_PAUSE) -> None:
        self._desk, self._webhooks, self._first_pause = desk, desk.service.webhooks, first_pause
        self._wake = asyncio.Event()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self, _job_id: str = "") -> None:
        """Some job has changed: whether anybody is to be told is looked up soon."""
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._sweep()
                except Exception:
                    log.exception("webhooks cannot be looked up")
                await self._rest()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), SWEEP_SECONDS)
            await asyncio.sleep(0.1)  # many jobs may change at once, and one look is enough for all
        except TimeoutError:
            pass
        self._wake.clear()

    async def _sweep(self) -> None:
        for webhook in await self._desk.read(self._webhooks.owed, time.time(), _MANY):
            job = await self._desk.read(self._ended, webhook)
            if job is None:
                continue
            claimed = await self._desk.read(self._webhooks.claim, webhook.job_id, time.time(), LEASE_SECONDS)
            if claimed is not None:
                task = asyncio.create_task(self._deliver(webhook, job))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    def _ended(self, webhook: Webhook) -> Job | None:
        try:
            job = self._desk.service.get(webhook.job_id, webhook.viewer)
        except UnknownJob:  # deleted by its owner, who knows
            self._webhooks.settle(webhook.job_id)
            return None
        return job if job.state.is_terminal else None

    async def _deliver(self, webhook: Webhook, job: Job) -> None:
        try:
            async with self._at_once:
                await self._try(webhook, job)
        except asyncio.CancelledError:
            self._webhooks.put(webhook, time.time())  # for another gateway, at once
            raise
        except Exception as error:
            log.warning("webhook of job %s is given up: %s", job.id, error)
        await self._desk.read(self._webhooks.settle, webhook.job_id)

    async def _try(self, webhook: Webhook, job: Job) -> None:
        tries = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential_jitter(multiplier=self._first_pause, max=LONGEST_PAUSE),
            retry=retry_if_exception_type((Unreachable, NotTaken)),
            reraise=True,
        )
        await tries(self._send, webhook, job)

    async def _send(self, webhook: Webhook, job: Job) -> None:
        body = json.dumps(await self._desk.read(self._message, webhook, job)).encode()
        status = await self._desk.outbound.post(webhook.url, signed_headers(webhook, body, int(time.time())), body)
        if not 200 <= status < 300 and status != _GONE:
            raise NotTaken(f"the answer was {status}")

    def _message(self, webhook: Webhook, job: Job) -> dict[str, Any]:
        """Made for each try, since the address of a private result is good for five minutes."""
        done = job.state is JobState.SUCCEEDED
        data = views.job_view(self._desk.service, job, webhook.viewer, webhook.base)
        return {"type": f"transfer_style.{'completed' if done else 'failed'}", "timestamp": job.finished, "data": data}


def signed_headers(webhook: Webhook, body: bytes, now: int) -> dict[str, str]:
    """As https://www.standardwebhooks.com has it: an id, a time and a signature of both with the body."""
    secret = base64.b64decode(webhook.secret.removeprefix("whsec_") + "==")
    content = f"{webhook.job_id}.{now}.".encode() + body
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "pastiche",
        "Webhook-Id": webhook.job_id,
        "Webhook-Timestamp": str(now),
        "Webhook-Signature": f"v1,{signature}",
    }
