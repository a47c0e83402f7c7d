"""Pending webhooks: a hash of them by job, and a sorted set of the times from which each may be claimed."""

import json
from dataclasses import asdict

from nst.store.ports import Webhook, Webhooks
from nst.store.redis.connection import UsesRedis


class RedisWebhooks(UsesRedis, Webhooks):
    def put(self, webhook: Webhook, now: float) -> None:
        self._connection.run("put_webhook", webhook.job_id, now, json.dumps(asdict(webhook)))

    def pending(self, now: float, limit: int) -> list[Webhook]:
        return [Webhook(**json.loads(text)) for text in self._connection.run("pending_webhooks", now, limit)]

    def claim(self, job_id: str, now: float, lease_seconds: float) -> Webhook | None:
        text = self._connection.run("claim_webhook", job_id, now, now + lease_seconds)
        return Webhook(**json.loads(text)) if text else None

    def settle(self, job_id: str) -> None:
        self._connection.run("settle_webhook", job_id)
