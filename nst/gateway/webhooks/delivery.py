"""Delivers webhooks: a signed message at the end of a job, retried with exponential back-off, by one gateway at a time.

A webhook is stored until it is settled, so when a gateway dies, another one delivers it. A message may arrive twice,
with the same `webhook-id`.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from contextlib import suppress
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from nst.domain import Job, JobState
from nst.errors import StoreUnavailable, UnknownJob
from nst.gateway.answers import JobAnswer
from nst.gateway.pools import ThreadPools
from nst.gateway.webhooks.safe_http import PublicHttpClient, Unreachable
from nst.service import Service
from nst.store.ports import Webhook

SWEEP_SECONDS = 15.0
LEASE_SECONDS = 1800.0  # longer than all attempts together
ATTEMPTS, FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 8, 1.0, 300.0
_SETTLING_SECONDS = 0.1  # several jobs may change together, and one sweep serves them all
_CONCURRENT = 8
_MAX_PENDING = 1000
_GONE = 410  # the receiver wants no more messages

log = logging.getLogger(__name__)


class WebhookRejected(Exception):
    """The receiver has answered with an error."""


class WebhookSender:
    """
    Args:
        first_pause: seconds before the second attempt.
    """

    def __init__(self, service: Service, pools: ThreadPools, client: PublicHttpClient, first_pause: float = FIRST_PAUSE_SECONDS) -> None:
        self._service, self._pools, self._client, self._first_pause = service, pools, client, first_pause
        self._webhooks = service.webhooks
        self._wake = asyncio.Event()
        self._concurrent = asyncio.Semaphore(_CONCURRENT)
        self._deliveries: set[asyncio.Task[None]] = set()

    def wake(self, _job_id: str = "") -> None:
        """Look soon whether a job that has changed has a webhook."""
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._sweep()
                except StoreUnavailable as error:
                    log.warning("webhooks cannot be read yet: %s", error.reason)
                except Exception:
                    log.exception("webhooks cannot be read")
                await self._pause()
        finally:
            for task in self._deliveries:
                task.cancel()
            await asyncio.gather(*self._deliveries, return_exceptions=True)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), SWEEP_SECONDS)
            await asyncio.sleep(_SETTLING_SECONDS)
        except TimeoutError:
            pass
        self._wake.clear()

    async def _sweep(self) -> None:
        for webhook in await self._pools.read(self._webhooks.pending, time.time(), _MAX_PENDING):
            job = await self._pools.read(self._ended, webhook)
            if job is None:
                continue
            claimed = await self._pools.read(self._webhooks.claim, webhook.job_id, time.time(), LEASE_SECONDS)
            if claimed is not None:
                task = asyncio.create_task(self._deliver(webhook, job))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)

    def _ended(self, webhook: Webhook) -> Job | None:
        try:
            job = self._service.get(webhook.job_id, webhook.viewer)
        except UnknownJob:  # deleted by its owner, who needs no message
            self._webhooks.settle(webhook.job_id)
            return None
        return job if job.state.is_terminal else None

    async def _deliver(self, webhook: Webhook, job: Job) -> None:
        try:
            async with self._concurrent:
                await self._retrying(Unreachable, WebhookRejected, StoreUnavailable)(self._send, webhook, job)
        except asyncio.CancelledError:
            with suppress(StoreUnavailable):  # then another gateway claims it when its lease ends
                self._webhooks.put(webhook, time.time())  # another gateway may claim it at once
            raise
        except StoreUnavailable:
            log.warning("webhook of job %s is sent again when its lease ends: the store is unavailable", job.id)
            return
        except Exception as error:
            log.warning("webhook of job %s is given up: %s", job.id, error)
        await self._settle(webhook)

    async def _settle(self, webhook: Webhook) -> None:
        """A webhook that cannot be settled is delivered again when its lease ends, with the same `webhook-id`."""
        try:
            await self._retrying(StoreUnavailable)(self._pools.read, lambda: self._webhooks.settle(webhook.job_id))
        except StoreUnavailable as error:
            log.warning("webhook of job %s is not settled: %s", webhook.job_id, error.reason)

    def _retrying(self, *errors: type[Exception]) -> AsyncRetrying:
        return AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=self._first_pause, max=MAX_PAUSE_SECONDS),
            retry=retry_if_exception_type(errors),
            reraise=True,
        )

    async def _send(self, webhook: Webhook, job: Job) -> None:
        body = json.dumps(await self._pools.read(self._message, webhook, job)).encode()
        status = await self._client.post(webhook.url, signed_headers(webhook, body, int(time.time())), body)
        if not 200 <= status < 300 and status != _GONE:
            raise WebhookRejected(f"the answer was {status}")

    def _message(self, webhook: Webhook, job: Job) -> dict[str, Any]:
        """Made for each attempt: the URL of a private result is valid for five minutes."""
        done = job.state is JobState.SUCCEEDED
        data = JobAnswer.of(self._service.view_of(job), webhook.base).as_json()
        return {"type": f"transfer_style.{'completed' if done else 'failed'}", "timestamp": job.finished, "data": data}


def signed_headers(webhook: Webhook, body: bytes, now: int) -> dict[str, str]:
    """The headers of https://www.standardwebhooks.com: an id, a time in seconds, and an HMAC of both with the body."""
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
